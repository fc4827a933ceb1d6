// Handles of a group, which go where its block does not.
#include <corun/group.hpp>

#include <corun/run.hpp>
#include <corun/scheduler.hpp>
#include <corun/sleep.hpp>
#include <corun/this_fiber.hpp>

#include "support/leaks.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <optional>
#include <string>
#include <thread>

namespace asio = boost::asio;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(group_handles, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_callback_on_its_executor_may_spawn_into_it) {
    corun::run([] {
        bool ran = false;
        corun::yield(corun::with_group([&](corun::group& g) {
            g.spawn([] { corun::yield(corun::sleep_for(2ms)); });
            asio::post(corun::this_fiber::executor(), [g, &ran]() mutable { g.spawn([&ran] { ran = true; }); });
        }));
        BOOST_TEST(ran);
    });
}

BOOST_AUTO_TEST_CASE(on_another_scheduler_it_is_refused) {
    asio::io_context io;
    corun::scheduler other{io.get_executor()};
    std::string what;
    corun::spawn(io, [&] {
        corun::yield(corun::with_group([&](corun::group& g) {
            const auto from_there = corun::spawn(other, [&what, g]() mutable {
                try {
                    g.spawn([] {});
                } catch (const corun::wrong_scheduler& e) {
                    what = e.what();
                }
                BOOST_CHECK_THROW(g.cancel(), corun::wrong_scheduler);
                BOOST_CHECK_THROW(g.defer([] {}), corun::wrong_scheduler);
            });
            corun::yield(from_there.join());
        }));
    });
    io.run();
    BOOST_TEST(what.find("group_handles.cpp:") != std::string::npos, what);
}

BOOST_AUTO_TEST_CASE(spawning_into_one_that_has_ended_throws) {
    corun::run([] {
        std::optional<corun::group> kept;
        corun::yield(corun::with_group([&](corun::group& g) { kept = g; }));
        BOOST_CHECK_THROW(kept->spawn([] {}), corun::group_ended);
        BOOST_CHECK_THROW(kept->defer([] {}), corun::group_ended);
        BOOST_TEST(kept->size() == 0u);
        kept->cancel();
        corun::yield();
    });
}

// It refuses the other thread until it has ended, with its fiber and its scheduler; then there is nothing to cancel.
BOOST_AUTO_TEST_CASE(one_that_ends_while_another_thread_calls_it) {
    std::atomic<int> refusals{0};
    std::jthread other;
    corun::run([&] {
        corun::yield(corun::with_group([&](corun::group& g) {
            other = std::jthread{[&, g]() mutable {
                for (bool is_over = false; !is_over;) try {
                        g.cancel();
                        is_over = true;
                    } catch (const corun::wrong_scheduler&) {
                        ++refusals;
                    }
                BOOST_CHECK_THROW(g.spawn([] {}), corun::group_ended);
            }};
            while (refusals == 0) corun::yield();
        }));
    });
    other.join();
    BOOST_TEST(refusals > 0);
}

BOOST_AUTO_TEST_SUITE_END()
