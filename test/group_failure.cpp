// Groups: what the failures of children and body come to.
#include <corun/group.hpp>

#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/timeout.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

const auto wait_for_ever = [] { corun::yield(corun::sleep_for(24h)); };

auto fails(const char* what, int turns = 0) {
    return [what, turns] {
        for (int i = 0; i != turns; ++i) corun::yield();
        throw std::runtime_error{what};
    };
}

// Fails although it is cancelled.
auto fails_when_cancelled(const char* what) {
    return [what] {
        try {
            wait_for_ever();
        } catch (const corun::cancelled&) {
        }
        throw std::logic_error{what};
    };
}

std::string what_of(const std::exception_ptr& e) {
    try {
        std::rethrow_exception(e);
    } catch (const std::exception& failure) {
        return failure.what();
    }
}

std::vector<std::string> whats(const std::vector<std::exception_ptr>& failures) {
    std::vector<std::string> all;
    for (const auto& e : failures) all.push_back(what_of(e));
    return all;
}

using strings = std::vector<std::string>;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(group_failure, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(by_default_the_first_cancels_the_others_and_is_thrown) {
    corun::run([] {
        int unwound = 0;
        std::string what;
        try {
            corun::yield(corun::with_group([&](corun::group& g) {
                g.spawn([&] {
                    const struct count_on_exit {
                        int& n;
                        ~count_on_exit() { ++n; }
                    } counting{unwound};
                    wait_for_ever();
                });
                g.spawn(fails("first", 2));
                g.spawn(fails("never comes", 50));
                wait_for_ever();
            }));
        } catch (const std::runtime_error& e) {
            what = e.what();
            BOOST_TEST(corun::other_failures().empty());
        }
        BOOST_TEST(what == "first");
        BOOST_TEST(unwound == 1);
        corun::yield();  // this fiber is not cancelled
    });
}

BOOST_AUTO_TEST_CASE(the_others_are_attached_to_the_first) {
    corun::run([] {
        try {
            corun::yield(corun::with_group([](corun::group& g) {
                g.spawn(fails_when_cancelled("second"));
                g.spawn(fails_when_cancelled("third"));
                g.spawn(fails("first", 1));
            }));
            BOOST_ERROR("nothing was thrown");
        } catch (const std::runtime_error& e) {
            BOOST_TEST(e.what() == std::string{"first"});
            BOOST_TEST((whats(corun::other_failures()) == strings{"second", "third"}));
        }
        try {
            throw 1;
        } catch (int) {
            BOOST_TEST(corun::other_failures().empty());
        }
    });
}

BOOST_AUTO_TEST_CASE(what_was_attached_within_and_what_a_join_brings_stays_attached) {
    corun::run([] {
        auto child = corun::spawn([] {
            corun::yield(corun::with_group([](corun::group& g) {
                g.spawn([] {
                    corun::yield(corun::with_group([](corun::group& inner) {
                        inner.spawn(fails_when_cancelled("b"));
                        inner.spawn(fails("a", 1));
                    }));
                });
                g.spawn(fails_when_cancelled("c"));
            }));
        });
        try {
            corun::yield(child.join());
            BOOST_ERROR("nothing was thrown");
        } catch (const std::runtime_error& e) {
            BOOST_TEST(e.what() == std::string{"a"});
            BOOST_TEST((whats(corun::other_failures()) == strings{"b", "c"}));
        }
    });
}

BOOST_AUTO_TEST_CASE(unhandled_the_others_come_with_the_first) {
    strings unhandled;
    corun::run(
        [] {
            corun::spawn([] {
                corun::yield(corun::with_group([](corun::group& g) {
                    g.spawn(fails_when_cancelled("second"));
                    g.spawn(fails("first", 1));
                }));
            });
            corun::yield(corun::sleep_for(1ms));
        },
        {.scheduler = {.on_unhandled = [&](const corun::unhandled_failure& f) {
             unhandled.push_back(what_of(f.error));
             for (const auto& other : f.others) unhandled.push_back(what_of(other));
         }}});
    BOOST_TEST((unhandled == strings{"first", "second"}));
}

BOOST_AUTO_TEST_CASE(of_the_body_cancels_the_children_and_is_thrown) {
    for (const auto policy : {corun::fail_fast, corun::isolate})
        corun::run([policy] {
            bool unwound = false;
            const auto body = [&](corun::group& g) {
                g.spawn([&] {
                    try {
                        wait_for_ever();
                    } catch (...) {
                        unwound = true;
                        throw;
                    }
                });
                corun::yield();
                throw std::runtime_error{"body"};
            };
            BOOST_CHECK_THROW(corun::yield(corun::with_group({.failure = policy}, body)), std::runtime_error);
            BOOST_TEST(unwound);
        });
}

BOOST_AUTO_TEST_CASE(collected_all_run_to_their_end_and_all_are_thrown) {
    corun::run([] {
        bool ended = false;
        try {
            corun::yield(corun::with_group({.failure = corun::collect}, [&](corun::group& g) {
                g.spawn(fails("c", 3));
                g.spawn(fails("a"));
                g.spawn([&] {
                    for (int i = 0; i != 10; ++i) corun::yield();
                    ended = true;
                });
                corun::yield();
                throw std::logic_error{"b"};
            }));
            BOOST_ERROR("nothing was thrown");
        } catch (const corun::group_error& e) {
            BOOST_TEST((whats(e.failures()) == strings{"a", "b", "c"}));
            BOOST_TEST(std::string{e.what()}.find("3 failed") != std::string::npos, e.what());
        }
        BOOST_TEST(ended);
        BOOST_TEST(corun::yield(corun::with_group({.failure = corun::collect}, [](corun::group& g) {
                       g.spawn([] {});
                       return 5;
                   })) == 5);
    });
}

BOOST_AUTO_TEST_CASE(isolated_they_go_to_the_handler_and_the_others_live) {
    strings unhandled;
    corun::run(
        [&] {
            int ended = 0;
            corun::yield(corun::with_group({.failure = corun::isolate}, [&](corun::group& g) {
                for (int i = 0; i != 3; ++i) {
                    g.spawn({.name = "bad"}, fails("session"));
                    g.spawn([&] {
                        for (int k = 0; k != 5; ++k) corun::yield();
                        ++ended;
                    });
                }
            }));
            BOOST_TEST(ended == 3);
        },
        {.scheduler = {.on_unhandled = [&](const corun::unhandled_failure& f) { unhandled.push_back(what_of(f.error)); }}});
    BOOST_TEST((unhandled == strings(3, "session")));
}

BOOST_AUTO_TEST_CASE(isolated_one_that_is_joined_goes_to_who_joins_it) {
    corun::run(
        [] {
            corun::yield(corun::with_group({.failure = corun::isolate}, [](corun::group& g) {
                auto child = g.spawn(fails("mine"));
                BOOST_CHECK_THROW(corun::yield(child.join()), std::runtime_error);
            }));
        },
        {.scheduler = {.on_unhandled = [](const corun::unhandled_failure&) { BOOST_ERROR("it was received"); }}});
}

BOOST_AUTO_TEST_CASE(a_timeout_around_it_is_a_timeout_unless_something_fails) {
    corun::run([] {
        BOOST_CHECK_THROW(
            corun::yield(corun::with_timeout(1ms, corun::with_group([](corun::group& g) { g.spawn(wait_for_ever); }))),
            corun::timed_out);
        BOOST_CHECK_THROW(
            corun::yield(corun::with_timeout(1ms, corun::with_group([](corun::group& g) { g.spawn(fails_when_cancelled("x")); }))),
            std::logic_error);
    });
}

BOOST_AUTO_TEST_SUITE_END()
