// Every wait of this library's own ends at a deadline and leaves no trace.
#include <corun.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <utility>

using namespace std::chrono_literals;

namespace {

/// Waits in vain, three ways. Time is all that can end it.
template <class Make>
void expires(Make make) {
    BOOST_CHECK_THROW((void)corun::yield(corun::with_timeout(1ms, make())), corun::timed_out);
    BOOST_CHECK_THROW((void)corun::yield(corun::with_timeout(0ms, make())), corun::timed_out);
    BOOST_CHECK_THROW(corun::yield(corun::with_timeout(1ms, [&] { (void)corun::yield(make()); })), corun::timed_out);
}

template <class Channel>
void channels_expire() {
    Channel c;
    expires([&] { return c.send(1); });
    expires([&] { return c.receive(); });
    BOOST_TEST(!c.try_receive().has_value());
    BOOST_TEST(!c.try_send(1));
}

template <class Mutex>
void mutexes_expire() {
    Mutex m;
    {
        const auto held = corun::yield(m.lock());
        expires([&] { return m.lock(); });
    }
    BOOST_TEST(bool{m.try_lock()});
}

template <class Semaphore, class Event, class Latch, class Group>
void gates_expire() {
    Semaphore s{1};
    expires([&] { return s.acquire(2); });
    BOOST_TEST(s.permits() == 1);
    Event e{corun::event_reset::automatic};
    expires([&] { return e.wait(); });
    e.set();
    BOOST_TEST(e.is_set());
    Latch l{1};
    expires([&] { return l.wait(); });
    Group g;
    g.add();
    expires([&] { return g.wait(); });
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(deadlines, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(of_channels) {
    corun::run([] {
        channels_expire<corun::channel<int>>();
        channels_expire<corun::concurrent_channel<int>>();
        corun::channel<int> c;
        corun::concurrent_channel<int> shared;
        std::vector<int> batch;
        expires([&] { return c.receive_some(batch); });
        expires([&] { return shared.receive_some(batch); });
        BOOST_TEST(batch.empty());
        BOOST_TEST(!c.try_send(1));
        BOOST_TEST(!shared.try_send(1));
    });
}

BOOST_AUTO_TEST_CASE(of_broadcasts) {
    corun::run([] {
        corun::broadcast<int> plain{1};
        auto to_plain = plain.subscribe();
        expires([&] { return to_plain.receive(); });
        corun::concurrent_broadcast<int> shared{1};
        auto to_shared = shared.subscribe();
        expires([&] { return to_shared.receive(); });
    });
}

BOOST_AUTO_TEST_CASE(of_locks) {
    corun::run([] {
        mutexes_expire<corun::mutex>();
        mutexes_expire<corun::shared_mutex>();
        mutexes_expire<corun::concurrent_mutex>();
        corun::shared_mutex shared;
        const auto alone = corun::yield(shared.lock());
        expires([&] { return shared.lock_shared(); });
        corun::mutex m;
        corun::condition_variable changed;
        auto held = corun::yield(m.lock());
        expires([&] { return changed.wait(held); });
        expires([&] { return changed.wait(held, [] { return false; }); });
        BOOST_TEST(m.is_locked());
    });
}

BOOST_AUTO_TEST_CASE(of_what_lets_through) {
    corun::run([] {
        gates_expire<corun::semaphore, corun::event, corun::latch, corun::wait_group>();
        gates_expire<corun::concurrent_semaphore, corun::concurrent_event, corun::concurrent_latch, corun::concurrent_wait_group>();
        corun::barrier b{2};
        expires([&] { return b.arrive_and_wait(); });
        corun::rate_limiter one_an_hour{1. / 3600, 1};
        corun::yield(one_an_hour.acquire());
        expires([&] { return one_an_hour.acquire(); });
        corun::once o;
        auto calling = corun::spawn([&] { corun::yield(o.call([] { corun::yield(corun::sleep_for(1h)); })); });
        corun::yield();
        expires([&] { return o.call([] {}); });
        calling.cancel();
        BOOST_CHECK_THROW(corun::yield(calling.join()), corun::fiber_cancelled);
        BOOST_TEST(corun::yield(o.call([] {})));
    });
}

BOOST_AUTO_TEST_CASE(of_selects_races_and_all) {
    corun::run([] {
        corun::channel<int> plain;
        corun::concurrent_channel<int> shared;
        expires([&] { return corun::select(plain.receive(), shared.send(1)); });
        expires([&] { return corun::select_ordered(shared.receive(), plain.send(1), corun::sleep_for(1h)); });
        expires([&] { return corun::race(plain.receive(), shared.receive()); });
        expires([&] { return corun::all(plain.receive(), shared.receive()); });
        BOOST_TEST(!plain.try_send(1));
        BOOST_TEST(!plain.try_receive().has_value());
        BOOST_TEST(!shared.try_send(1));
        BOOST_TEST(!shared.try_receive().has_value());
    });
}

BOOST_AUTO_TEST_CASE(of_joins) {
    corun::run([] {
        const auto endless = corun::spawn([] { corun::yield(corun::sleep_for(1h)); });
        expires([&] { return endless.join(); });
        expires([&] { return corun::select(endless.join(), corun::sleep_for(1h)); });
    });
}

BOOST_AUTO_TEST_SUITE_END()
