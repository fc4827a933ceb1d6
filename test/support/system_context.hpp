// For tests that use asio::use_future or asio::system_executor: Asio's global context, made before anything is counted.
#pragma once

#include <boost/asio/execution/context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <latch>
#include <thread>

namespace corun_test {

struct system_context {
    system_context() { (void)boost::asio::query(boost::asio::system_executor{}, boost::asio::execution::context); }

    // Waits until each of its threads has come to the end of what it was running: only then is the memory of that free. Asio has two
    // threads for each processor (asio/impl/system_context.ipp).
    static void come_to_rest() {
        const int threads = 2 * std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
        std::latch all{threads}, gone{threads};
        for (int i = 0; i != threads; ++i)
            boost::asio::post(boost::asio::system_executor{}, [&all, &gone] {
                all.arrive_and_wait();
                gone.count_down();
            });
        gone.wait();
    }
};
BOOST_GLOBAL_FIXTURE(system_context);

}  // namespace corun_test
