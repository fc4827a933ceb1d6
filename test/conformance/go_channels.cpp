// What Go's own tests of channels ask (runtime/chan_test.go), asked of ours. The cases carry their names; those about
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

#include <any>
#include <array>
#include <atomic>
#include <memory>
#include <numeric>
#include <optional>
#include <thread>
#include <typeinfo>
#include <vector>

using namespace std::chrono_literals;

using corun_test::let_them_wait;

BOOST_FIXTURE_TEST_SUITE(go_channels, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(TestChan) {
    for (std::size_t capacity = 0; capacity < 20; ++capacity)
        corun::run([capacity] {
            {  // Receiving from an empty one waits, both ways.
                corun::channel<int> c{capacity};
                bool one = false, two = false;
                auto first = corun::spawn([&] { one = corun::yield(c.receive()).has_value(); });
                auto second = corun::spawn([&] { two = std::get<0>(corun::yield(corun::select(c.receive()))).has_value(); });
                let_them_wait();
                BOOST_TEST((!first.done() && !second.done()));
                BOOST_TEST(corun::yield(corun::select(c.receive(), corun::or_else())).index() == 1);
                corun::yield(c.send(0));
                corun::yield(c.send(0));
                corun::yield(first.join());
                corun::yield(second.join());
                BOOST_TEST((one && two));
            }
            {  // Sending to a full one waits.
                corun::channel<std::size_t> c{capacity};
                for (std::size_t i = 0; i < capacity; ++i) corun::yield(c.send(i));
                auto blocked = corun::spawn([&] { corun::yield(c.send(capacity)); });
                let_them_wait();
                BOOST_TEST(!blocked.done());
                BOOST_TEST(corun::yield(corun::select(c.send(99), corun::or_else())).index() == 1);
                for (std::size_t i = 0; i <= capacity; ++i) BOOST_TEST(corun::yield(c.receive()).value() == i);
                corun::yield(blocked.join());
            }
            {  // Nothing comes out of a closed one when it is empty; and what is in it comes first.
                corun::channel<std::size_t> c{capacity};
                for (std::size_t i = 0; i < capacity; ++i) corun::yield(c.send(i));
                c.close();
                for (std::size_t i = 0; i < capacity; ++i) BOOST_TEST(corun::yield(c.receive()).value() == i);
                BOOST_TEST(!corun::yield(c.receive()).has_value());
                BOOST_TEST(!std::get<0>(corun::yield(corun::select(c.receive()))).has_value());
            }
            {  // Closing ends a receive that waits.
                corun::channel<int> c{capacity};
                auto waiting = corun::spawn([&] { return corun::yield(c.receive()).has_value(); });
                let_them_wait();
                c.close();
                BOOST_TEST(!corun::yield(waiting.join()));
            }
            {  // A hundred values in order.
                corun::channel<int> c{capacity};
                auto sender = corun::spawn([&] {
                    for (int i = 0; i < 100; ++i) corun::yield(c.send(i));
                });
                for (int i = 0; i < 100; ++i) BOOST_TEST(corun::yield(c.receive()).value() == i);
            }
            {  // Four senders and four receivers: each value as often as it was sent.
                corun::channel<int> c{capacity};
                std::array<int, 200> seen{};
                std::vector<corun::fiber<>> all;
                for (int s = 0; s < 4; ++s)
                    all.push_back(corun::spawn([&] {
                        for (int i = 0; i < 200; ++i) corun::yield(c.send(i));
                    }));
                for (int r = 0; r < 4; ++r)
                    all.push_back(corun::spawn([&] {
                        for (int i = 0; i < 200; ++i) ++seen[static_cast<std::size_t>(corun::yield(c.receive()).value())];
                    }));
                for (auto& f : all) corun::yield(f.join());
                for (const int times : seen) BOOST_TEST_REQUIRE(times == 4);
            }
            {  // Length and capacity.
                corun::channel<int> c{capacity};
                BOOST_TEST((c.size() == 0 && c.capacity() == capacity));
                for (std::size_t i = 0; i < capacity; ++i) corun::yield(c.send(1));
                BOOST_TEST(c.size() == capacity);
            }
        });
}

BOOST_AUTO_TEST_CASE(TestNonblockRecvRace) {
    for (int i = 0; i < 2000; ++i) {
        corun::concurrent_channel<int> c{1};
        (void)c.try_send(1);
        bool received = false;
        std::jthread receiving{[&] { received = c.try_receive().has_value(); }};
        c.close();
        receiving.join();
        BOOST_TEST_REQUIRE(received);
    }
}

// Of two that take turns to close and to look, one finds something.
BOOST_AUTO_TEST_CASE(TestNonblockSelectRace) {
    corun::run([] {
        for (int i = 0; i < 1000; ++i) {
            corun::channel<int> a{1}, b{1};
            corun::yield(a.send(1));
            auto other =
                corun::spawn([&] { return corun::yield(corun::select(a.receive(), b.receive(), corun::or_else())).index() != 2; });
            corun::yield(b.send(1));
            (void)corun::yield(corun::select(a.receive(), corun::or_else()));
            BOOST_TEST_REQUIRE(corun::yield(other.join()));
        }
    });
}

BOOST_AUTO_TEST_CASE(TestNonblockSelectRace2) {
    corun::run([] {
        for (int i = 0; i < 1000; ++i) {
            corun::channel<int> a{1}, b;
            corun::yield(a.send(1));
            auto other =
                corun::spawn([&] { return corun::yield(corun::select(a.receive(), b.receive(), corun::or_else())).index() != 2; });
            b.close();
            (void)corun::yield(corun::select(a.receive(), corun::or_else()));
            BOOST_TEST_REQUIRE(corun::yield(other.join()));
        }
    });
}

// Values of an erased type, by every way to send without waiting: what found no room is gone, whatever type it had.
BOOST_AUTO_TEST_CASE(TestChanSendInterface) {
    struct empty {};
    const auto marked = std::make_shared<int>(7);
    corun::run([&] {
        corun::channel<std::any> c{1};
        corun::yield(c.send(std::any{marked}));
        BOOST_TEST(corun::yield(corun::select(c.send(std::any{marked}), corun::or_else())).index() == 1U);
        const auto neither = corun::yield(corun::select(c.send(std::any{marked}), c.send(std::any{empty{}}), corun::or_else()));
        BOOST_TEST(neither.index() == 2U);
        BOOST_TEST(marked.use_count() == 2);
        BOOST_TEST(std::any_cast<std::shared_ptr<int>>(corun::yield(c.receive()).value()) == marked);
        BOOST_TEST(marked.use_count() == 1);
        const auto either = corun::yield(corun::select(c.send(std::any{marked}), c.send(std::any{empty{}}), corun::or_else()));
        const auto received = corun::yield(c.receive()).value();
        BOOST_TEST((either.index() == 0 ? received.type() == typeid(marked) : received.type() == typeid(empty)));
        BOOST_TEST(either.index() < 2U);
        BOOST_TEST(!c.try_receive().has_value());
        // Many at once: as many are rid of theirs as receivers wait, and one more.
        std::vector<corun::fiber<std::any>> receivers;
        for (int i = 0; i < 10; ++i) receivers.push_back(corun::spawn([&] { return corun::yield(c.receive()).value(); }));
        let_them_wait();
        std::vector<corun::fiber<bool>> senders;
        for (int i = 0; i < 100; ++i)
            senders.push_back(corun::spawn([&, i] {
                auto value = i % 2 == 0 ? std::any{i} : std::any{std::make_shared<int>(i)};
                return corun::yield(corun::select(c.send(std::move(value)), corun::or_else())).index() == 0;
            }));
        std::vector<int> sent, got;
        for (int i = 0; i < 100; ++i)
            if (corun::yield(senders[static_cast<std::size_t>(i)].join())) sent.push_back(i);
        const auto number = [](const std::any& v) {
            return v.type() == typeid(int) ? std::any_cast<int>(v) : *std::any_cast<std::shared_ptr<int>>(v);
        };
        for (auto& r : receivers) got.push_back(number(corun::yield(r.join())));
        got.push_back(number(c.try_receive().value()));
        BOOST_TEST(sent.size() == 11U);
        BOOST_TEST(got == sent, boost::test_tools::per_element());
    });
    BOOST_TEST(marked.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(TestPseudoRandomSend) {
    for (const std::size_t capacity : {std::size_t{0}, std::size_t{1}, std::size_t{100}})
        corun::run([capacity] {
            corun::channel<int> c{capacity};
            int ones = 0;
            auto receiving = corun::spawn([&] {
                for (int i = 0; i < 100; ++i) ones += corun::yield(c.receive()).value();
            });
            for (int i = 0; i < 100; ++i) (void)corun::yield(corun::select(c.send(0), c.send(1)));
            corun::yield(receiving.join());
            BOOST_TEST((ones > 10 && ones < 90));
        });
}

BOOST_AUTO_TEST_CASE(TestMultiConsumer) {
    corun::run([] {
        corun::channel<int> questions{93}, answers{93};
        corun::wait_group working;
        for (int i = 0; i < 23; ++i) {
            working.add();
            corun::spawn([&] {
                while (auto q = corun::yield(questions.receive())) {
                    if (*q % 7 == 0) corun::yield();
                    corun::yield(answers.send(*q));
                }
                working.done();
            });
        }
        int expected = 0;
        for (int i = 0; i < 4000; ++i) expected += i;
        corun::spawn([&] {
            for (int i = 0; i < 4000; ++i) corun::yield(questions.send(i));
            questions.close();
            corun::yield(working.wait());
            answers.close();
        });
        int sum = 0, count = 0;
        while (auto a = corun::yield(answers.receive())) {
            sum += *a;
            ++count;
        }
        BOOST_TEST(count == 4000);
        BOOST_TEST(sum == expected);
    });
}

BOOST_AUTO_TEST_SUITE_END()
