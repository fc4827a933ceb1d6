// Selects over the concurrent_ twins on several threads at once: each case is committed once, nothing is lost, nobody waits for
// ever.
#include <corun/select.hpp>

#include <corun/channel.hpp>
#include <corun/concurrent_channel.hpp>
#include <corun/concurrent_semaphore.hpp>
#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"
#include "support/random.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <atomic>
#include <memory>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

using value = std::unique_ptr<int>;
using channel = corun::concurrent_channel<value>;

/// Joins fibers of which some are cancelled.
void join_all(std::vector<corun::fiber<>>& fibers) {
    for (auto& f : fibers) try {
            corun::yield(f.join());
        } catch (const corun::fiber_cancelled&) {
        }
}

/// Several schedulers, each on its thread, select over the same channels: some send, some receive, and all may be cancelled.
class program {
public:
    program(std::uint64_t seed, int threads)
        : seed_{seed},
          threads_{threads},
          roll_{seed},
          channels_{channel{roll_.below(3)}, channel{roll_.below(3)}, channel{1 + roll_.below(8)}} {}

    /// Returns how many values are not in exactly one place at the end.
    int run() {
        std::vector<std::jthread> all;
        for (int t = 0; t != threads_; ++t) all.emplace_back([this, t] { run_thread(t); });
        all.clear();
        for (auto& c : channels_)
            while (auto left = c.try_receive()) ++seen_[static_cast<std::size_t>(**left)];
        int misplaced = 0;
        for (int i = 0; i != made_; ++i) misplaced += seen_[static_cast<std::size_t>(i)] != 1;
        return misplaced;
    }

private:
    static constexpr int per_fiber = 40;

    void run_thread(int number) {
        corun::run([&] {
            corun_test::dice roll{seed_ * 16 + static_cast<std::uint64_t>(number)};
            corun::channel<int> local;
            std::vector<corun::fiber<>> senders, receivers;
            for (int i = 0; i != 2; ++i)
                senders.push_back(corun::spawn([&, seed = roll.below(1 << 20)] { send_some(seed, local); }));
            for (int i = 0; i != 2; ++i)
                receivers.push_back(corun::spawn([&, seed = roll.below(1 << 20)] { receive_some(seed, local); }));
            for (int i = 0; i != 20; ++i) {
                if (roll.one_in(20)) receivers[roll.below(2)].cancel();
                if (roll.one_in(20)) senders[roll.below(2)].cancel();
                corun::yield();
            }
            // Who is left would wait for partners that were cancelled.
            for (auto& s : senders) s.cancel();
            for (auto& r : receivers) r.cancel();
            join_all(senders);
            join_all(receivers);
        });
    }

    void send_some(std::uint64_t seed, corun::channel<int>& local) {
        corun_test::dice roll{seed};
        for (int i = 0; i != per_fiber; ++i) {
            value v = std::make_unique<int>(made_++);
            const int number = *v;
            struct keeper {  // whatever happens, what was not sent is seen
                ~keeper() {
                    if (mine) ++program_.seen_[static_cast<std::size_t>(number)];
                }
                program& program_;
                value& mine;
                int number;
            } keeps{*this, v, number};
            auto& other = channels_[roll.below(3)];
            auto result =
                corun::yield(corun::select(channels_[roll.below(3)].send(std::move(v)), other.receive(), local.receive()));
            if (result.index() == 1) note(std::get<1>(result));
            if (roll.one_in(3)) corun::yield();
        }
    }
    void receive_some(std::uint64_t seed, corun::channel<int>& local) {
        corun_test::dice roll{seed};
        for (int i = 0; i != per_fiber; ++i) {
            auto result = corun::yield(corun::select(channels_[0].receive(), channels_[1].receive(), channels_[2].receive(),
                                                     local.send(1), corun::sleep_for(1ms)));
            if (result.index() < 3)
                note(result.index() == 0 ? std::get<0>(result) : result.index() == 1 ? std::get<1>(result) : std::get<2>(result));
        }
    }
    void note(const std::optional<value>& v) { ++seen_[static_cast<std::size_t>(**v)]; }

    std::uint64_t seed_;
    int threads_;
    corun_test::dice roll_;
    std::array<channel, 3> channels_;
    std::atomic<int> made_{0};
    std::array<std::atomic<int>, 8 * 2 * per_fiber> seen_{};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(stress_select_shared, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(each_value_is_in_one_place) {
    for (const int threads : {2, 4, 8})
        corun_test::for_seeds(150, [&](std::uint64_t seed) {
            const int misplaced = program{seed, threads}.run();
            BOOST_TEST(misplaced == 0, misplaced << " values lost or doubled, " << threads << " threads, CORUN_SEED=" << seed);
        });
}

// Both sides select, on both channels, in opposite orders.
BOOST_AUTO_TEST_CASE(selects_that_meet_commit_both_or_neither) {
    constexpr int rounds = 2000;
    corun::concurrent_channel<int> a, b;
    std::array<std::atomic<int>, 2> sent{}, received{};
    const auto meet = [&](auto& first, auto& second) {
        corun::run([&] {
            for (int i = 0; i != rounds; ++i) {
                auto result = corun::yield(corun::select(first.send(1), second.receive(), second.send(1), first.receive()));
                const bool was_sent = result.index() % 2 == 0;
                const bool on_first = result.index() == 0 || result.index() == 3;
                ++(was_sent ? sent : received)[(on_first == (&first == &a)) ? 0 : 1];
            }
        });
    };
    {
        std::jthread one{[&] { meet(a, b); }}, other{[&] { meet(b, a); }};
    }
    for (std::size_t i : {0U, 1U}) BOOST_TEST(sent[i].load() == received[i].load());
    BOOST_TEST(sent[0] + sent[1] + received[0] + received[1] == 2 * rounds);
}

BOOST_AUTO_TEST_CASE(permits_are_taken_once_whoever_selects) {
    for (const int threads : {2, 4, 8}) {
        corun::concurrent_semaphore first{1}, second{1};
        std::atomic<int> inside{0};
        std::atomic<bool> too_many{false};
        {
            std::vector<std::jthread> all;
            for (int t = 0; t != threads; ++t)
                all.emplace_back([&] {
                    corun::run([&] {
                        for (int i = 0; i != 500; ++i) {
                            const auto got = corun::yield(corun::select(first.acquire(), second.acquire())).index();
                            if (++inside > 2) too_many = true;
                            corun::yield();
                            --inside;
                            (got == 0 ? first : second).release();
                        }
                    });
                });
        }
        BOOST_TEST(!too_many.load());
        BOOST_TEST(first.permits() == 1);
        BOOST_TEST(second.permits() == 1);
    }
}

BOOST_AUTO_TEST_SUITE_END()
