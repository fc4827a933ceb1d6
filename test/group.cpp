// with_group: children end before the block does.
#include <corun/group.hpp>

#include <corun/run.hpp>
#include <corun/shield.hpp>
#include <corun/sleep.hpp>
#include <corun/this_fiber.hpp>
#include <corun/timeout.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

const auto wait_for_ever = [] { corun::yield(corun::sleep_for(24h)); };

}  // namespace

BOOST_FIXTURE_TEST_SUITE(group, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(ends_when_every_child_has_ended) {
    corun::run([] {
        int ended = 0;
        corun::yield(corun::with_group([&](corun::group& g) {
            for (int i = 0; i != 10; ++i)
                g.spawn([&, i] {
                    corun::yield(corun::sleep_for(i * 100us));
                    ++ended;
                });
            BOOST_TEST(g.size() == 10u);
            BOOST_TEST(ended == 0);
        }));
        BOOST_TEST(ended == 10);
    });
}

BOOST_AUTO_TEST_CASE(without_children_it_is_its_body) {
    corun::run([] {
        BOOST_TEST(corun::yield(corun::with_group([](corun::group&) { return std::string{"value"}; })) == "value");
        corun::yield(corun::with_group([](corun::group& g) { BOOST_TEST(g.size() == 0u); }));
    });
}

BOOST_AUTO_TEST_CASE(children_have_values_which_outlive_the_group) {
    corun::run([] {
        std::optional<corun::fiber<std::unique_ptr<int>>> kept;
        const int sum = corun::yield(corun::with_group([&](corun::group& g) {
            auto a = g.spawn([] { return 40; });
            auto b = g.spawn([] { return 2; });
            kept = g.spawn([] { return std::make_unique<int>(7); });
            return corun::yield(a.join()) + corun::yield(b.join());
        }));
        BOOST_TEST(sum == 42);
        BOOST_TEST(*corun::yield(kept->join()) == 7);
    });
}

BOOST_AUTO_TEST_CASE(arguments_are_copied_or_moved_into_the_child) {
    corun::run([] {
        std::vector<std::string> seen;
        corun::yield(corun::with_group([&](corun::group& g) {
            std::string text = "copied";
            g.spawn([&](const std::string& t, std::unique_ptr<int> n) { seen.push_back(t + std::to_string(*n)); }, text,
                    std::make_unique<int>(1));
            text = "changed";
            g.spawn([](std::vector<std::string>& v) { v.push_back("by reference"); }, std::ref(seen));
        }));
        BOOST_TEST((seen == std::vector<std::string>{"copied1", "by reference"}));
    });
}

BOOST_AUTO_TEST_CASE(spawning_never_switches) {
    corun::run([] {
        bool ran = false;
        corun::yield(corun::with_group([&](corun::group& g) {
            const corun::no_yield guard{"spawning"};
            g.spawn([&] { ran = true; });
            BOOST_TEST(!ran);
        }));
        BOOST_TEST(ran);
    });
}

BOOST_AUTO_TEST_CASE(names_and_places_of_children_are_their_own) {
    corun::run([] {
        corun::yield(corun::with_group([](corun::group& g) {
            const auto child =
                g.spawn({.name = "reader", .stack_size = 64 * 1024}, [] { BOOST_TEST(corun::this_fiber::name() == "reader"); });
            BOOST_TEST(child.name() == "reader");
        }));
    });
}

BOOST_AUTO_TEST_CASE(children_may_spawn_into_it) {
    corun::run([] {
        int ran = 0;
        corun::yield(corun::with_group([&](corun::group& g) {
            g.spawn([&ran, &g] {
                corun::yield();
                g.spawn([&ran, g]() mutable {
                    corun::yield();
                    g.spawn([&ran] { ++ran; });
                    ++ran;
                });
                ++ran;
            });
        }));
        BOOST_TEST(ran == 3);
    });
}

BOOST_AUTO_TEST_CASE(cancelled_it_ends_without_an_error_after_all_children) {
    corun::run([] {
        int unwound = 0;
        bool body_cut = false;
        corun::yield(corun::with_group([&](corun::group& g) {
            for (int i = 0; i != 3; ++i)
                g.spawn([&] {
                    try {
                        wait_for_ever();
                    } catch (const corun::cancelled& c) {
                        BOOST_TEST((c.reason() == corun::cancel_reason::group));
                        ++unwound;
                        throw;
                    }
                });
            corun::yield();
            g.cancel();
            try {
                corun::yield();
            } catch (const corun::cancelled&) {
                body_cut = true;
                throw;
            }
        }));
        BOOST_TEST(body_cut);
        BOOST_TEST(unwound == 3);
        corun::yield();
    });
}

BOOST_AUTO_TEST_CASE(cancelled_with_a_body_that_was_to_return_a_value_it_throws) {
    corun::run([] {
        const auto body = [](corun::group& g) {
            g.cancel();
            corun::yield();
            return 1;
        };
        BOOST_CHECK_THROW(corun::yield(corun::with_group(body)), corun::fiber_cancelled);
    });
}

BOOST_AUTO_TEST_CASE(a_child_spawned_after_its_cancellation_ends_at_its_first_yield) {
    corun::run([] {
        bool began = false, went_on = false;
        corun::yield(corun::with_group([&](corun::group& g) {
            g.cancel();
            g.spawn([&] {
                began = true;
                corun::yield();
                went_on = true;
            });
        }));
        BOOST_TEST(began);
        BOOST_TEST(!went_on);
    });
}

BOOST_AUTO_TEST_CASE(children_inherit_the_deadlines_around_it) {
    corun::run([] {
        const auto time = corun::clock::now() + 1h;
        corun::yield(corun::with_deadline(time, corun::with_group([&](corun::group& g) {
                                              corun::yield(corun::with_timeout(1min, [&] {
                                                  g.spawn([&] { BOOST_TEST((corun::this_fiber::deadline() == time)); });
                                              }));
                                              g.spawn([&] {
                                                  corun::yield(corun::with_group([&](corun::group& inner) {
                                                      inner.spawn([&] { BOOST_TEST((corun::this_fiber::deadline() == time)); });
                                                  }));
                                              });
                                          })));
    });
}

BOOST_AUTO_TEST_CASE(a_shield_around_it_shields_its_children) {
    corun::run([] {
        bool finished = false;
        auto parent = corun::spawn([&] {
            corun::yield(corun::with_shield(1h, corun::with_group([&](corun::group& g) {
                                                g.spawn([&] {
                                                    corun::yield(corun::sleep_for(1ms));
                                                    finished = true;
                                                });
                                            })));
        });
        corun::yield();
        corun::yield();
        parent.cancel();
        corun::yield(parent.join());
        BOOST_TEST(finished);
    });
}

BOOST_AUTO_TEST_SUITE_END()
