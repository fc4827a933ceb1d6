// Waiting allocates nothing, and serving neither: counted for each primitive and each twin.
#include <corun.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace {

constexpr int rounds = 100;

/// One fiber waits again and again, another one serves it, after it has begun to: `wait` calls its argument directly before.
template <class Wait, class Serve>
void allocates_nothing(std::string_view what, Wait wait, Serve serve) {
    int begun = 0;
    auto waiting = corun::spawn([&] {
        for (int i = 0; i != rounds; ++i) {
            wait([&] { ++begun; });
            corun::yield();  // who serves gets ready for the next round
        }
    });
    std::size_t before = 0;
    for (int i = 0; i != rounds; ++i) {
        while (begun <= i) corun::yield();
        if (i == rounds / 2) before = corun_test::allocations_made();
        serve();
    }
    const std::size_t made = corun_test::allocations_made() - before;
    corun::yield(waiting.join());
    BOOST_TEST(made == 0U, what << ": " << made << " allocations");
}

/// Those that exist as plain ones and as twins.
template <class Mutex, class Semaphore, class Event, class Latch, class WaitGroup, class Broadcast, class Channel>
void each_kind() {
    Mutex m;
    auto held = m.try_lock();
    allocates_nothing(
        "mutex", [&](auto begins) { begins(), (void)corun::yield(m.lock()); },
        [&] {
            held.unlock();
            corun::yield();
            held = m.try_lock();
        });

    Semaphore permits{0};
    allocates_nothing("semaphore", [&](auto begins) { begins(), corun::yield(permits.acquire()); }, [&] { permits.release(); });

    Event automatic{corun::event_reset::automatic}, manual;
    allocates_nothing("automatic event", [&](auto begins) { begins(), corun::yield(automatic.wait()); }, [&] { automatic.set(); });
    allocates_nothing(
        "manual event", [&](auto begins) { begins(), corun::yield(manual.wait()); },
        [&] {
            manual.set();
            manual.reset();
        });

    std::optional<Latch> latch{std::in_place, 1};
    allocates_nothing(
        "latch", [&](auto begins) { begins(), corun::yield(latch->wait()); },
        [&] {
            latch->count_down();
            corun::yield();
            latch.emplace(1);
        });

    WaitGroup all;
    all.add();
    allocates_nothing(
        "wait_group", [&](auto begins) { begins(), corun::yield(all.wait()); },
        [&] {
            all.done();
            all.add();
        });

    Broadcast news{2};
    auto reader = news.subscribe();
    allocates_nothing("broadcast", [&](auto begins) { begins(), (void)corun::yield(reader.receive()); }, [&] { news.send(1); });

    Channel rendezvous, bounded{2}, any{corun::unbounded};
    allocates_nothing(
        "rendezvous", [&](auto begins) { begins(), (void)corun::yield(rendezvous.receive()); },
        [&] { corun::yield(rendezvous.send(1)); });
    allocates_nothing(
        "bounded channel", [&](auto begins) { begins(), corun::yield(bounded.send(1)); }, [&] { (void)bounded.try_receive(); });
    allocates_nothing(
        "unbounded channel", [&](auto begins) { begins(), (void)corun::yield(any.receive()); }, [&] { corun::yield(any.send(1)); });
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(waiting_memory, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(of_each_plain_primitive) {
    if (!corun_test::counts_allocations()) return;
    corun::run([] {
        each_kind<corun::mutex, corun::semaphore, corun::event, corun::latch, corun::wait_group, corun::broadcast<int>,
                  corun::channel<int>>();

        corun::shared_mutex s;
        auto alone = s.try_lock();
        allocates_nothing(
            "shared_mutex", [&](auto begins) { begins(), (void)corun::yield(s.lock_shared()); },
            [&] {
                alone.unlock();
                corun::yield();
                alone = s.try_lock();
            });

        corun::mutex m;
        corun::condition_variable changed;
        allocates_nothing(
            "condition_variable",
            [&](auto begins) {
                auto held = corun::yield(m.lock());
                begins();
                corun::yield(changed.wait(held));
            },
            [&] { changed.notify_one(); });

        corun::barrier both{2};
        allocates_nothing(
            "barrier", [&](auto begins) { begins(), (void)corun::yield(both.arrive_and_wait()); },
            [&] { (void)corun::yield(both.arrive_and_wait()); });

        std::optional<corun::once> once{std::in_place};
        corun::event called{corun::event_reset::automatic};
        allocates_nothing(
            "once",
            [&](auto begins) {
                begins();
                corun::yield(called.wait());
                corun::yield(once->call([] {}));
            },
            [&] {
                corun::yield(once->call([&] {
                    called.set();
                    corun::yield();
                    corun::yield();
                }));
                corun::yield();
                once.emplace();
            });
    });
}

// Time serves who waits for a token: first in line with a timer, the others behind it.
BOOST_AUTO_TEST_CASE(of_a_rate_limiter) {
    if (!corun_test::counts_allocations()) return;
    corun::run([] {
        corun::rate_limiter limiter{100'000, 1};
        const auto take = [&] {
            for (int i = 0; i != rounds; ++i) corun::yield(limiter.acquire());
        };
        auto other = corun::spawn(take);
        take();
        corun::yield(other.join());
        auto another = corun::spawn(take);
        corun::yield();
        const std::size_t before = corun_test::allocations_made();
        take();
        corun::yield(another.join());
        BOOST_TEST(corun_test::allocations_made() == before);
    });
}

// What ends by a deadline, too.
BOOST_AUTO_TEST_CASE(of_a_wait_in_vain) {
    if (!corun_test::counts_allocations()) return;
    corun::run([] {
        corun::channel<int> plain;
        corun::concurrent_channel<int> shared;
        std::size_t before = 0;
        for (int i = 0; i != rounds; ++i) {
            if (i == rounds / 2) before = corun_test::allocations_made();
            (void)corun::yield(corun::select(plain.receive(), shared.send(1), corun::sleep_for(std::chrono::microseconds{1})));
        }
        BOOST_TEST(corun_test::allocations_made() == before);
    });
}

BOOST_AUTO_TEST_CASE(of_wide_values) {
    if (!corun_test::counts_allocations()) return;
    struct alignas(128) wide {
        int value;
    };
    corun::run([] {
        corun::concurrent_broadcast<wide> news{2};
        auto reader = news.subscribe();
        allocates_nothing(
            "broadcast of wide values",
            [&](auto begins) {
                begins();
                const auto message = corun::yield(reader.receive());
                BOOST_TEST(message->value.value == 1);
                BOOST_TEST(reinterpret_cast<std::uintptr_t>(&message->value) % alignof(wide) == 0U);
            },
            [&] { news.send({1}); });
        corun::channel<wide> plain{2};
        allocates_nothing(
            "channel of wide values", [&](auto begins) { begins(), corun::yield(plain.send({1})); },
            [&] { (void)plain.try_receive(); });
    });
}

BOOST_AUTO_TEST_CASE(of_each_twin) {
    if (!corun_test::counts_allocations()) return;
    corun::run([] {
        each_kind<corun::concurrent_mutex, corun::concurrent_semaphore, corun::concurrent_event, corun::concurrent_latch,
                  corun::concurrent_wait_group, corun::concurrent_broadcast<int>, corun::concurrent_channel<int>>();
    });
}

BOOST_AUTO_TEST_SUITE_END()
