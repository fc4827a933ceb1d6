// For tests that use asio::use_future or asio::system_executor: Asio's global context, made before anything is counted.
#pragma once

#include <boost/asio/execution/context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <filesystem>
#include <iterator>
#include <latch>

namespace corun_test {

class system_context {
public:
    system_context() {
        const std::ptrdiff_t before = threads();
        (void)boost::asio::query(boost::asio::system_executor{}, boost::asio::execution::context);
        own_threads_ += threads() - before;  // none where another one was first
    }

    // Waits until each of its threads has come to the end of what it was running: only then is the memory of that free.
    static void come_to_rest() {
        std::latch all{own_threads_}, gone{own_threads_};
        for (std::ptrdiff_t i = 0; i != own_threads_; ++i)
            boost::asio::post(boost::asio::system_executor{}, [&all, &gone] {
                all.arrive_and_wait();
                gone.count_down();
            });
        gone.wait();
    }

private:
    static std::ptrdiff_t threads() {
        return std::distance(std::filesystem::directory_iterator{"/proc/self/task"}, std::filesystem::directory_iterator{});
    }
    static inline std::ptrdiff_t own_threads_ = 0;
};
BOOST_GLOBAL_FIXTURE(system_context);

}  // namespace corun_test
