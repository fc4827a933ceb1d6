// What Go's own tests of select ask (runtime/chan_test.go), asked of ours. The cases carry their names; those about
// goroutine stacks and the garbage collector have nothing to ask here.
#include <corun/channel.hpp>
#include <corun/concurrent_channel.hpp>
#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/select.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/wait_group.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"
#include "support/waiting.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <atomic>
#include <memory>
#include <numeric>
#include <optional>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

using corun_test::let_them_wait;

BOOST_FIXTURE_TEST_SUITE(go_select, corun_test::nothing_left)

// A select that both sends to and receives from one channel never meets itself.
BOOST_AUTO_TEST_CASE(TestSelfSelect) {
    for (const std::size_t capacity : {std::size_t{0}, std::size_t{10}})
        corun::run([capacity] {
            corun::channel<int> c{capacity};
            std::vector<corun::fiber<>> both;
            for (int p = 0; p < 2; ++p)
                both.push_back(corun::spawn([&c, p, capacity] {
                    for (int i = 0; i < 1000; ++i) {
                        const auto receive = [&](std::optional<int> v) {
                            if (capacity == 0) BOOST_TEST_REQUIRE(v.value_or(1 - p) == 1 - p);
                        };
                        if (p == 0 || i % 2 == 0)
                            corun::yield(corun::select(corun::on(c.send(p), [] {}), corun::on(c.receive(), receive)));
                        else
                            corun::yield(corun::select(corun::on(c.receive(), receive), corun::on(c.send(p), [] {})));
                    }
                    c.close();
                }));
            for (auto& f : both) try {
                    corun::yield(f.join());
                } catch (const corun::channel_closed&) {  // the other was done first
                }
        });
}

BOOST_AUTO_TEST_CASE(TestSelectStress) {
    corun::run([] {
        constexpr int values = 2000;
        std::array<corun::channel<int>, 4> c{corun::channel<int>{}, corun::channel<int>{}, corun::channel<int>{2},
                                             corun::channel<int>{3}};
        std::vector<corun::fiber<>> all;
        for (auto& each : c) {
            all.push_back(corun::spawn([&each] {
                for (int i = 0; i < values; ++i) corun::yield(each.send(0));
            }));
            all.push_back(corun::spawn([&each] {
                for (int i = 0; i < values; ++i) BOOST_TEST_REQUIRE(corun::yield(each.receive()).has_value());
            }));
        }
        std::array<int, 4> sent{}, received{};
        all.push_back(corun::spawn([&] {
            for (int i = 0; i < 4 * values; ++i)
                ++sent[corun::yield(corun::select(c[0].send(0), c[1].send(0), c[2].send(0), c[3].send(0))).index()];
        }));
        all.push_back(corun::spawn([&] {
            for (int i = 0; i < 4 * values; ++i)
                ++received[corun::yield(corun::select(c[0].receive(), c[1].receive(), c[2].receive(), c[3].receive())).index()];
        }));
        // What selects have sent beyond what they have received, or less, keeps the plain ones waiting: help them out.
        bool all_done = false;
        auto helping = corun::spawn([&] {
            while (!all_done) {
                corun::yield(corun::sleep_for(1ms));
                for (auto& each : c) (void)(each.try_send(0) || each.try_receive());
            }
        });
        for (auto& f : all) corun::yield(f.join());
        all_done = true;
        corun::yield(helping.join());
        BOOST_TEST(std::accumulate(sent.begin(), sent.end(), 0) == 4 * values);
        BOOST_TEST(std::accumulate(received.begin(), received.end(), 0) == 4 * values);
    });
}

BOOST_AUTO_TEST_CASE(TestSelectFairness) {
    corun::run([] {
        constexpr int trials = 10'000;
        corun::channel<int> c1{trials + 1}, c2{trials + 1}, out, done;
        for (int i = 0; i < trials + 1; ++i) {
            corun::yield(c1.send(1));
            corun::yield(c2.send(2));
        }
        corun::channel<int> idle1, idle2;
        auto selecting = corun::spawn([&] {
            for (bool going = true; going;) {
                std::optional<int> b;
                corun::yield(corun::select(corun::on(idle1.receive(), [&](std::optional<int> v) { b = v; }),
                                           corun::on(idle2.receive(), [&](std::optional<int> v) { b = v; }),
                                           corun::on(c1.receive(), [&](std::optional<int> v) { b = v; }),
                                           corun::on(c2.receive(), [&](std::optional<int> v) { b = v; })));
                going = corun::yield(corun::select(corun::on(out.send(*b), [] { return true; }),
                                                   corun::on(done.receive(), [](std::optional<int>) { return false; })));
            }
        });
        int ones = 0;
        for (int i = 0; i < trials; ++i) ones += corun::yield(out.receive()).value() == 1;
        done.close();
        corun::yield(selecting.join());
        BOOST_TEST(std::abs(ones - trials / 2) < 300);  // six standard deviations
    });
}

BOOST_AUTO_TEST_CASE(TestSelectDuplicateChannel) {
    corun::run([] {
        corun::channel<int> c, other;
        auto selecting =
            corun::spawn([&] { return corun::yield(corun::select(c.receive(), c.receive(), other.receive())).index(); });
        let_them_wait();
        auto waiting = corun::spawn([&] { return corun::yield(c.receive()).value(); });
        let_them_wait();
        other.close();  // both of the select's places in c's line go away, and the one behind them moves up
        BOOST_TEST(corun::yield(selecting.join()) == 2U);
        corun::yield(c.send(8));
        BOOST_TEST(corun::yield(waiting.join()) == 8);
    });
}

BOOST_AUTO_TEST_SUITE_END()
