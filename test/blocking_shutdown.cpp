// Functions on other threads, when the context of their fibers ends.
#include <corun/blocking.hpp>

#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <stdexcept>
#include <thread>

namespace asio = boost::asio;

BOOST_FIXTURE_TEST_SUITE(blocking_shutdown, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(the_end_of_the_context_waits_for_functions_that_have_begun_and_drops_the_others) {
    std::atomic<int> begun{0}, ended{0}, fibers_ended{0};
    {
        std::atomic<bool> open{false};  // functions that have begun still read it when the context ends
        asio::io_context context;
        for (int i = 0; i < 40; ++i)
            corun::spawn(context, [&] {
                struct on_exit {
                    std::atomic<int>& count;
                    ~on_exit() { ++count; }
                } const guard{fibers_ended};
                corun::yield(corun::blocking([&] {
                    ++begun;
                    while (!open) std::this_thread::yield();
                    ++ended;
                }));
            });
        context.poll();
        while (begun == 0) std::this_thread::yield();
        open = true;
    }
    BOOST_TEST(begun == ended);
    BOOST_TEST(fibers_ended == 40);
}

BOOST_AUTO_TEST_CASE(the_end_of_the_context_runs_the_function_that_a_fiber_waits_for_while_it_unwinds) {
    bool cleaned = false;
    {
        struct cleans_up {
            bool& cleaned;
            ~cleans_up() {
                corun::yield(corun::blocking([this] { cleaned = true; }));
            }
        };
        std::atomic<int> begun{0};
        std::atomic<bool> open{false};
        asio::io_context context;
        for (int i = 0; i < 400; ++i)
            corun::spawn(context, [&] {
                corun::yield(corun::blocking([&] {
                    ++begun;
                    while (!open) std::this_thread::yield();
                }));
            });
        corun::spawn(context, [&] {
            try {
                const cleans_up at_exit{cleaned};
                throw std::runtime_error{"unwinds"};
            } catch (const std::runtime_error&) {
            }
        });
        context.poll();
        while (begun == 0) std::this_thread::yield();
        open = true;
    }
    BOOST_TEST(cleaned);
}

BOOST_AUTO_TEST_SUITE_END()
