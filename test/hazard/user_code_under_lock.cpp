// Values that use what they are passed through while they move, are copied or end. If its lock were held then, this would never
// end.
#include <corun/concurrent_broadcast.hpp>
#include <corun/concurrent_channel.hpp>
#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <functional>

namespace {

class looks_around {
public:
    looks_around() = default;
    looks_around(const looks_around&) { look(); }
    looks_around(looks_around&&) noexcept { look(); }
    ~looks_around() { look(); }

    static inline std::function<void()> at;
    static inline int times = 0;

private:
    static void look() {
        if (!at) return;
        at();
        ++times;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(user_code_under_lock, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_channel_holds_no_lock_while_a_value_moves_or_ends) {
    for (const std::size_t capacity : {std::size_t{0}, std::size_t{2}, corun::unbounded}) {
        corun::concurrent_channel<looks_around> c{capacity};
        looks_around::at = [&] { (void)(c.size() + c.closed()); };
        looks_around::times = 0;
        corun::run([&] {
            auto sending = corun::spawn([&] {
                for (int i = 0; i < 10; ++i) corun::yield(c.send(looks_around{}));
                c.close();
            });
            int received = 0;
            while (corun::yield(c.receive())) ++received;
            BOOST_TEST(received == 10);
            corun::yield(sending.join());
            auto waiting = corun::spawn([&] { BOOST_TEST(!corun::yield(c.receive()).has_value()); });
            BOOST_CHECK_THROW((void)c.try_send(looks_around{}), corun::channel_closed);
            corun::yield(waiting.join());
        });
        BOOST_TEST(looks_around::times >= 20);
        looks_around::at = nullptr;
    }
}

BOOST_AUTO_TEST_CASE(a_broadcast_holds_no_lock_while_a_value_is_copied_or_ends) {
    corun::concurrent_broadcast<looks_around> news{2};
    looks_around::times = 0;
    corun::run([&] {
        auto reader = news.subscribe(), slow = news.subscribe();
        looks_around::at = [&] { (void)news.subscribe(); };
        auto reading = corun::spawn([&] {
            while (corun::yield(reader.receive())) {
            }
        });
        for (int i = 0; i < 5; ++i) {
            news.send(looks_around{});
            corun::yield();
        }
        BOOST_TEST(corun::yield(slow.receive())->missed == 3U);
        news.close();
        corun::yield(reading.join());
        BOOST_CHECK_THROW(news.send(looks_around{}), corun::channel_closed);
    });
    BOOST_TEST(looks_around::times >= 10);
    looks_around::at = nullptr;
}

BOOST_AUTO_TEST_SUITE_END()
