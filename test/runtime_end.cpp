// How a runtime ends.
#include <corun/runtime.hpp>

#include <corun/shield.hpp>
#include <corun/token.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"
#include "support/server.hpp"

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <latch>
#include <stdexcept>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using tcp = asio::ip::tcp;
using corun_test::any_port;
using corun_test::echo;

namespace {

struct counted_end {
    std::atomic<int>& count;
    ~counted_end() { ++count; }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(runtime_end, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(stop_lets_fibers_end_within_the_grace) {
    corun::runtime cores{{.threads = 2}};
    std::atomic<bool> finished{false};
    std::latch inside{1};
    const auto at = cores.serve(any_port, [&](tcp::socket) {
        inside.count_down();
        corun::yield(corun::sleep_for(20ms));
        finished = true;
    });
    asio::io_context io;
    tcp::socket client{io};
    client.connect(at);
    inside.wait();
    cores.stop(1h);
    cores.join();
    BOOST_TEST(finished.load());
    tcp::socket late{io};
    BOOST_CHECK_THROW(late.connect(at), boost::system::system_error);
}

BOOST_AUTO_TEST_CASE(after_the_grace_fibers_are_cancelled_and_run_to_their_end) {
    corun::runtime cores{{.threads = 2}};
    std::atomic<int> ended{0}, shielded{0};
    std::latch all_inside{4};
    for (std::size_t i = 0; i < 4; ++i)
        cores.spawn_on(i % 2, [&] {
            const counted_end last{ended};
            all_inside.count_down();
            try {
                corun::yield(corun::sleep_for(1h));
            } catch (const corun::cancelled& c) {
                corun::yield(corun::with_shield(1h, [&] {
                    corun::yield(corun::sleep_for(1ms));
                    if (c.reason() == corun::cancel_reason::shutdown) ++shielded;
                }));
                throw;
            }
        });
    all_inside.wait();
    cores.stop(5ms);
    cores.join();
    BOOST_TEST(ended == 4);
    BOOST_TEST(shielded == 4);
}

BOOST_AUTO_TEST_CASE(fibers_that_are_spawned_after_the_grace_are_cancelled_too) {
    corun::runtime cores{{.threads = 2}};
    std::atomic<int> ended{0};
    std::latch inside{1};
    cores.spawn_on(0, [&] {
        const counted_end last{ended};
        inside.count_down();
        try {
            corun::yield(corun::sleep_for(1h));
        } catch (const corun::cancelled&) {
            for (const std::size_t other : {0U, 1U})
                cores.spawn_on(other, [&] {
                    const counted_end child{ended};
                    corun::yield(corun::sleep_for(1h));
                });
            throw;
        }
    });
    inside.wait();
    cores.stop();
    cores.join();
    BOOST_TEST(ended == 3);
}

BOOST_AUTO_TEST_CASE(a_second_stop_shortens_the_grace) {
    corun::runtime cores{{.threads = 2}};
    std::latch inside{1};
    auto endless = cores.spawn([&] {
        inside.count_down();
        corun::yield(corun::sleep_for(1h));
    });
    inside.wait();
    cores.stop(1h);
    cores.stop(0s);
    cores.stop(2h);
    cores.join();
    BOOST_CHECK_THROW(endless.get(), corun::fiber_cancelled);
}

BOOST_AUTO_TEST_CASE(one_of_its_fibers_may_stop_it) {
    corun::runtime cores{{.threads = 2}};
    (void)cores.serve(any_port, echo);
    cores.spawn([&] { cores.stop(); });
    cores.join();
}

BOOST_AUTO_TEST_CASE(destroyed_it_stops_and_joins) {
    std::atomic<int> ended{0};
    {
        corun::runtime cores{{.threads = 2}};
        (void)cores.serve(any_port, echo);
        std::latch inside{10};
        for (int i = 0; i < 10; ++i)
            cores.spawn([&] {
                const counted_end last{ended};
                inside.count_down();
                for (;;) corun::yield();
            });
        inside.wait();
    }
    BOOST_TEST(ended == 10);
}

BOOST_AUTO_TEST_CASE(what_leaves_an_event_loop_stops_it_and_is_thrown_by_join) {
    corun::runtime cores{{.threads = 2, .scheduler = {.on_unhandled = corun::rethrow_unhandled}}};
    cores.spawn_on(0, [] { corun::yield(corun::sleep_for(1h)); });
    cores.spawn_on(1, [] { throw std::out_of_range{"nobody joins"}; });
    BOOST_CHECK_THROW(cores.join(), std::out_of_range);
}

BOOST_AUTO_TEST_CASE(join_is_refused_on_fibers_and_spawn_after_the_end) {
    corun::runtime cores{{.threads = 2}};
    auto joins = cores.spawn([&] { cores.join(); });
    BOOST_CHECK_THROW(joins.get(), corun::switch_forbidden);
    BOOST_CHECK_THROW(cores.spawn_on(2, [] {}), std::out_of_range);
    cores.join();
    BOOST_CHECK_THROW(cores.spawn([] {}), std::logic_error);
    BOOST_CHECK_THROW((void)cores.serve(any_port, echo), std::logic_error);
    cores.join();
}

BOOST_AUTO_TEST_SUITE_END()
