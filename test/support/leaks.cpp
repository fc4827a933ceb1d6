#include "leaks.hpp"

#include "../../lib/guarded_memory.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace corun_test {
namespace {

std::atomic<std::size_t> mapped{0};

// Counts what the library maps for stacks, in front of the system's calls.
void count_mappings() {
    using corun::detail::memory_calls;
    static const auto system_map = memory_calls.map;
    static const auto system_unmap = memory_calls.unmap;
    memory_calls.map = [](std::size_t bytes) noexcept {
        void* base = system_map(bytes);
        if (base != nullptr) mapped += bytes;
        return base;
    };
    memory_calls.unmap = [](void* base, std::size_t bytes) noexcept {
        mapped -= bytes;
        system_unmap(base, bytes);
    };
}

// A test case that hangs is named and aborted. Far beyond what the slowest machine needs.
constexpr unsigned seconds_per_test = 120;
char running_test[256];

void name_the_hanging(int) {
    [[maybe_unused]] auto ignored = ::write(STDERR_FILENO, running_test, sizeof running_test);
    std::abort();
}

void start_watchdog() {
    const auto& name = boost::unit_test::framework::current_test_unit().full_name();
    std::snprintf(running_test, sizeof running_test, "\ntest case %s hangs\n", name.c_str());
    ::alarm(seconds_per_test);
}

// What the C++ run-time, Asio and Boost.Test allocate once and keep.
bool warm_up() {
    count_mappings();
    std::signal(SIGALRM, name_the_hanging);
    boost::asio::io_context context;
    boost::asio::post(context, [] {});
    context.run();
    std::thread{[] {}}.join();
    boost::asio::thread_pool pool{1};
    boost::asio::post(pool, [] {});
    pool.join();
    BOOST_TEST_MESSAGE("a message of a length that no small string holds");
    return true;
}

}  // namespace

std::size_t mapped_stack_bytes() noexcept { return mapped.load(); }

nothing_left::nothing_left() {
    [[maybe_unused]] static const bool warm = warm_up();
    start_watchdog();
    allocations_ = live_allocations();
    stack_bytes_ = mapped_stack_bytes();
}

nothing_left::~nothing_left() {
    const std::size_t allocations = live_allocations();  // before Boost.Test makes more
    const std::size_t stack_bytes = mapped_stack_bytes();
    ::alarm(0);
    BOOST_TEST(allocations == allocations_, "allocations left behind: " << static_cast<long>(allocations - allocations_));
    BOOST_TEST(stack_bytes == stack_bytes_, "bytes of stacks left behind: " << static_cast<long>(stack_bytes - stack_bytes_));
}

}  // namespace corun_test
