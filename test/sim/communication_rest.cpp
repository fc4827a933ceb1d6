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
using corun_test::in_every_schedule;
using corun_test::was_cancelled;

BOOST_FIXTURE_TEST_SUITE(communication_rest_explored, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(readers_share_a_mutex_and_a_writer_is_alone) {
    in_every_schedule([] {
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
    in_every_schedule([] {
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
    in_every_schedule([] {
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
    in_every_schedule([] {
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
    in_every_schedule([] {
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

BOOST_AUTO_TEST_CASE(a_supervised_child_that_returns_is_started_anew_and_ended_with_the_others) {
    in_every_schedule([] {
        int lives = 0;
        const auto life = [&] {
            corun::yield();
            if (++lives == 2) corun::yield(corun::sleep_for(24h));
        };
        const corun::child again{.name = "again", .function = life};
        const corun::child ends{.name = "ends", .function = [] {}, .restart = corun::restart::temporary};
        sim::require(!corun::yield(corun::move_on_after(1s, corun::supervise({}, again, ends))));
        sim::require(lives == 2);
    });
}

BOOST_AUTO_TEST_CASE(a_stop_token_ends_a_body_or_comes_too_late) {
    in_every_schedule([] {
        std::stop_source source;
        auto stopper = corun::spawn([&] { source.request_stop(); });
        int steps = 0;
        const bool ended = corun::yield(corun::with_stop_token(source.get_token(), [&] {
            for (; steps != 2; ++steps) corun::yield();
        }));
        sim::require(ended ? steps == 2 : steps < 2);
        corun::yield(stopper.join());
    });
}

BOOST_AUTO_TEST_SUITE_END()
