// A context dies with the fibers of its schedulers and strands, and those that they spawn then; their handles outlive it.
#include "support/leaks.hpp"
#include "support/present.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <optional>

using namespace std::chrono_literals;
namespace asio = boost::asio;
using corun_test::counts;
using corun_test::present;

BOOST_FIXTURE_TEST_SUITE(context_destroyed, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(schedulers_of_its_own_and_made_on_it) {
    counts all;
    {
        asio::io_context io;
        corun::scheduler first{io.get_executor()}, second{io.get_executor()};
        for (auto* scheduler : {&first, &second, &corun::scheduler::of(io)})
            corun::spawn(*scheduler, [&all] {
                present here{all};
                corun::yield(corun::sleep_for(1h));
            });
        io.poll();
    }
    BOOST_TEST(all.begun == 3);
    BOOST_TEST(all.destroyed == 3);
}

BOOST_AUTO_TEST_CASE(fibers_of_a_strand) {
    counts all;
    {
        asio::io_context io;
        auto strand = asio::make_strand(io);
        corun::spawn(strand, [&] {
            present here{all};
            asio::steady_timer timer{io, 1h};
            corun::yield(timer.async_wait(asio::deferred));
        });
        io.poll();
    }
    BOOST_TEST(all.begun == 1);
    BOOST_TEST(all.destroyed == 1);
}

// Their operations end with the context; until then nothing that a deadline does could help.
BOOST_AUTO_TEST_CASE(deadlines_around_what_waits_for_the_context_do_not_hold_it_up) {
    counts all;
    {
        asio::io_context io;
        const asio::steady_timer first{io};  // Asio's timers were there before our scheduler, and so end after it
        const auto wait = [&] {
            present here{all};
            asio::steady_timer timer{io, 24h};
            corun::yield(timer.async_wait(asio::deferred));
        };
        corun::spawn(io, [=] { corun::yield(corun::with_timeout(1h, wait)); });
        corun::spawn(io,
                     [=] { corun::yield(corun::with_timeout(1h, corun::with_group([=](corun::group& g) { g.spawn(wait); }))); });
        corun::spawn(io, [=] { corun::yield(corun::with_shield(1us, [=] { corun::yield(corun::move_on_after(1h, wait)); })); });
        io.poll();
    }
    BOOST_TEST(all.begun == 3);
    BOOST_TEST(all.destroyed == 3);
}

BOOST_AUTO_TEST_CASE(a_fiber_that_spawns_while_it_is_unwound) {
    counts all;
    {
        asio::io_context io;
        corun::spawn(io, [&] {
            struct spawner {
                counts& all;
                ~spawner() {
                    corun::spawn([&all = all] {
                        present here{all};
                        corun::yield(corun::sleep_for(1h));
                    });
                }
            } late{all};
            corun::yield(corun::sleep_for(1h));
        });
        io.poll();
    }
    BOOST_TEST(all.begun == 1);
    BOOST_TEST(all.destroyed == 1);
}

BOOST_AUTO_TEST_CASE(a_handle_that_outlives_it) {
    std::optional<corun::fiber<int>> handle;
    {
        asio::io_context io;
        handle = corun::spawn(io, [] {
            corun::yield(corun::sleep_for(1h));
            return 1;
        });
        io.poll();
    }
    BOOST_TEST(handle->done());
    BOOST_TEST(!handle->cancel());
    BOOST_CHECK_THROW(handle->get(), corun::fiber_cancelled);
}

BOOST_AUTO_TEST_SUITE_END()
