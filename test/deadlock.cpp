// Fibers that wait for each other's locks and ends.
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>

using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(deadlock, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_cycle_of_joins_is_refused_where_it_would_close_and_names_every_line) {
    std::string message;
    corun::run([&] {
        corun::fiber<void> a, b, c;
        a = corun::spawn({.name = "a"}, [&] { corun::yield(b.wait()); });
        b = corun::spawn({.name = "b"}, [&] { corun::yield(c.wait()); });
        c = corun::spawn({.name = "c"}, [&] {
            try {
                corun::yield(a.wait());
            } catch (const corun::deadlock& refused) {
                message = refused.what();
            }
        });
        corun::yield(a.wait());
    });
    const auto line = [](int n) { return std::string{__FILE__} + ":" + std::to_string(n); };
    const auto is_at = [&](const std::string& part) { return message.find(part) != std::string::npos; };
    BOOST_TEST(is_at("fiber 'c' (#"), message);
    BOOST_TEST(is_at("waits at " + line(25) + " for the join of 'a' (#"), message);
    BOOST_TEST(is_at("), which waits at " + line(21) + " for the join of 'b' (#"), message);
    BOOST_TEST(is_at("), which waits at " + line(22) + " for the join of 'c' (#"), message);
}

BOOST_AUTO_TEST_CASE(a_chain_without_a_cycle_is_none) {
    corun::run([] {
        auto a = corun::spawn([] { corun::yield(corun::sleep_for(1ms)); });
        auto b = corun::spawn([&] { corun::yield(a.wait()); });
        auto c = corun::spawn([&] { corun::yield(b.wait()); });
        BOOST_CHECK_NO_THROW(corun::yield(c.join()));
    });
}

BOOST_AUTO_TEST_CASE(a_deadline_anywhere_in_the_cycle_ends_it_instead) {
    corun::run([] {
        corun::fiber<void> a, b;
        bool timed_out = false;
        a = corun::spawn([&] {
            try {
                corun::yield(corun::with_timeout(1ms, b.wait()));
            } catch (const corun::timed_out&) {
                timed_out = true;
            }
        });
        b = corun::spawn([&] { corun::yield(a.wait()); });
        BOOST_CHECK_NO_THROW(corun::yield(b.join()));
        BOOST_TEST(timed_out);
    });
}

BOOST_AUTO_TEST_CASE(a_child_that_joins_the_fiber_whose_group_waits_for_it) {
    bool refused = false;
    corun::run([&] {
        corun::fiber<void> parent;
        parent = corun::spawn([&] {
            corun::yield(corun::with_group([&](corun::group& g) {
                g.spawn([&] {
                    corun::yield();  // the parent waits for its children by now
                    BOOST_CHECK_THROW(corun::yield(parent.wait()), corun::deadlock);
                    refused = true;
                });
            }));
        });
        corun::yield(parent.join());
    });
    BOOST_TEST(refused);
}

std::string refusal_of(auto&& wait) {
    try {
        wait();
    } catch (const corun::deadlock& refused) {
        return refused.what();
    }
    return "";
}

std::string at(int line) { return std::string{__FILE__} + ":" + std::to_string(line); }

BOOST_AUTO_TEST_CASE(two_mutexes_in_opposite_orders_are_refused_where_the_cycle_would_close) {
    std::string message;
    int a_waits = 0, b_waits = 0;
    bool a_went_on = false;
    corun::run([&] {
        corun::mutex first, second;
        auto a = corun::spawn({.name = "a"}, [&] {
            const auto held = corun::yield(first.lock());
            corun::yield();
            a_waits = __LINE__ + 1;
            const auto other = corun::yield(second.lock());
            a_went_on = true;
        });
        auto b = corun::spawn({.name = "b"}, [&] {
            const auto held = corun::yield(second.lock());
            corun::yield();
            b_waits = __LINE__ + 1;
            message = refusal_of([&] { (void)corun::yield(first.lock()); });
        });
        corun::yield(a.join());
        corun::yield(b.join());
    });
    BOOST_TEST(a_went_on);
    BOOST_TEST(message.find("fiber 'b' (#") != std::string::npos, message);
    BOOST_TEST(message.find("waits at " + at(b_waits) + " for the mutex held by 'a' (#") != std::string::npos, message);
    BOOST_TEST(message.find("which waits at " + at(a_waits) + " for the mutex held by 'b' (#") != std::string::npos, message);
}

