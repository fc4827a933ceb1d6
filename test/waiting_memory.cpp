// Waiting allocates nothing, and serving neither: counted for each primitive and each twin.
#include <corun.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <string_view>

namespace {

constexpr int rounds = 100;

/// One fiber waits again and again, another one serves it, after it has begun to wait.
template <class Wait, class Serve>
void allocates_nothing(std::string_view what, Wait wait, Serve serve) {
    auto waiting = corun::spawn([&] {
        for (int i = 0; i != rounds; ++i) wait();
    });
    std::size_t before = 0;
    for (int i = 0; i != rounds; ++i) {
        corun::yield();
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
        "mutex", [&] { (void)corun::yield(m.lock()); },
        [&] {
            held.unlock();
            corun::yield();
            held = m.try_lock();
        });

    Semaphore permits{0};
    allocates_nothing("semaphore", [&] { corun::yield(permits.acquire()); }, [&] { permits.release(); });

    Event automatic{corun::event_reset::automatic}, manual;
    allocates_nothing("automatic event", [&] { corun::yield(automatic.wait()); }, [&] { automatic.set(); });
    allocates_nothing(
        "manual event", [&] { corun::yield(manual.wait()); },
        [&] {
            manual.set();
            manual.reset();
        });

    std::optional<Latch> latch{std::in_place, 1};
    allocates_nothing(
        "latch", [&] { corun::yield(latch->wait()); },
        [&] {
            latch->count_down();
            corun::yield();
            latch.emplace(1);
        });

    WaitGroup all;
    all.add();
    allocates_nothing(
        "wait_group", [&] { corun::yield(all.wait()); },
        [&] {
            all.done();
            all.add();
        });

    Broadcast news{2};
    auto reader = news.subscribe();
    allocates_nothing("broadcast", [&] { (void)corun::yield(reader.receive()); }, [&] { news.send(1); });

    Channel rendezvous, bounded{2}, any{corun::unbounded};
    allocates_nothing("rendezvous", [&] { (void)corun::yield(rendezvous.receive()); }, [&] { corun::yield(rendezvous.send(1)); });
    allocates_nothing("bounded channel", [&] { corun::yield(bounded.send(1)); }, [&] { (void)bounded.try_receive(); });
    allocates_nothing("unbounded channel", [&] { (void)corun::yield(any.receive()); }, [&] { corun::yield(any.send(1)); });
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
            "shared_mutex", [&] { (void)corun::yield(s.lock_shared()); },
            [&] {
                alone.unlock();
                corun::yield();
                alone = s.try_lock();
            });

        corun::mutex m;
        corun::condition_variable changed;
        allocates_nothing(
            "condition_variable",
            [&] {
                auto held = corun::yield(m.lock());
                corun::yield(changed.wait(held));
            },
            [&] { changed.notify_one(); });

        corun::barrier both{2};
        allocates_nothing("barrier", [&] { (void)corun::yield(both.arrive_and_wait()); }, [&] { (void)corun::yield(both.arrive_and_wait()); });

        std::optional<corun::once> once{std::in_place};
        corun::event called{corun::event_reset::automatic};
        allocates_nothing(
            "once",
            [&] {
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

        corun::rate_limiter limiter{1e6, 1};
        allocates_nothing(
            "rate_limiter", [&] { corun::yield(limiter.acquire()); }, [&] { corun::yield(corun::sleep_for(std::chrono::microseconds{5})); });
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
