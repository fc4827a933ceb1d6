#include <corun/concurrent_broadcast.hpp>

#include <corun/run.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace asio = boost::asio;

BOOST_FIXTURE_TEST_SUITE(concurrent_broadcast, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(every_subscriber_sees_or_misses_each_value_once_and_in_order) {
    for (const int threads : {2, 4, 8}) {
        constexpr std::uint64_t values = 3000;
        corun::concurrent_broadcast<std::string> news{16};
        std::atomic<int> complete{0};
        {
            std::vector<std::jthread> readers;
            for (int t = 1; t < threads; ++t)
                readers.emplace_back([&complete, t, s = news.subscribe()]() mutable {
                    std::uint64_t next = 0;
                    const auto read_all = [&](auto receive) {
                        while (auto m = receive()) {
                            next += m->missed;
                            if (m->value != std::to_string(next)) return;
                            ++next;
                        }
                        complete += next == values;
                    };
                    if (t % 2 == 0)
                        read_all([&] { return s.blocking_receive(); });
                    else
                        corun::run([&] { read_all([&] { return corun::yield(s.receive()); }); });
                });
            for (std::uint64_t i = 0; i < values; ++i) news.send(std::to_string(i));
            news.close();
        }
        BOOST_TEST(complete.load() == threads - 1);
        BOOST_CHECK_THROW(news.send("late"), corun::channel_closed);
    }
}

BOOST_AUTO_TEST_CASE(a_handler_receives_too) {
    asio::io_context context;
    corun::concurrent_broadcast<int> news{2};
    auto s = news.subscribe();
    int received = 0;
    s.async_receive(asio::bind_executor(
        context, [&](std::exception_ptr, std::optional<corun::broadcast_message<int>> m) { received = m->value; }));
    news.send(5);
    context.run();
    BOOST_TEST(received == 5);
}

BOOST_AUTO_TEST_SUITE_END()