BOOST_AUTO_TEST_CASE(a_join_of_one_that_waits_for_what_the_joiner_holds) {
    corun::run([] {
        corun::mutex m;
        auto held = corun::yield(m.lock());
        auto child = corun::spawn([&] { (void)corun::yield(m.lock()); });
        corun::yield();
        BOOST_CHECK_THROW(corun::yield(child.wait()), corun::deadlock);
        held.unlock();
        corun::yield(child.join());
    });
}

BOOST_AUTO_TEST_CASE(a_lock_in_a_group_whose_parent_holds_it) {
    bool refused = false;
    corun::run([&] {
        corun::shared_mutex m;
        const auto held = corun::yield(m.lock());
        corun::yield(corun::with_group([&](corun::group& g) {
            g.spawn([&] {
                corun::yield();  // the parent waits for its children by now
                refused = !refusal_of([&] { (void)corun::yield(m.lock_shared()); }).empty();
            });
        }));
    });
    BOOST_TEST(refused);
}

BOOST_AUTO_TEST_CASE(a_mutex_is_not_recursive) {
    corun::run([] {
        corun::mutex m;
        corun::shared_mutex s;
        const auto held = corun::yield(m.lock());
        const auto alone = corun::yield(s.lock());
        BOOST_CHECK_THROW((void)corun::yield(m.lock()), corun::deadlock);
        BOOST_CHECK_THROW((void)corun::yield(s.lock()), corun::deadlock);
        BOOST_CHECK_THROW((void)corun::yield(s.lock_shared()), corun::deadlock);
    });
}

BOOST_AUTO_TEST_CASE(a_deadline_in_a_cycle_of_mutexes_ends_it_instead) {
    bool timed_out = false;
    corun::run([&] {
        corun::mutex first, second;
        auto a = corun::spawn([&] {
            const auto held = corun::yield(first.lock());
            corun::yield();
            try {
                (void)corun::yield(corun::with_timeout(1ms, second.lock()));
            } catch (const corun::timed_out&) {
                timed_out = true;
            }
        });
        auto b = corun::spawn([&] {
            const auto held = corun::yield(second.lock());
            corun::yield();
            BOOST_CHECK_NO_THROW((void)corun::yield(first.lock()));
        });
        corun::yield(a.join());
        corun::yield(b.join());
    });
    BOOST_TEST(timed_out);
}

// Whose guard it is cannot be known where it lies in an object that others can reach: nothing is certain then.
BOOST_AUTO_TEST_CASE(a_guard_that_was_moved_off_its_fibers_stack_refuses_nobody) {
    corun::run([] {
        corun::mutex m;
        std::optional<corun::guard<corun::mutex>> shared;
        auto owner = corun::spawn([&] {
            auto kept = std::make_unique<corun::guard<corun::mutex>>(corun::yield(m.lock()));
            shared.emplace(std::move(*kept));
            corun::yield(corun::sleep_for(1ms));
        });
        corun::yield();
        corun::fiber<> waiting;
        waiting = corun::spawn([&] { BOOST_CHECK_NO_THROW((void)corun::yield(m.lock())); });
        corun::yield();
        auto releases = corun::spawn([&] { shared.reset(); });
        BOOST_CHECK_NO_THROW(corun::yield(waiting.wait()));
        corun::yield(owner.join());
        corun::yield(releases.join());
    });
}

BOOST_AUTO_TEST_CASE(a_fiber_that_ends_before_its_guard_leaves_the_lock_usable) {
    corun::run([] {
        corun::mutex m;
        std::unique_ptr<corun::guard<corun::mutex>> left;
        corun::yield(corun::spawn([&] { left.reset(new corun::guard<corun::mutex>(corun::yield(m.lock()))); }).join());
        auto waiting = corun::spawn([&] { (void)corun::yield(m.lock()); });
        corun::yield();
        BOOST_TEST(!waiting.done());
        left.reset();
        BOOST_CHECK_NO_THROW(corun::yield(waiting.join()));
    });
}

BOOST_AUTO_TEST_SUITE_END()
