// Groups: how many children run at a time, and what is done after they have ended.
#include <corun/group.hpp>

#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/this_fiber.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

const auto wait_for_ever = [] { corun::yield(corun::sleep_for(24h)); };

}  // namespace

BOOST_FIXTURE_TEST_SUITE(group_limits, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(at_most_so_many_children_run_at_a_time_and_in_their_order) {
    corun::run([] {
        for (const std::size_t limit : {1u, 3u, 100u}) {
            std::size_t running = 0, most = 0;
            std::vector<int> begun;
            corun::yield(corun::with_group({.max_concurrency = limit}, [&](corun::group& g) {
                for (int i = 0; i != 20; ++i)
                    g.spawn([&, i] {
                        begun.push_back(i);
                        most = std::max(most, ++running);
                        for (int k = 0; k != i % 4 + 1; ++k) corun::yield();
                        --running;
                    });
                BOOST_TEST(g.size() == 20u);
            }));
            BOOST_TEST(most == std::min<std::size_t>(limit, 20));
            BOOST_TEST(begun.size() == 20u);
            BOOST_TEST(std::is_sorted(begun.begin(), begun.end()));
        }
    });
}

BOOST_AUTO_TEST_CASE(when_it_is_cancelled_those_that_wait_for_their_turn_never_begin) {
    corun::run([] {
        int begun = 0;
        std::vector<corun::fiber<>> children;
        corun::yield(corun::with_group({.max_concurrency = 2}, [&](corun::group& g) {
            for (int i = 0; i != 10; ++i)
                children.push_back(g.spawn([&] {
                    ++begun;
                    wait_for_ever();
                }));
            corun::yield();
            g.cancel();
        }));
        BOOST_TEST(begun == 2);
        for (auto& child : children) BOOST_CHECK_THROW(corun::yield(child.join()), corun::fiber_cancelled);
    });
}

BOOST_AUTO_TEST_CASE(one_spawned_beyond_the_limit_of_a_cancelled_group_never_begins) {
    corun::run([] {
        corun::fiber<> late;
        corun::yield(corun::with_group({.max_concurrency = 1}, [&](corun::group& g) {
            g.spawn(wait_for_ever);
            corun::yield();
            g.cancel();
            late = g.spawn([] { BOOST_ERROR("it began"); });
        }));
        BOOST_TEST((late.status() == corun::fiber_status::cancelled));
    });
}

BOOST_AUTO_TEST_CASE(when_a_child_fails_those_that_wait_for_their_turn_never_begin) {
    corun::run([] {
        for (const std::size_t limit : {1u, 2u}) {
            int begun = 0;
            const auto body = [&](corun::group& g) {
                for (int i = 0; i != 5; ++i)
                    g.spawn([&] {
                        if (++begun == 1) throw std::runtime_error{"first"};
                        wait_for_ever();
                    });
            };
            BOOST_CHECK_THROW(corun::yield(corun::with_group({.max_concurrency = limit}, body)), std::runtime_error);
            BOOST_TEST(begun == static_cast<int>(limit));
        }
    });
}

BOOST_AUTO_TEST_CASE(under_the_other_policies_a_failure_makes_room_for_the_next) {
    corun::run(
        [] {
            for (const auto policy : {corun::collect, corun::isolate}) {
                int begun = 0;
                const auto body = [&](corun::group& g) {
                    for (int i = 0; i != 5; ++i)
                        g.spawn([&] {
                            ++begun;
                            corun::yield();
                            throw std::runtime_error{"each"};
                        });
                };
                try {
                    corun::yield(corun::with_group({.failure = policy, .max_concurrency = 2}, body));
                    BOOST_TEST((policy == corun::isolate));
                } catch (const corun::group_error& e) {
                    BOOST_TEST(e.failures().size() == 5u);
                }
                BOOST_TEST(begun == 5);
            }
        },
        {.scheduler = {.on_unhandled = [](const corun::unhandled_failure&) {}}});
}

BOOST_AUTO_TEST_CASE(the_end_of_the_context_ends_those_that_wait_for_their_turn) {
    int begun = 0;
    corun::run([&] {
        corun::spawn([&] {
            corun::yield(corun::with_group({.max_concurrency = 2}, [&](corun::group& g) {
                for (int i = 0; i != 10; ++i)
                    g.spawn([&] {
                        ++begun;
                        wait_for_ever();
                    });
            }));
        });
        corun::yield(corun::sleep_for(1ms));
    });
    BOOST_TEST(begun == 2);
}

BOOST_AUTO_TEST_CASE(what_is_deferred_runs_after_the_children_last_in_first_out) {
    corun::run([] {
        std::string order;
        corun::yield(corun::with_group([&](corun::group& g) {
            g.defer([&] { order += "1"; });
            g.spawn([&] {
                corun::yield(corun::sleep_for(1ms));
                order += "c";
            });
            g.defer([&] {
                order += "2";
                corun::yield(corun::sleep_for(100us));
                order += "2";
            });
            order += "b";
        }));
        BOOST_TEST(order == "bc221");
    });
}

BOOST_AUTO_TEST_CASE(it_runs_also_after_a_failure_and_may_yield_in_a_cancelled_fiber) {
    corun::run([] {
        int ran = 0;
        const auto failing = [&](corun::group& g) {
            g.defer([&] {
                corun::yield();
                ++ran;
            });
            throw std::runtime_error{"body"};
        };
        BOOST_CHECK_THROW(corun::yield(corun::with_group(failing)), std::runtime_error);
        BOOST_TEST(ran == 1);

        auto parent = corun::spawn([&] {
            corun::yield(corun::with_group([&](corun::group& g) {
                g.defer([&] {
                    corun::yield(corun::sleep_for(1ms));
                    ++ran;
                });
                wait_for_ever();
            }));
        });
        corun::yield();
        parent.cancel();
        BOOST_CHECK_THROW(corun::yield(parent.join()), corun::fiber_cancelled);
        BOOST_TEST(ran == 2);
    });
}

BOOST_AUTO_TEST_CASE(its_grace_bounds_it) {
    corun::run([] {
        bool second = false;
        auto parent = corun::spawn([&] {
            corun::yield(corun::with_group({.grace = 1ms}, [&](corun::group& g) {
                g.defer([&] { second = true; });
                g.defer(wait_for_ever);
                wait_for_ever();
            }));
        });
        corun::yield();
        parent.cancel();
        BOOST_CHECK_THROW(corun::yield(parent.join()), corun::fiber_cancelled);
        BOOST_TEST(second);
    });
}

BOOST_AUTO_TEST_CASE(what_it_throws_is_a_failure) {
    corun::run([] {
        const auto body = [](corun::group& g) {
            g.defer([] { throw std::logic_error{"second"}; });
            g.defer([] { throw std::runtime_error{"first"}; });
        };
        try {
            corun::yield(corun::with_group(body));
            BOOST_ERROR("nothing was thrown");
        } catch (const std::runtime_error& e) {
            BOOST_TEST(e.what() == std::string{"first"});
            BOOST_TEST(corun::other_failures().size() == 1u);
        }
        BOOST_CHECK_THROW(corun::yield(corun::with_group({.failure = corun::collect}, body)), corun::group_error);
    });
}

BOOST_AUTO_TEST_CASE(a_function_that_can_only_be_moved_may_be_deferred) {
    corun::run([] {
        int seen = 0;
        corun::yield(corun::with_group([&](corun::group& g) { g.defer([n = std::make_unique<int>(4), &seen] { seen = *n; }); }));
        BOOST_TEST(seen == 4);
    });
}

BOOST_AUTO_TEST_SUITE_END()
