// Threads for tests: joined at the end of their scope, whatever happens.
#pragma once

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <thread>
#include <vector>

namespace corun_test {

/// Runs a context on so many threads until it has no more work. Checks of Boost.Test do not belong there: they are made on the
/// test's own thread, afterwards.
inline void run_on_threads(boost::asio::io_context& context, std::size_t threads) {
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < threads; ++i) others.emplace_back([&] { context.run(); });
    context.run();
}

}  // namespace corun_test
