// The operation's context is not the fiber's, and dies under it; a handler is destroyed instead of called.
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <any>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>

using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

// An operation that keeps its handler until told what to do with it.
struct keeper {
    std::shared_ptr<void> held;
    template <class Token>
    auto wait(Token&& token) {
        return asio::async_initiate<Token, void(int)>(
            [this](auto handler) { held = std::make_shared<decltype(handler)>(std::move(handler)); }, token);
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(foreign_context, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(destroyed_while_a_fiber_waits_for_its_timer) {
    asio::io_context io;
    auto foreign = std::make_unique<asio::io_context>();
    auto timer = std::make_unique<asio::steady_timer>(*foreign, 1h);
    std::optional<corun::cancel_reason> reason;
    corun::spawn(io, [&] {
        try {
            corun::yield(timer->async_wait(asio::deferred));
        } catch (const corun::cancelled& c) {
            reason = c.reason();
            throw;
        } catch (const boost::system::system_error&) {
        }
    });
    io.poll();
    BOOST_TEST(!reason.has_value());
    foreign->get_executor();
    asio::steady_timer* leaked = timer.release();  // a timer destroyed first would complete its operation with an error
    foreign.reset();
    io.run();
    BOOST_TEST((reason == corun::cancel_reason::abandoned));
    ::operator delete(leaked);  // its context is gone: nothing is left to be destroyed
}

BOOST_AUTO_TEST_CASE(destroyed_on_another_thread) {
    asio::io_context io;
    auto foreign = std::make_unique<asio::io_context>();
    bool cancelled = false;
    corun::spawn(io, [&] {
        try {
            corun::yield(asio::post(*foreign, asio::deferred));
        } catch (const corun::cancelled&) {
            cancelled = true;
            throw;
        }
    });
    io.poll();
    std::thread other{[&] { foreign.reset(); }};
    io.run();
    other.join();
    BOOST_TEST(cancelled);
}

BOOST_AUTO_TEST_CASE(a_handler_destroyed_uncalled_wakes_its_fiber) {
    asio::io_context io;
    keeper keeps;
    bool woken = false;
    corun::spawn(io, [&] {
        BOOST_CHECK_EXCEPTION(keeps.wait(corun::yield), corun::cancelled,
                              [](const corun::cancelled& c) { return c.reason() == corun::cancel_reason::abandoned; });
        woken = true;
        BOOST_CHECK_THROW(corun::yield(), corun::cancelled);
    });
    io.poll();
    BOOST_TEST(!woken);
    keeps.held.reset();
    io.run();
    BOOST_TEST(woken);
}

BOOST_AUTO_TEST_CASE(a_handler_destroyed_while_it_is_initiated) {
    corun::run([] {
        auto fiber = corun::spawn([] {
            return asio::async_initiate<const corun::yield_t&, void(int)>([](auto handler) { (void)handler; }, corun::yield);
        });
        BOOST_CHECK_THROW(corun::yield(fiber.join()), corun::fiber_cancelled);
    });
}

BOOST_AUTO_TEST_CASE(the_fibers_context_dies_while_a_race_waits_there_and_elsewhere) {
    asio::thread_pool pool{1};
    for (int round = 0; round != 50; ++round) {
        bool stopped = false;
        {
            asio::io_context io;
            corun::spawn(io, [&] {
                asio::steady_timer there{pool, 1h}, here{io, 1h};
                try {
                    (void)corun::yield(corun::race(there.async_wait(asio::deferred), here.async_wait(asio::deferred)));
                } catch (const corun::cancelled&) {
                    stopped = true;
                    throw;
                }
            });
            io.poll();
        }
        BOOST_TEST(stopped);
    }
    pool.join();
}

BOOST_AUTO_TEST_CASE(the_fibers_context_dies_while_a_foreign_operation_runs) {
    asio::thread_pool pool{1};
    asio::steady_timer timer{pool, 1h};
    bool stopped = false;
    {
        asio::io_context io;
        corun::spawn(io, [&] {
            try {
                corun::yield(timer.async_wait(asio::deferred));
            } catch (const corun::cancelled&) {
                stopped = true;
                throw;
            }
        });
        io.poll();
    }
    BOOST_TEST(stopped);
    pool.join();
}

BOOST_AUTO_TEST_SUITE_END()
