#include <corun/broadcast.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/select.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <vector>

using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(broadcast, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(every_subscriber_sees_all_in_order) {
    corun::run([] {
        corun::broadcast<std::string> news{8};
        std::vector<corun::fiber<std::string>> readers;
        for (int i = 0; i < 3; ++i)
            readers.push_back(corun::spawn([s = news.subscribe()]() mutable {
                std::string all;
                while (auto m = corun::yield(s.receive())) {
                    BOOST_TEST(m->missed == 0U);
                    all += m->value;
                }
                return all;
            }));
        for (const char* word : {"a", "b", "c", "d"}) {
            news.send(word);
            if (*word == 'b') corun::yield();
        }
        news.close();
        BOOST_CHECK_THROW(news.send("late"), corun::channel_closed);
        for (auto& r : readers) BOOST_TEST(corun::yield(r.join()) == "abcd");
    });
}

BOOST_AUTO_TEST_CASE(a_slow_one_is_told_how_many_it_missed_and_goes_on_with_the_oldest_kept) {
    corun::run([] {
        corun::broadcast<int> news{4};
        auto slow = news.subscribe();
        for (int i = 0; i < 10; ++i) news.send(i);
        auto late = news.subscribe();
        BOOST_TEST(slow.pending() == 4U);
        const auto first = corun::yield(slow.receive());
        BOOST_TEST(first->value == 6);
        BOOST_TEST(first->missed == 6U);
        const auto second = corun::yield(slow.receive());
        BOOST_TEST(second->value == 7);
        BOOST_TEST(second->missed == 0U);
        BOOST_TEST(late.pending() == 0U);
    });
}

BOOST_AUTO_TEST_CASE(a_message_that_loses_a_select_is_still_there) {
    corun::run([] {
        corun::broadcast<int> a{2}, b{2};
        auto of_a = a.subscribe(), of_b = b.subscribe();
        auto selecting = corun::spawn([&] { return corun::yield(corun::select(of_a.receive(), of_b.receive())).index(); });
        corun::yield();
        b.send(1);
        a.send(2);
        BOOST_TEST(corun::yield(selecting.join()) == 1U);
        BOOST_TEST(of_a.pending() == 1U);
        BOOST_TEST(of_b.pending() == 0U);
    });
}

/// The first one sends another one as it ends.
struct last_word {
    corun::broadcast<std::shared_ptr<last_word>>& to;
    int number;
    ~last_word() {
        if (number == 1) to.send(std::make_shared<last_word>(to, 100));
    }
};

BOOST_AUTO_TEST_CASE(a_value_that_is_displaced_may_send) {
    corun::run([] {
        corun::broadcast<std::shared_ptr<last_word>> news{2};
        auto reader = news.subscribe();
        for (int i = 1; i <= 3; ++i) news.send(std::make_shared<last_word>(news, i));
        const auto first = corun::yield(reader.receive());
        BOOST_TEST(first->missed == 2U);
        BOOST_TEST(first->value->number == 3);
        BOOST_TEST(corun::yield(reader.receive())->value->number == 100);
        BOOST_TEST(reader.pending() == 0U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
