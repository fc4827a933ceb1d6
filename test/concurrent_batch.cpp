// Batches out of a concurrent_channel.
#include <corun/concurrent_channel.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/select.hpp>
#include <corun/spawn.hpp>
#include <corun/token.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <thread>
#include <variant>
#include <vector>

BOOST_FIXTURE_TEST_SUITE(concurrent_batch, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_batch_is_what_is_there_and_at_least_one) {
    for (const std::size_t capacity : {std::size_t{0}, std::size_t{4}, corun::unbounded}) {
        corun::concurrent_channel<std::unique_ptr<int>> c{capacity};
        std::vector<std::unique_ptr<int>> values;
        std::jthread sending{[&] {
            for (int i = 0; i < 100; ++i) c.blocking_send(std::make_unique<int>(i));
            c.close();
        }};
        BOOST_TEST(c.blocking_receive_some(values, 1) == 1U);
        std::size_t all = 1;
        corun::run([&] {
            while (const std::size_t count = corun::yield(c.receive_some(values, 7))) {
                BOOST_TEST(count <= 7U);
                all += count;
            }
        });
        BOOST_TEST(all == values.size());
        BOOST_TEST(values.size() == 100U);
        for (std::size_t i = 0; i < values.size(); ++i) BOOST_TEST(*values[i] == static_cast<int>(i));
        BOOST_TEST(c.blocking_receive_some(values) == 0U);
    }
}

BOOST_AUTO_TEST_CASE(a_batch_may_be_a_case_of_a_select_and_a_handlers) {
    corun::run([] {
        corun::concurrent_channel<int> c{4}, none;
        std::vector<int> values;
        BOOST_TEST(corun::yield(corun::select(c.receive_some(values), corun::or_else())).index() == 1U);
        for (int i = 0; i < 4; ++i) (void)c.try_send(i);
        BOOST_TEST(std::get<1>(corun::yield(corun::select(none.receive(), c.receive_some(values, 3)))) == 3U);
        BOOST_TEST(c.async_receive_some(values, 3, corun::yield) == 1U);
        BOOST_TEST(values == (std::vector<int>{0, 1, 2, 3}));
        auto waiting = corun::spawn([&] { return corun::yield(c.receive_some(values)); });
        corun::yield();
        (void)c.try_send(4);
        waiting.cancel();  // too late
        BOOST_TEST(corun::yield(waiting.join()) == 1U);
        BOOST_TEST(values.back() == 4);
    });
}

BOOST_AUTO_TEST_SUITE_END()
