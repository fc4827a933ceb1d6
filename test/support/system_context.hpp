// For tests that use asio::use_future or asio::system_executor: Asio's global context, made before anything is counted.
#pragma once

#include <boost/asio/execution/context.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/test/unit_test.hpp>

namespace corun_test {

struct system_context {
    system_context() { (void)boost::asio::query(boost::asio::system_executor{}, boost::asio::execution::context); }
};
BOOST_GLOBAL_FIXTURE(system_context);

}  // namespace corun_test
