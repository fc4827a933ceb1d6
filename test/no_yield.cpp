// corun::no_yield.
#include <corun/yield.hpp>

#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>

#include "support/leaks.hpp"
#include "support/operations.hpp"

#include <boost/test/unit_test.hpp>

#include <source_location>
#include <string>
#include <type_traits>

using corun_test::ready_value;
using namespace std::chrono_literals;

static_assert(!std::is_copy_constructible_v<corun::no_yield> && !std::is_move_constructible_v<corun::no_yield>);

BOOST_FIXTURE_TEST_SUITE(no_yield, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_yield_inside_throws_in_every_form_also_where_it_would_not_wait) {
    corun::run([] {
        boost::system::error_code ec;
        const corun::no_yield guard{"test"};
        BOOST_CHECK_THROW(corun::yield(), corun::switch_forbidden);
        BOOST_CHECK_THROW(corun::yield(ready_value{1}), corun::switch_forbidden);
        BOOST_CHECK_THROW(corun::yield(ready_value{1}, ec), corun::switch_forbidden);
        BOOST_CHECK_THROW(corun::yield(corun::sleep_for(1ms)), corun::switch_forbidden);
    });
}

BOOST_AUTO_TEST_CASE(after_its_scope_yields_are_allowed_again) {
    corun::run([] {
        {
            const corun::no_yield guard{"short"};
        }
        corun::yield();
        try {
            const corun::no_yield guard{"left by an exception"};
            throw 1;
        } catch (int) {
        }
        corun::yield();
    });
}

BOOST_AUTO_TEST_CASE(it_nests_and_the_innermost_is_named) {
    corun::run([] {
        const auto reason = [] {
            try {
                corun::yield();
            } catch (const corun::switch_forbidden& e) {
                return std::string{e.what()};
            }
            return std::string{};
        };
        const corun::no_yield outer{"outer"};
        BOOST_TEST(outer.outer() == nullptr);
        {
            const corun::no_yield inner{"inner"};
            BOOST_TEST(inner.outer() == &outer);
            BOOST_TEST(reason().find("inner") != std::string::npos);
        }
        BOOST_TEST(reason().find("outer") != std::string::npos);
    });
}

BOOST_AUTO_TEST_CASE(it_knows_its_place_and_reason) {
    const auto line = std::source_location::current().line() + 1;
    const corun::no_yield guard{"because"};
    BOOST_TEST(guard.why() == std::string{"because"});
    BOOST_TEST(guard.where().line() == line);
}

BOOST_AUTO_TEST_CASE(it_binds_one_fiber_and_spawning_is_no_switch) {
    corun::run([] {
        corun::fiber<int> f;
        {
            const corun::no_yield guard{"spawning"};
            f = corun::spawn([] {
                corun::yield();
                return 4;
            });
            f.cancel();
        }
        BOOST_CHECK_THROW(corun::yield(f.join()), corun::fiber_cancelled);
    });
}

BOOST_AUTO_TEST_CASE(off_fibers_it_does_nothing) {
    const corun::no_yield guard{"outside"};
    BOOST_TEST(corun::run([] {
                   corun::yield();
                   return 1;
               }) == 1);
}

BOOST_AUTO_TEST_CASE(a_cancelled_fiber_gets_the_refusal_and_not_the_cancellation) {
    corun::run([] {
        auto f = corun::spawn([] {
            {
                const corun::no_yield guard{"cleaning up"};
                BOOST_CHECK_THROW(corun::yield(), corun::switch_forbidden);
            }
            BOOST_CHECK_THROW(corun::yield(), corun::cancelled);
        });
        f.cancel();
        corun::yield(f.join());
    });
}

BOOST_AUTO_TEST_SUITE_END()
