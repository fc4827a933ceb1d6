// Groups: a child that is joined, by the body or by a sibling, under each policy.
#include <corun/group.hpp>

#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/this_fiber.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

namespace {

constexpr corun::failure_policy policies[] = {corun::fail_fast, corun::collect, corun::isolate};

const auto wait_for_ever = [] { corun::yield(corun::sleep_for(24h)); };
const auto fails = [] {
    corun::yield();
    throw std::runtime_error{"once"};
};

const corun::run_options nothing_unhandled{
    .scheduler = {.on_unhandled = [](const corun::unhandled_failure&) { BOOST_ERROR("it was received"); }}};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(group_joins, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_failure_that_the_body_got_by_a_join_and_lets_out_counts_once) {
    corun::run(
        [] {
            for (const auto policy : policies) {
                try {
                    corun::yield(corun::with_group({.failure = policy}, [](corun::group& g) {
                        auto child = g.spawn(fails);
                        corun::yield(child.join());
                    }));
                    BOOST_ERROR("nothing was thrown");
                } catch (const corun::group_error& e) {
                    BOOST_TEST((policy == corun::collect));
                    BOOST_TEST(e.failures().size() == 1u);
                } catch (const std::runtime_error& e) {
                    BOOST_TEST(e.what() == std::string{"once"});
                    BOOST_TEST(corun::other_failures().empty());
                }
            }
        },
        nothing_unhandled);
}

BOOST_AUTO_TEST_CASE(a_failure_that_siblings_got_by_a_join_and_let_out_counts_once) {
    corun::run([] {
        try {
            corun::yield(corun::with_group({.failure = corun::collect}, [](corun::group& g) {
                auto first = g.spawn(fails);
                for (int i = 0; i != 2; ++i) g.spawn([&] { corun::yield(first.join()); });
                g.spawn([] { throw std::logic_error{"another"}; });
                while (!first.done()) corun::yield();
                corun::yield();
            }));
            BOOST_ERROR("nothing was thrown");
        } catch (const corun::group_error& e) {
            BOOST_TEST(e.failures().size() == 2u);
        }
    });
}

BOOST_AUTO_TEST_CASE(a_failure_that_a_sibling_caught_is_the_groups_all_the_same_unless_isolated) {
    corun::run(
        [] {
            for (const auto policy : policies) {
                bool caught = false, thrown = false;
                try {
                    corun::yield(corun::with_group({.failure = policy}, [&](corun::group& g) {
                        g.spawn([&caught, child = g.spawn(fails)] {
                            try {
                                corun::yield(child.join());
                            } catch (const std::runtime_error&) {
                                caught = true;
                            }
                        });
                    }));
                } catch (const std::runtime_error&) {
                    thrown = true;
                }
                BOOST_TEST(caught);
                BOOST_TEST(thrown == (policy != corun::isolate));
            }
        },
        nothing_unhandled);
}

BOOST_AUTO_TEST_CASE(joining_a_sibling_that_was_cancelled_is_a_failure_of_who_joins) {
    corun::run([] {
        const auto body = [](corun::group& g) {
            const auto cut = g.spawn(wait_for_ever);
            g.spawn([join = cut.join()]() mutable { corun::yield(join); });
            corun::yield();
            cut.cancel();
        };
        BOOST_CHECK_THROW(corun::yield(corun::with_group(body)), corun::fiber_cancelled);
        BOOST_CHECK_THROW(corun::yield(corun::with_group({.failure = corun::collect}, body)), corun::group_error);
    });
}

BOOST_AUTO_TEST_CASE(children_that_join_each_other_end_when_their_group_is_cancelled) {
    corun::run([] {
        for (const auto policy : policies)
            corun::yield(corun::with_group({.failure = policy}, [](corun::group& g) {
                auto first = g.spawn(wait_for_ever);
                for (int i = 0; i != 3; ++i) g.spawn([&] { corun::yield(first.join()); });
                corun::yield();
                g.cancel();
                corun::yield();
            }));
        corun::yield();
    });
}

BOOST_AUTO_TEST_CASE(one_that_waits_for_its_turn_can_be_joined_and_cancelled) {
    corun::run([] {
        corun::yield(corun::with_group({.max_concurrency = 1}, [](corun::group& g) {
            auto first = g.spawn([] { corun::yield(corun::sleep_for(1ms)); });
            auto second = g.spawn([] { return 2; });
            auto third = g.spawn([] { BOOST_ERROR("it began"); });
            third.cancel();
            BOOST_TEST(corun::yield(second.join()) == 2);
            BOOST_CHECK_THROW(corun::yield(third.join()), corun::fiber_cancelled);
            BOOST_TEST(first.done());
        }));
    });
}

BOOST_AUTO_TEST_SUITE_END()
