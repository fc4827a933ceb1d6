// Signal handlers run on the smallest stack there is.
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <cstddef>
#include <string>

namespace {

volatile std::sig_atomic_t handled = 0;

void on_signal(int) { handled = handled + 1; }

// What slot_size says is the least, found by asking for less.
std::size_t smallest_stack() {
    std::size_t bytes = 4096;
    for (;; bytes *= 2) try {
            corun::run([bytes] { corun::yield(corun::spawn({.stack_size = bytes}, [] {}).join()); });
            return bytes;
        } catch (const corun::stack_unavailable&) {
        }
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(signals, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(on_the_smallest_stack) {
    struct sigaction action{}, before{};
    action.sa_handler = on_signal;
    BOOST_REQUIRE(::sigaction(SIGUSR1, &action, &before) == 0);
    const std::size_t least = smallest_stack();
    BOOST_TEST_MESSAGE("smallest stack: " << least);
    corun::run([least] {
        auto fiber = corun::spawn({.stack_size = least}, [] {
            for (int i = 0; i != 100; ++i) {
                ::raise(SIGUSR1);
                corun::yield();
            }
        });
        corun::yield(fiber.join());
    });
    BOOST_TEST(handled == 100);
    ::sigaction(SIGUSR1, &before, nullptr);
}

BOOST_AUTO_TEST_SUITE_END()
