// std::stop_token: as a reason to cancel, and of a scope.
#include <corun/stop_token.hpp>

#include <corun/run.hpp>
#include <corun/shield.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/this_fiber.hpp>
#include <corun/timeout.hpp>

#include "support/leaks.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <thread>

using namespace std::chrono_literals;

namespace {

const auto wait_for_ever = [] { corun::yield(corun::sleep_for(24h)); };

}  // namespace

BOOST_FIXTURE_TEST_SUITE(stop_token, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(asked_to_stop_by_a_fiber_it_ends_the_body) {
    corun::run([] {
        std::stop_source source;
        corun::spawn([&] { source.request_stop(); });
        bool ended_by_it = false;
        BOOST_TEST(!corun::yield(corun::with_stop_token(source.get_token(), [&] {
            try {
                wait_for_ever();
            } catch (const corun::cancelled& c) {
                ended_by_it = c.reason() == corun::cancel_reason::stop_requested;
                throw;
            }
        })));
        BOOST_TEST(ended_by_it);
        corun::yield();
    });
}

BOOST_AUTO_TEST_CASE(asked_to_stop_by_another_thread) {
    for (int i = 0; i != 50; ++i) {
        std::stop_source source;
        std::jthread other{[&] { source.request_stop(); }};
        corun::run([&] { BOOST_TEST(!corun::yield(corun::with_stop_token(source.get_token(), wait_for_ever))); });
    }
}

BOOST_AUTO_TEST_CASE(asked_while_the_body_ends_neither_is_lost) {
    for (int i = 0; i != 200; ++i) {
        std::stop_source source;
        std::jthread other{[&] { source.request_stop(); }};
        corun::run([&] {
            const auto value = corun::yield(corun::with_stop_token(source.get_token(), [] {
                corun::yield();
                return 3;
            }));
            BOOST_TEST((!value || *value == 3));
            corun::yield();  // a request that comes now finds no scope
        });
    }
}

BOOST_AUTO_TEST_CASE(asked_before_it_began_the_first_yield_throws) {
    corun::run([] {
        std::stop_source source;
        source.request_stop();
        BOOST_TEST(!corun::yield(corun::with_stop_token(source.get_token(), [] { corun::yield(); })));
        BOOST_TEST(corun::yield(corun::with_stop_token(source.get_token(), [] {})));
    });
}

BOOST_AUTO_TEST_CASE(never_asked_or_without_a_source_it_is_its_body) {
    corun::run([] {
        const std::stop_source source;
        BOOST_TEST(corun::yield(corun::with_stop_token(source.get_token(), [] { return 4; })).value() == 4);
        BOOST_TEST(corun::yield(corun::with_stop_token(std::stop_token{}, corun::sleep_for(1us))));
    });
}

BOOST_AUTO_TEST_CASE(the_source_may_outlive_the_scheduler) {
    std::stop_source source;
    corun::run([&] {
        corun::spawn([&] { (void)corun::yield(corun::with_stop_token(source.get_token(), wait_for_ever)); });
        corun::yield();
    });
    source.request_stop();
}

BOOST_AUTO_TEST_CASE(the_token_of_a_scope_is_asked_to_stop_when_its_yields_begin_to_throw) {
    corun::run([] {
        const std::stop_token of_fiber = corun::this_fiber::stop_token();
        std::stop_token of_block;
        BOOST_TEST(!corun::yield(corun::move_on_after(1ms, [&] {
            of_block = corun::this_fiber::stop_token();
            BOOST_TEST(!of_block.stop_requested());
            wait_for_ever();
        })));
        BOOST_TEST(of_block.stop_requested());
        BOOST_TEST(!of_fiber.stop_requested());
    });
}

BOOST_AUTO_TEST_CASE(the_token_of_a_cancelled_fiber_and_of_the_blocks_in_it_is_asked_to_stop) {
    corun::run([] {
        std::stop_token outer, inner, shielded;
        auto child = corun::spawn([&] {
            outer = corun::this_fiber::stop_token();
            corun::yield(corun::with_timeout(1h, [&] {
                inner = corun::this_fiber::stop_token();
                corun::yield(corun::with_shield(1h, [&] {
                    shielded = corun::this_fiber::stop_token();
                    corun::yield();
                    corun::yield();
                }));
                wait_for_ever();
            }));
        });
        corun::yield();
        child.cancel();
        BOOST_TEST(outer.stop_requested());
        BOOST_TEST(inner.stop_requested());
        BOOST_TEST(!shielded.stop_requested());
        BOOST_CHECK_THROW(corun::yield(child.join()), corun::fiber_cancelled);
    });
}

BOOST_AUTO_TEST_SUITE_END()
