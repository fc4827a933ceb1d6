// The programs in the folder test/chan of Go's distribution that ask how channels and select behave, asked of ours: what they are
// about, not their code. Those about the compiler (perm, sendstmt, zerosize, select4, select5, select8) have nothing to ask here;
// those that compute something have files of their own (go_sieves.cpp, go_power_series.cpp).
#include <corun/channel.hpp>
#include <corun/concurrent_channel.hpp>
#include <corun/fiber.hpp>
#include <corun/group.hpp>
#include <corun/run.hpp>
#include <corun/select.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"
#include "support/waiting.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <thread>
#include <vector>

using corun_test::let_them_wait;

BOOST_FIXTURE_TEST_SUITE(go_programs, corun_test::nothing_left)

// Two selects never take one value, nor does one select take two: here over four channels, two of them fed through a select.
BOOST_AUTO_TEST_CASE(doubleselect) {
    constexpr int values = 10'000;
    corun::concurrent_channel<int> c[4];
    std::jthread sending{[&] {
        corun::run([&] {
            for (int i = 0; i != values; ++i) corun::yield(corun::select(c[0].send(i), c[1].send(i), c[2].send(i), c[3].send(i)));
            for (auto& each : c) each.close();
        });
    }};
    std::vector<int> seen(values);
    corun::run([&] {
        corun::yield(corun::with_group([&](corun::group& all) {
            for (auto& each : c)
                all.spawn([&] {
                    while (const auto v = corun::yield(each.receive())) ++seen[static_cast<std::size_t>(*v)];
                });
        }));
    });
    BOOST_TEST(std::count(seen.begin(), seen.end(), 1) == values);
}

// Senders that wait are served in the order in which they came.
BOOST_AUTO_TEST_CASE(fifo) {
    corun::run([] {
        corun::channel<int> buffered{10};
        for (int i = 0; i != 10; ++i) corun::yield(buffered.send(i));
        for (int i = 0; i != 10; ++i) BOOST_TEST(corun::yield(buffered.receive()).value() == i);
        corun::channel<int> c;
        std::vector<corun::fiber<>> senders;
        for (int i = 0; i != 10; ++i) senders.push_back(corun::spawn([&, i] { corun::yield(c.send(i)); }));
        let_them_wait();
        for (int i = 0; i != 10; ++i) BOOST_TEST(corun::yield(c.receive()).value() == i);
        for (auto& s : senders) corun::yield(s.join());
    });
}

// A chain of many, each of which passes on one more than it got.
BOOST_AUTO_TEST_CASE(goroutines) {
    corun::run([] {
#if defined(CORUN_TSAN)  // which knows no more than 8128 stacks at a time
        constexpr std::size_t links = 1'000;
#else
        constexpr std::size_t links = 10'000;
#endif
        std::deque<corun::channel<std::size_t>> chain;
        for (std::size_t i = 0; i <= links; ++i) chain.emplace_back();
        std::vector<corun::fiber<>> all;
        for (std::size_t i = 0; i != links; ++i)
            all.push_back(corun::spawn({.stack_size = 32 * 1024},
                                       [&, i] { corun::yield(chain[i + 1].send(corun::yield(chain[i].receive()).value() + 1)); }));
        corun::yield(chain.front().send(1));
        BOOST_TEST(corun::yield(chain.back().receive()).value() == links + 1);
        for (auto& f : all) corun::yield(f.join());
    });
}

// What does not wait finds somebody only where somebody waits, or where there is room or a value.
BOOST_AUTO_TEST_CASE(nonblock) {
    corun::run([] {
        corun::channel<int> c;
        BOOST_TEST(!c.try_receive().has_value());
        BOOST_TEST(!c.try_send(1));
        auto receiver = corun::spawn([&] { return corun::yield(c.receive()).value(); });
        let_them_wait();
        BOOST_TEST(c.try_send(123));
        BOOST_TEST(!c.try_send(124));
        BOOST_TEST(corun::yield(receiver.join()) == 123);
        auto sender = corun::spawn([&] { corun::yield(c.send(234)); });
        let_them_wait();
        BOOST_TEST(c.try_receive().value() == 234);
        corun::yield(sender.join());
        corun::channel<int> one{1};
        BOOST_TEST(!one.try_receive().has_value());
        BOOST_TEST(one.try_send(1));
        BOOST_TEST(!one.try_send(2));
        BOOST_TEST(one.try_receive().value() == 1);
    });
}

