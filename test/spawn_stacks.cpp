// The stacks of spawned fibers: how large they are, and how few are needed.
#include <corun/spawn.hpp>

#include <corun/run.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <cstddef>
#include <functional>
#include <string>

namespace asio = boost::asio;

BOOST_FIXTURE_TEST_SUITE(spawn_stacks, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_stack_of_the_size_that_is_asked_for) {
    corun::run([] {
        auto deep = corun::spawn({.stack_size = 1024 * 1024}, [] {
            volatile char bytes[768 * 1024];
            for (auto& byte : bytes) byte = 1;
            return bytes[5];
        });
        BOOST_TEST(corun::yield(deep.join()) == 1);
    });
}

BOOST_AUTO_TEST_CASE(an_impossible_stack_size_is_refused_and_nothing_is_spawned) {
    asio::io_context context;
    for (const std::size_t size : {std::size_t{0}, std::size_t{100}, std::size_t{1} << 40}) {
        BOOST_CHECK_EXCEPTION(corun::spawn(context, {.stack_size = size}, [] { BOOST_ERROR("it ran"); }), corun::stack_unavailable,
                              [&](const corun::stack_unavailable& e) {
                                  const std::string what = e.what();
                                  return what.find(std::to_string(size)) != std::string::npos &&
                                         what.find("spawn_stacks.cpp") != std::string::npos;
                              });
    }
    BOOST_TEST(corun::scheduler::of(context).live_fibers() == 0U);
    context.run();
    corun::run([] { BOOST_CHECK_THROW(corun::spawn({.stack_size = 0}, [] {}), corun::stack_unavailable); });
}

BOOST_AUTO_TEST_CASE(inherits_the_stack_size_of_its_scheduler) {
    asio::io_context context;
    corun::scheduler::of(context).stack_size(1024 * 1024);
    bool done = false;
    corun::spawn(context, [&] {
        volatile char bytes[768 * 1024];
        for (auto& byte : bytes) byte = 1;
        done = true;
    });
    context.run();
    BOOST_TEST(done);
}

BOOST_AUTO_TEST_CASE(a_fan_out_of_short_fibers_needs_few_stacks) {
    constexpr int fibers = 2000;
    int ran = 0;
    std::size_t bytes = 0;
    corun::run([&] {
        for (int i = 0; i < fibers; ++i) corun::spawn([&] { ++ran; });
        while (ran < fibers) corun::yield();
        bytes = corun_test::mapped_stack_bytes();
    });
    BOOST_TEST(ran == fibers);
    BOOST_TEST(bytes <= 256 * corun::scheduler_options{}.stack_size);
}

// Each fiber joins its children, which then go ahead of those spawned before them: no level of the tree is ever there as a whole.
BOOST_AUTO_TEST_CASE(a_tree_of_joins_needs_few_stacks) {
    const std::function<int(int)> leaves = [&leaves](int depth) {
        if (depth == 0) return 1;
        std::array<corun::fiber<int>, 10> children;
        for (auto& child : children) child = corun::spawn([&leaves, depth] { return leaves(depth - 1); });
        int sum = 0;
        for (auto& child : children) sum += corun::yield(child.join());
        return sum;
    };
    std::size_t bytes = 0;
    corun::run([&] {
        BOOST_TEST(leaves(4) == 10'000);
        bytes = corun_test::mapped_stack_bytes();
    });
    BOOST_TEST(bytes <= 512 * corun::scheduler_options{}.stack_size);
}

BOOST_AUTO_TEST_SUITE_END()
