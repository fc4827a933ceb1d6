#include <corun/channel.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

const std::string long_text = "a string too long to be kept in place";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(channel, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_rendezvous_ends_when_the_value_is_taken) {
    corun::run([] {
        corun::channel<int> c;
        bool sent = false;
        auto sender = corun::spawn([&] {
            corun::yield(c.send(5));
            sent = true;
        });
        corun::yield();
        BOOST_TEST(!sent);
        BOOST_TEST(corun::yield(c.receive()).value() == 5);
        corun::yield(sender.join());
        BOOST_TEST(sent);
    });
}

BOOST_AUTO_TEST_CASE(senders_wait_only_for_a_full_channel) {
    corun::run([] {
        corun::channel<int> c{2};
        corun::yield(c.send(1));
        corun::yield(c.send(2));
        auto third = corun::spawn([&] { corun::yield(c.send(3)); });
        corun::yield();
        BOOST_TEST(!third.done());
        BOOST_TEST(corun::yield(c.receive()).value() == 1);
        corun::yield(third.join());
        BOOST_TEST(c.size() == 2U);
    });
}

BOOST_AUTO_TEST_CASE(unbounded_nobody_waits_to_send) {
    corun::run([] {
        corun::channel<int> c{corun::unbounded};
        for (int i = 0; i < 10'000; ++i) BOOST_TEST_REQUIRE(c.try_send(i));
        for (int i = 0; i < 10'000; ++i) BOOST_TEST_REQUIRE(c.try_receive().value() == i);
        BOOST_TEST(!c.try_receive().has_value());
    });
}

BOOST_AUTO_TEST_CASE(waiting_senders_and_receivers_are_served_in_their_order) {
    for (const std::size_t capacity : {std::size_t{0}, std::size_t{1}, std::size_t{3}})
        corun::run([capacity] {
            corun::channel<int> c{capacity};
            std::vector<corun::fiber<>> fibers;
            for (int i = 0; i < 8; ++i) fibers.push_back(corun::spawn([&c, i] { corun::yield(c.send(i)); }));
            corun::yield();
            for (int i = 0; i < 8; ++i) BOOST_TEST(corun::yield(c.receive()).value() == i);
            std::vector<int> receivers;
            for (int i = 0; i < 8; ++i)
                fibers.push_back(corun::spawn([&c, &receivers, i] {
                    BOOST_TEST(corun::yield(c.receive()).value() == i);
                    receivers.push_back(i);
                }));
            corun::yield();
            for (int i = 0; i < 8; ++i) BOOST_TEST(c.try_send(i));
            for (auto& f : fibers) corun::yield(f.join());
            std::vector<int> in_order(8);
            std::iota(in_order.begin(), in_order.end(), 0);
            BOOST_TEST(receivers == in_order);
        });
}

BOOST_AUTO_TEST_CASE(neither_end_is_overtaken_by_one_that_does_not_wait) {
    corun::run([] {
        corun::channel<int> c{1};
        corun::yield(c.send(1));
        auto waiting = corun::spawn([&] { corun::yield(c.send(2)); });
        corun::yield();
        BOOST_TEST(c.try_receive().value() == 1);  // and 2 is in the channel, before its sender runs again
        BOOST_TEST(!c.try_send(3));
        BOOST_TEST(c.try_receive().value() == 2);
    });
}

BOOST_AUTO_TEST_CASE(closed_it_is_drained_and_then_ends) {
    corun::run([] {
        corun::channel<int> c{3};
        corun::yield(c.send(1));
        corun::yield(c.send(2));
        c.close();
        c.close();
        BOOST_TEST(c.closed());
        BOOST_CHECK_THROW(corun::yield(c.send(3)), corun::channel_closed);
        BOOST_CHECK_THROW((void)c.try_send(3), corun::channel_closed);
        BOOST_TEST(corun::yield(c.receive()).value() == 1);
        BOOST_TEST(corun::yield(c.receive()).value() == 2);
        for (int i = 0; i < 2; ++i) BOOST_TEST(!corun::yield(c.receive()).has_value());
    });
}

BOOST_AUTO_TEST_CASE(closing_ends_those_who_wait) {
    corun::run([] {
        corun::channel<std::string> c;
        auto receiving = corun::spawn([&] { BOOST_TEST(!corun::yield(c.receive()).has_value()); });
        corun::yield();
        c.close();
        corun::yield(receiving.join());

        corun::channel<std::string> full{1};
        BOOST_TEST(full.try_send("first"));
        auto sending = corun::spawn([&] {
            std::string text = long_text;
            BOOST_CHECK_THROW(corun::yield(full.send(std::move(text))), corun::channel_closed);
            BOOST_TEST(text == long_text);  // still the sender's
        });
        corun::yield();
        full.close();
        corun::yield(sending.join());
        BOOST_TEST(full.try_receive().value() == "first");
    });
}

BOOST_AUTO_TEST_CASE(a_batch_is_what_is_there_and_at_least_one) {
    corun::run([] {
        corun::channel<int> c{4};
        std::vector<int> values;
        auto sending = corun::spawn([&] {
            for (int i = 0; i < 10; ++i) corun::yield(c.send(i));
            c.close();
        });
        BOOST_TEST(corun::yield(c.receive_some(values, 3)) == 3U);  // it waited for the first one
        BOOST_TEST(corun::yield(c.receive_some(values, 1)) == 1U);
        std::size_t count = 0;
        while ((count = corun::yield(c.receive_some(values))) != 0) BOOST_TEST(count <= 6U);
        BOOST_TEST(values.size() == 10U);
        for (int i = 0; i < 10; ++i) BOOST_TEST(values[static_cast<std::size_t>(i)] == i);
    });
}

BOOST_AUTO_TEST_CASE(a_rendezvous_allocates_nothing) {
    if (!corun_test::counts_allocations()) return;
    corun::run([] {
        corun::channel<int> there, back;
        auto echo = corun::spawn([&] {
            while (auto v = corun::yield(there.receive())) corun::yield(back.send(*v));
        });
        std::size_t before = 0;
        for (int i = 0; i < 1000; ++i) {
            if (i == 1) before = corun_test::allocations_made();
            corun::yield(there.send(i));
            (void)corun::yield(back.receive());
        }
        BOOST_TEST(corun_test::allocations_made() == before);
        there.close();
        corun::yield(echo.join());
    });
}

BOOST_AUTO_TEST_CASE(a_full_channel_allocates_nothing_once_it_has_been_full) {
    if (!corun_test::counts_allocations()) return;
    corun::run([] {
        corun::channel<int> c{1000};
        std::size_t before = 0;
        for (int lap = 0; lap < 16; ++lap) {
            if (lap == 8) before = corun_test::allocations_made();
            while (c.try_send(lap)) {
            }
            for (int i = 0; i < 900 + lap * 5; ++i) (void)c.try_receive();
        }
        BOOST_TEST(corun_test::allocations_made() == before);
    });
}

BOOST_AUTO_TEST_SUITE_END()