// A select with a default case in which both directions of two channels take part in turn.
BOOST_AUTO_TEST_CASE(select1) {
    corun::run([] {
        corun::channel<int> a{1}, b{1};
        std::map<std::size_t, int> taken;
        for (int i = 0; i != 100; ++i) {
            const auto got = corun::yield(corun::select(a.send(1), b.send(1), a.receive(), b.receive(), corun::or_else()));
            ++taken[got.index()];
        }
        BOOST_TEST(taken[0] - taken[2] == static_cast<int>(a.size()));
        BOOST_TEST(taken[1] - taken[3] == static_cast<int>(b.size()));
        BOOST_TEST(taken[4] == 0);  // one of the two is always ready for something
    });
}

// Selects that go round and round without waiting need no more memory than one of them.
BOOST_AUTO_TEST_CASE(select2) {
    if (!corun_test::counts_allocations()) return;
    corun::run([] {
        corun::channel<int> c, unused;
        auto sender = corun::spawn([&] {
            for (int i = 0; i != 10'000; ++i) corun::yield(corun::select(c.send(i), unused.send(i)));
        });
        std::size_t before = 0;
        for (int i = 0; i != 10'000; ++i) {
            if (i == 10) before = corun_test::allocations_made();
            (void)corun::yield(corun::select(c.receive(), unused.receive()));
        }
        BOOST_TEST(corun_test::allocations_made() == before);
        corun::yield(sender.join());
    });
}

// Which operations wait, alone and as the only case of a select.
BOOST_AUTO_TEST_CASE(select3) {
    const auto waits = [](auto act) {
        auto f = corun::spawn([&] { act(); });
        let_them_wait();
        const bool waited = !f.done();
        f.cancel();
        try {
            corun::yield(f.join());
        } catch (const std::exception&) {  // cancelled, or closed
        }
        return waited;
    };
    corun::run([&] {
        corun::channel<int> empty, full{2}, closed;
        full.try_send(1);
        full.try_send(2);
        closed.close();
        BOOST_TEST(waits([&] { corun::yield(empty.send(1)); }));
        BOOST_TEST(waits([&] { (void)corun::yield(empty.receive()); }));
        BOOST_TEST(waits([&] { corun::yield(full.send(1)); }));
        BOOST_TEST(!waits([&] { (void)corun::yield(closed.receive()); }));
        BOOST_TEST(!waits([&] { corun::yield(closed.send(1)); }));
        BOOST_TEST(waits([&] { corun::yield(corun::select(empty.send(1))); }));
        BOOST_TEST(waits([&] { (void)corun::yield(corun::select(empty.receive())); }));
        BOOST_TEST(waits([&] { (void)corun::yield(corun::select(empty.receive(), full.send(1))); }));
        BOOST_TEST(!waits([&] { (void)corun::yield(corun::select(empty.receive(), closed.receive())); }));
        BOOST_TEST(!waits([&] { (void)corun::yield(corun::select(empty.receive(), corun::or_else())); }));
        BOOST_TEST(!waits([&] { (void)corun::yield(full.receive()); }));
    });
}

// A case that was withdrawn, from between two that wait, leaves their line whole.
BOOST_AUTO_TEST_CASE(select6) {
    corun::run([] {
        corun::channel<int> first, second;
        std::vector<int> got;
        const auto receive = [&](int who) {
            return corun::spawn([&, who] {
                (void)corun::yield(first.receive());
                got.push_back(who);
            });
        };
        auto before = receive(1);
        corun::yield();
        auto selecting = corun::spawn([&] { (void)corun::yield(corun::select(first.receive(), second.receive())); });
        corun::yield();
        auto after = receive(2);
        corun::yield();
        corun::yield(second.send(0));
        corun::yield(selecting.join());
        corun::yield(first.send(0));
        corun::yield(first.send(0));
        corun::yield(before.join());
        corun::yield(after.join());
        BOOST_TEST(got == (std::vector{1, 2}), boost::test_tools::per_element());
    });
}

// Whatever form the two ends of a rendezvous have, they meet: alone, or as one case of one or two.
BOOST_AUTO_TEST_CASE(select7) {
    corun::run([] {
        for (int sender = 0; sender != 3; ++sender)
            for (int receiver = 0; receiver != 3; ++receiver) {
                corun::channel<int> c, idle;
                int received = 0;
                auto receiving = corun::spawn([&] {
                    if (receiver == 0) received = corun::yield(c.receive()).value();
                    if (receiver == 1) received = std::get<0>(corun::yield(corun::select(c.receive()))).value();
                    if (receiver == 2) received = std::get<0>(corun::yield(corun::select(c.receive(), idle.receive()))).value();
                });
                corun::yield();
                if (sender == 0) corun::yield(c.send(1));
                if (sender == 1) corun::yield(corun::select(c.send(1)));
                if (sender == 2) BOOST_TEST(corun::yield(corun::select(c.send(1), idle.send(1))).index() == 0U);
                corun::yield(receiving.join());
                BOOST_TEST(received == 1);
            }
    });
}

BOOST_AUTO_TEST_SUITE_END()
