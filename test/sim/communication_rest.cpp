// The less common means of communication under every schedule.
#include <corun.hpp>
#include <corun/concurrent_broadcast.hpp>
#include <corun/sim.hpp>

#include "support/explored.hpp"
#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <stdexcept>
#include <tuple>
#include <vector>

namespace sim = corun::sim;
using namespace std::chrono_literals;
using corun_test::was_cancelled;
using corun_test::within_three_preemptions;

BOOST_FIXTURE_TEST_SUITE(communication_rest_explored, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(readers_share_a_mutex_and_a_writer_is_alone) {
    within_three_preemptions([] {
        corun::shared_mutex m;
        int readers = 0, writers = 0;
        const auto read = [&] {
            const auto held = corun::yield(m.lock_shared());
            ++readers;
            sim::require(writers == 0, "no reader beside a writer");
            corun::yield();
            --readers;
        };
        auto a = corun::spawn(read);
        auto b = corun::spawn(read);
        auto writer = corun::spawn([&] {
            const auto held = corun::yield(m.lock());
            ++writers;
            sim::require(readers == 0, "no writer beside a reader");
            corun::yield();
            --writers;
        });
        b.cancel();
        (void)was_cancelled(b);
        corun::yield(a.join());
        corun::yield(writer.join());
    });
}

BOOST_AUTO_TEST_CASE(once_calls_one_and_after_its_failure_the_next) {
    within_three_preemptions([] {
        corun::once o;
        int calls = 0, returned = 0;
        const auto call = [&] {
            try {
                (void)corun::yield(o.call([&] {
                    const bool fails = ++calls == 1;
                    corun::yield();
                    if (fails) throw std::runtime_error{"the first"};
                    ++returned;
                }));
            } catch (const std::runtime_error&) {
            }
        };
        auto a = corun::spawn(call);
        auto b = corun::spawn(call);
        corun::yield(a.join());
        corun::yield(b.join());
        call();
        sim::require(calls == 2 && returned == 1, "one failed and one returned");
        sim::require(o.done());
    });
}

using broadcasts = std::tuple<corun::broadcast<int>, corun::concurrent_broadcast<int>>;
BOOST_AUTO_TEST_CASE_TEMPLATE(a_broadcast_tells_each_subscriber_all, broadcast, broadcasts) {
    within_three_preemptions([] {
        broadcast news{2};
        std::vector<corun::fiber<>> readers;
        for (int i = 0; i != 2; ++i)
            readers.push_back(corun::spawn([mine = news.subscribe()]() mutable {
                std::uint64_t seen = 0;
                while (const auto message = corun::yield(mine.receive())) {
                    seen += message->missed + 1;
                    sim::require(static_cast<std::uint64_t>(message->value) == seen, "in order, and the missed ones counted");
                }
                sim::require(seen == 3, "all were seen or missed");
            }));
        for (int i = 1; i != 4; ++i) {
            news.send(i);
            corun::yield();
        }
        news.close();
        for (auto& reader : readers) corun::yield(reader.join());
    });
}

BOOST_AUTO_TEST_CASE(a_rate_limiter_lets_no_more_pass_than_its_rate) {
    within_three_preemptions([] {
        corun::rate_limiter limiter{10.0, 1.0};
        const auto begin = corun::clock::now();
        std::vector<corun::fiber<>> all;
        for (int i = 0; i != 2; ++i) all.push_back(corun::spawn([&] { corun::yield(limiter.acquire()); }));
        auto gives_up = corun::spawn([&] { corun::yield(limiter.acquire()); });
        auto canceller = corun::spawn([&] { gives_up.cancel(); });
        const bool took_none = was_cancelled(gives_up);
        corun::yield(canceller.join());
        for (auto& f : all) corun::yield(f.join());
        const auto expected = took_none ? 100ms : 200ms;
        sim::require(corun::clock::now() - begin >= expected - 1us, "a token every 100 ms");
        sim::require(corun::clock::now() - begin <= expected + 1us, "and no later");
    });
}

BOOST_AUTO_TEST_CASE(all_waits_for_both_and_a_failure_stops_the_other) {
    within_three_preemptions([] {
        auto five = corun::spawn([] {
            corun::yield();
            return 5;
        });
        corun::channel<int> c;
        auto sender = corun::spawn([&] { corun::yield(c.send(7)); });
        const auto [joined, received] = corun::yield(corun::all(five.join(), c.receive()));
        sim::require(joined == 5 && received == 7);
        corun::yield(sender.join());
    });
}

BOOST_AUTO_TEST_CASE(a_race_loses_nothing_that_its_losers_got) {
    std::size_t wins[2] = {};
    within_three_preemptions([&] {
        corun::channel<int> a{1}, b{1};
        auto to_a = corun::spawn([&] { corun::yield(a.send(1)); });
        auto to_b = corun::spawn([&] { corun::yield(b.send(2)); });
        auto ended = corun::yield(corun::race(a.receive(), b.receive()));
        int sum = 0;
        if (ended.get<0>().has_value()) sum += ended.get<0>().value().value();
        if (ended.get<1>().has_value()) sum += ended.get<1>().value().value();
        ++wins[ended.winner()];
        corun::yield(to_a.join());
        corun::yield(to_b.join());
        while (const auto left = a.try_receive()) sum += *left;
        while (const auto left = b.try_receive()) sum += *left;
        sim::require(sum == 3, "each value is somewhere");
    });
    BOOST_TEST(wins[0] > 0U);
    BOOST_TEST(wins[1] > 0U);
}

BOOST_AUTO_TEST_CASE(a_cancelled_race_stops_all_and_waits_for_them) {
    within_three_preemptions([] {
        corun::concurrent_event never;
        corun::semaphore permits{0};
        bool got = false;
        auto racer = corun::spawn([&] { got = corun::yield(corun::race(never.wait(), permits.acquire())).get<1>().has_value(); });
        auto releases = corun::spawn([&] { permits.release(); });
        racer.cancel();
        const bool cancelled = was_cancelled(racer);
        corun::yield(releases.join());
        sim::require(cancelled != got || permits.permits() == 1);
        sim::require(permits.permits() == (got ? 0 : 1), "the permit is where it was, or with who got it");
    });
}

BOOST_AUTO_TEST_SUITE_END()
