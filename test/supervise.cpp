// Supervision.
#include <corun/supervise.hpp>

#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/this_fiber.hpp>
#include <corun/timeout.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;
using corun::restart;

namespace {

// What children did, in order: "+a" it began, "-a" it ended.
struct diary {
    std::string text;

    struct entry {
        std::string& text;
        const char* name;
        entry(std::string& t, const char* n) : text{t}, name{n} { text += std::string{"+"} + name; }
        ~entry() { text += std::string{"-"} + name; }
    };

    // A child that does something after its begin.
    [[nodiscard]] corun::child child(const char* name, std::function<void()> then, restart when = restart::permanent) {
        return {.name = name,
                .function =
                    [this, name, then] {
                        const entry life{text, name};
                        then();
                    },
                .restart = when};
    }
};

const auto wait_for_ever = [] { corun::yield(corun::sleep_for(24h)); };

// Fails in its first n lives, then does something else.
auto fails_first(int n, std::function<void()> then) {
    return [n, then, lives = std::make_shared<int>(0)] {
        corun::yield();
        if (++*lives <= n) throw std::runtime_error{"life " + std::to_string(*lives)};
        then();
    };
}

const corun::run_options quiet{.scheduler = {.on_unhandled = [](const corun::unhandled_failure&) {}}};

// Runs the supervision for a while, until its diary no longer changes, and then cancels it.
std::string diary_of(corun::restart_strategy strategy, diary& d, std::vector<corun::child> children) {
    corun::run(
        [&] {
            corun::yield(corun::move_on_after(24h, [&] {
                auto supervision = corun::spawn([&] { corun::yield(corun::supervise({.strategy = strategy}, children)); });
                for (std::size_t length = 0; length != d.text.size() || length == 0;) {
                    length = d.text.size();
                    for (int i = 0; i != 20; ++i) corun::yield();
                }
                d.text += "|";
                supervision.cancel();
                corun::yield(supervision.wait());
            }));
        },
        quiet);
    return d.text;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(supervise, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(cancelled_it_ends_its_children_the_last_one_started_first) {
    diary d;
    BOOST_TEST(
        diary_of(corun::one_for_one, d, {d.child("a", wait_for_ever), d.child("b", wait_for_ever), d.child("c", wait_for_ever)}) ==
        "+a+b+c|-c-b-a");
}

BOOST_AUTO_TEST_CASE(one_for_one_starts_the_failed_one_anew) {
    diary d;
    BOOST_TEST(diary_of(corun::one_for_one, d,
                        {d.child("a", wait_for_ever), d.child("b", fails_first(2, wait_for_ever)), d.child("c", wait_for_ever)}) ==
               "+a+b+c-b+b-b+b|-c-b-a");
}

BOOST_AUTO_TEST_CASE(one_for_all_ends_the_others_and_starts_all_anew) {
    diary d;
    BOOST_TEST(diary_of(corun::one_for_all, d,
                        {d.child("a", wait_for_ever), d.child("b", fails_first(1, wait_for_ever)), d.child("c", wait_for_ever)}) ==
               "+a+b+c-b-c-a+a+b+c|-c-b-a");
}

BOOST_AUTO_TEST_CASE(rest_for_one_starts_it_and_those_after_it_anew) {
    diary d;
    BOOST_TEST(diary_of(corun::rest_for_one, d,
                        {d.child("a", wait_for_ever), d.child("b", fails_first(1, wait_for_ever)), d.child("c", wait_for_ever)}) ==
               "+a+b+c-b-c+b+c|-c-b-a");
}

BOOST_AUTO_TEST_CASE(permanent_ones_are_restarted_when_they_return_transient_ones_when_they_fail_temporary_ones_never) {
    diary d;
    auto returns_first = [](std::function<void()> then) {
        return [then, lives = std::make_shared<int>(0)] {
            if (++*lives > 1) then();
        };
    };
    BOOST_TEST(diary_of(corun::one_for_one, d, {d.child("p", returns_first(wait_for_ever), restart::permanent)}) == "+p-p+p|-p");
    d.text.clear();
    BOOST_TEST(diary_of(corun::one_for_one, d,
                        {d.child("w", wait_for_ever), d.child("t", fails_first(1, [] {}), restart::transient)}) == "+w+t-t+t-t|-w");
    d.text.clear();
    BOOST_TEST(diary_of(corun::one_for_one, d,
                        {d.child("w", wait_for_ever), d.child("x", fails_first(1, wait_for_ever), restart::temporary)}) ==
               "+w+x-x|-w");
}

BOOST_AUTO_TEST_CASE(a_temporary_one_that_is_ended_with_the_others_stays_so_and_one_that_is_done_stays_done) {
    diary d;
    BOOST_TEST(diary_of(corun::one_for_all, d,
                        {d.child(
                             "d", [] {}, restart::transient),
                         d.child("x", wait_for_ever, restart::temporary), d.child("b", fails_first(1, wait_for_ever))}) ==
               "+d-d+x+b-b-x+b|-b");
}

BOOST_AUTO_TEST_CASE(it_ends_when_no_child_is_left) {
    corun::run([] {
        int ran = 0;
        corun::yield(corun::supervise({}, corun::child{.name = "a", .function = [&] { ++ran; }, .restart = restart::transient},
                                      corun::child{.name = "b", .function = [&] { ++ran; }, .restart = restart::temporary}));
        BOOST_TEST(ran == 2);
        corun::yield(corun::supervise({}));
    });
}

BOOST_AUTO_TEST_CASE(one_restart_too_many_ends_all_and_is_thrown_with_the_last_failure) {
    diary d;
    std::vector<std::string> unhandled;
    corun::run(
        [&] {
            try {
                corun::yield(
                    corun::supervise({.max_restarts = 2}, d.child("a", wait_for_ever), d.child("b", fails_first(100, [] {}))));
                BOOST_ERROR("nothing was thrown");
            } catch (const corun::restarts_exhausted& e) {
                BOOST_TEST(std::string{e.what()}.find("child 'b'") != std::string::npos, e.what());
                BOOST_TEST(std::string{e.what()}.find("life 3") != std::string::npos, e.what());
                BOOST_CHECK_THROW(std::rethrow_exception(e.last()), std::runtime_error);
            }
        },
        {.scheduler = {.on_unhandled = [&](const corun::unhandled_failure& f) { unhandled.push_back(f.fiber); }}});
    BOOST_TEST(d.text == "+a+b-b+b-b+b-b-a");
    BOOST_TEST(unhandled.size() == 2u);
}

BOOST_AUTO_TEST_CASE(restarts_longer_ago_than_the_period_do_not_count) {
    corun::run(
        [] {
            int lives = 0;
            corun::yield(
                corun::supervise({.max_restarts = 1, .period = 1ms}, corun::child{.name = "slow",
                                                                                  .function =
                                                                                      [&] {
                                                                                          corun::yield(corun::sleep_for(3ms));
                                                                                          if (++lives != 5)
                                                                                              throw std::runtime_error{"again"};
                                                                                      },
                                                                                  .restart = restart::transient}));
            BOOST_TEST(lives == 5);
        },
        quiet);
}

BOOST_AUTO_TEST_CASE(before_a_restart_it_waits_longer_each_time_and_others_are_served_meanwhile) {
    corun::run(
        [] {
            std::vector<corun::clock::time_point> begins;
            int quick_lives = 0;
            corun::yield(
                corun::supervise({.max_restarts = 100, .backoff = 2ms, .longest_backoff = 1h},
                                 corun::child{.name = "crashes",
                                              .function =
                                                  [&] {
                                                      begins.push_back(corun::clock::now());
                                                      if (begins.size() != 4) throw std::runtime_error{"crash"};
                                                  },
                                              .restart = restart::transient},
                                 corun::child{.name = "ends", .function = [&] { ++quick_lives; }, .restart = restart::transient}));
            BOOST_TEST(quick_lives == 1);
            BOOST_REQUIRE(begins.size() == 4u);
            BOOST_TEST((begins[1] - begins[0] >= 2ms));
            BOOST_TEST((begins[2] - begins[1] >= 4ms));
            BOOST_TEST((begins[3] - begins[2] >= 8ms));
        },
        quiet);
}

BOOST_AUTO_TEST_CASE(cancelled_while_a_child_waits_for_its_restart_it_ends) {
    corun::run(
        [] {
            BOOST_TEST(!corun::yield(corun::move_on_after(
                5ms, corun::supervise({.backoff = 1h, .longest_backoff = 2h},
                                      corun::child{.name = "x", .function = [] { throw std::runtime_error{"crash"}; }}))));
        },
        quiet);
}

BOOST_AUTO_TEST_CASE(a_child_that_fails_while_it_is_ended_is_reported) {
    std::vector<std::string> unhandled;
    corun::run(
        [&] {
            BOOST_TEST(
                !corun::yield(corun::move_on_after(1ms, corun::supervise({}, corun::child{.name = "sore", .function = [] {
                                                                                              try {
                                                                                                  wait_for_ever();
                                                                                              } catch (const corun::cancelled&) {
                                                                                              }
                                                                                              throw std::runtime_error{"sore"};
                                                                                          }}))));
        },
        {.scheduler = {.on_unhandled = [&](const corun::unhandled_failure& f) { unhandled.push_back(f.fiber); }}});
    BOOST_REQUIRE(unhandled.size() == 1u);
    BOOST_TEST(unhandled[0].find("'sore'") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
