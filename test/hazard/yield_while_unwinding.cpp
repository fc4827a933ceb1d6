// Destructors that yield while an exception, a cancellation included, unwinds their fiber.
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

struct cleans_up_slowly {
    std::string& log;
    ~cleans_up_slowly() {
        log += "begin ";
        corun::yield();
        corun::yield(corun::sleep_for(1ms));
        log += "end ";
    }
};

const auto wait_for_ever = [] { corun::yield(corun::sleep_for(24h)); };

// Calls a function while an exception or a cancellation unwinds the fiber.
template <class Function>
struct at_exit {
    Function f;
    ~at_exit() { f(); }
};
template <class Function>
at_exit(Function) -> at_exit<Function>;

template <class Function>
void while_an_error_unwinds(Function f) {
    try {
        const at_exit cleanup{f};
        throw std::runtime_error{"boom"};
    } catch (const std::runtime_error&) {
    }
}

template <class Function>
void while_a_cancellation_unwinds(Function f) {
    auto fiber = corun::spawn([f] {
        const at_exit cleanup{f};
        wait_for_ever();
    });
    corun::yield();
    fiber.cancel();
    BOOST_CHECK_THROW(corun::yield(fiber.join()), corun::fiber_cancelled);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(yield_while_unwinding, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(of_an_error) {
    std::string log;
    corun::run([&] {
        auto fiber = corun::spawn([&] {
            cleans_up_slowly guard{log};
            throw std::runtime_error{"boom"};
        });
        BOOST_CHECK_THROW(corun::yield(fiber.join()), std::runtime_error);
        log += "joined";
    });
    BOOST_TEST(log == "begin end joined");
}

BOOST_AUTO_TEST_CASE(of_a_cancellation_is_shielded) {
    std::string log;
    corun::run([&] {
        auto fiber = corun::spawn([&] {
            cleans_up_slowly guard{log};
            corun::yield(corun::sleep_for(1h));
        });
        corun::yield();
        BOOST_TEST(fiber.cancel());
        BOOST_CHECK_THROW(corun::yield(fiber.join()), corun::fiber_cancelled);
        log += "joined";
    });
    BOOST_TEST(log == "begin end joined");
}

BOOST_AUTO_TEST_CASE(of_a_shutdown_is_shielded_and_its_sleep_ends) {
    std::string log;
    {
        asio::io_context io;
        corun::spawn(io, [&] {
            cleans_up_slowly guard{log};
            corun::yield(corun::sleep_for(1h));
        });
        io.poll();
    }
    BOOST_TEST(log == "begin end ");
}

// The shield is against what is outside of the destructor. What the destructor itself begins can be late and can be cancelled.
BOOST_AUTO_TEST_CASE(timeouts_inside_of_the_destructor_work) {
    corun::run([] {
        int late = 0;
        const auto cleanup = [&late] {
            late += !corun::yield(corun::move_on_after(1ms, wait_for_ever));
            try {
                corun::yield(corun::with_timeout(1ms, wait_for_ever));
            } catch (const corun::timed_out&) {
                ++late;
            }
            corun::yield();
        };
        while_an_error_unwinds(cleanup);
        while_a_cancellation_unwinds(cleanup);
        BOOST_TEST(late == 4);
    });
}

BOOST_AUTO_TEST_CASE(a_group_inside_of_the_destructor_works) {
    corun::run([] {
        int done = 0;
        const auto cleanup = [&done] {
            try {
                corun::yield(corun::with_group([&](corun::group& g) {
                    g.defer([&] { ++done; });
                    g.spawn(wait_for_ever);
                    g.spawn([] {
                        corun::yield();
                        throw std::logic_error{"child"};
                    });
                    wait_for_ever();
                }));
            } catch (const std::logic_error&) {
                ++done;
            }
            corun::yield(corun::move_on_after(1ms, corun::with_group([](corun::group& g) { g.spawn(wait_for_ever); })));
            corun::yield(corun::with_group([](corun::group& g) {
                g.spawn(wait_for_ever);
                g.cancel();
                corun::yield();
            }));
        };
        while_an_error_unwinds(cleanup);
        while_a_cancellation_unwinds(cleanup);
        BOOST_TEST(done == 4);
    });
}

BOOST_AUTO_TEST_CASE(a_destructor_inside_of_a_late_block_is_shielded_from_that_too) {
    corun::run([] {
        bool cleaned = false;
        const auto body = [&cleaned] {
            const at_exit cleanup{[&cleaned] {
                corun::yield();
                corun::yield(corun::sleep_for(1ms));
                cleaned = true;
            }};
            wait_for_ever();
        };
        while_a_cancellation_unwinds([body] { corun::yield(corun::move_on_after(1ms, body)); });
        BOOST_TEST(cleaned);
    });
}

BOOST_AUTO_TEST_SUITE_END()
