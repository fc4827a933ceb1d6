// Many stacks, each with a guard, on both ways to have guards; what happens when the system has no more.
#include "../../lib/guarded_memory.hpp"
#include "../../lib/stack_pool.hpp"
#include "support/child_process.hpp"
#include "support/leaks.hpp"

#include <corun/error.hpp>

#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <csignal>
#include <string>
#include <vector>

using corun::detail::memory_calls;
using corun::detail::stack;
using corun::detail::stack_pool;

namespace {

constexpr std::size_t slot = 64 * 1024;
constexpr int many = 40'000;

// Replaces the system calls for one test.
struct other_calls {
    corun::detail::guarded_memory before = memory_calls;
    ~other_calls() { memory_calls = before; }
};

bool no_light_guards(void*, std::size_t) noexcept {
    errno = EINVAL;  // what kernels before 6.13 say
    return false;
}

bool faults_below(const stack& s) {
    const auto end = corun_test::in_child([&] { *static_cast<volatile char*>(static_cast<char*>(s.span.base) - 1) = 1; });
    return end.signal == SIGSEGV || end.exit_code > 1;  // a sanitizer's own handler exits
}

bool can_write_at(const stack& s) {
    *static_cast<volatile char*>(s.span.base) = 1;
    *(static_cast<volatile char*>(s.top) - 1) = 1;
    return true;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(guarded_stacks, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(forty_thousand_with_light_guards_or_an_error) {
    stack_pool pool{slot};
    std::vector<stack> taken;
    try {
        for (int i = 0; i != many; ++i) taken.push_back(pool.take());
    } catch (const corun::stack_unavailable& e) {
        // Without light guards the number of mappings ends before.
        BOOST_TEST(std::string{e.what()}.find("max_map_count") != std::string::npos);
    }
    BOOST_TEST(taken.size() > 20'000);
    for (std::size_t i : {std::size_t{0}, taken.size() / 2, taken.size() - 1}) {
        BOOST_TEST(can_write_at(taken[i]));
        BOOST_TEST(faults_below(taken[i]));
    }
}

BOOST_AUTO_TEST_CASE(heavy_guards_end_in_an_error_never_in_an_unguarded_stack) {
    other_calls restore;
    memory_calls.guard_light = no_light_guards;
    stack_pool pool{slot};
    std::vector<stack> taken;
    std::string message;
    try {
        for (int i = 0; i != many; ++i) taken.push_back(pool.take());
    } catch (const corun::stack_unavailable& e) {
        message = e.what();
    }
    BOOST_TEST(taken.size() > 20'000);
    if (taken.size() < static_cast<std::size_t>(many)) BOOST_TEST(message.find("max_map_count") != std::string::npos);
    BOOST_TEST(can_write_at(taken.back()));
    BOOST_TEST(faults_below(taken.back()));
    // What was handed out can be handed back and out again.
    const std::size_t carved = pool.carved();
    pool.give(taken.back().span);
    BOOST_TEST(pool.take().span.base == taken.back().span.base);
    BOOST_TEST(pool.carved() == carved);
}

BOOST_AUTO_TEST_SUITE_END()
