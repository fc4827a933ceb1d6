// Programs that stand still for a while, and go on: nobody is told of a stall.
#include <corun/stall.hpp>

#include "support/stalls.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <latch>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using corun_test::stall_listener;

namespace {

// Runs a program to where its fibers stand still, and from there, by what happens outside of them, to its end.
void comes_to_its_end(stall_listener& l, auto&& main, auto&& outside) {
    corun::spawn(*l.io, main, [](std::exception_ptr failure) { BOOST_TEST(!failure); });
    l.io->poll();  // the context has no handler left to run: a false alarm is told by now
    BOOST_TEST(l.reports.empty(), l.text());
    outside();
    l.io->run();
    BOOST_TEST(l.reports.empty(), l.text());
}

void on_another_thread(auto&& what) { std::thread{what}.join(); }

// An operation of the user's that somebody completes by its waker.
struct foreign {
    std::optional<corun::waker>& completed_by;
    const std::atomic<bool>& done;
    bool ready() const { return done; }
    void start(corun::waker w) { completed_by = w; }
    bool cancel() { return false; }
    void get() {}
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(no_stall, stall_listener)

BOOST_AUTO_TEST_CASE(a_fiber_that_sleeps) {
    corun::event e;
    corun::fiber<> sleeper;
    comes_to_its_end(
        *this,
        [&] {
            sleeper = corun::spawn([] { corun::yield(corun::sleep_for(1h)); });
            corun::yield(e.wait());
        },
        [&] {
            asio::post(corun::scheduler::of(*io).get_executor(), [&] {
                sleeper.cancel();
                e.set();
            });
        });
}

BOOST_AUTO_TEST_CASE(a_deadline_above_what_a_fiber_waits_for) {
    corun::event e;
    comes_to_its_end(
        *this, [&] { corun::yield(corun::with_timeout(1h, [&] { corun::yield(e.wait()); })); },
        [&] { asio::post(corun::scheduler::of(*io).get_executor(), [&] { e.set(); }); });
}

BOOST_AUTO_TEST_CASE(a_handler_of_the_context_that_is_still_to_come) {
    corun::event e;
    asio::steady_timer timer{*io, 1h};
    timer.async_wait(asio::bind_executor(corun::scheduler::of(*io).get_executor(), [&](auto) { e.set(); }));
    comes_to_its_end(*this, [&] { corun::yield(e.wait()); }, [&] { timer.cancel(); });
}

BOOST_AUTO_TEST_CASE(another_thread_that_holds_a_work_guard) {
    corun::event e;
    auto guard = std::make_unique<asio::executor_work_guard<asio::io_context::executor_type>>(io->get_executor());
    comes_to_its_end(
        *this, [&] { corun::yield(e.wait()); },
        [&] {
            on_another_thread([&] {
                asio::post(corun::scheduler::of(*io).get_executor(), [&] { e.set(); });
                guard.reset();
            });
        });
}

BOOST_AUTO_TEST_CASE(a_signal_set) {
    corun::event e;
    asio::signal_set signals{*io, SIGUSR2};
    signals.async_wait(asio::bind_executor(corun::scheduler::of(*io).get_executor(), [&](auto, int) { e.set(); }));
    comes_to_its_end(*this, [&] { corun::yield(e.wait()); }, [] { std::raise(SIGUSR2); });
}

BOOST_AUTO_TEST_CASE(what_another_thread_brings_to_its_end) {
    corun::concurrent_event there;
    comes_to_its_end(
        *this,
        [&] {
            corun::event e;
            auto waits = corun::spawn([&] { corun::yield(e.wait()); });
            corun::yield(there.wait());
            e.set();
            corun::yield(waits.join());
        },
        [&] { on_another_thread([&] { there.set(); }); });
}

BOOST_AUTO_TEST_CASE(a_function_on_a_thread_of_the_pool) {
    std::latch go{1};
    comes_to_its_end(
        *this,
        [&] {
            corun::event e;
            auto waits = corun::spawn([&] { corun::yield(e.wait()); });
            corun::yield(corun::blocking([&] { go.wait(); }));
            e.set();
            corun::yield(waits.join());
        },
        [&] { go.count_down(); });
}

BOOST_AUTO_TEST_CASE(a_stop_token_that_another_thread_holds) {
    std::stop_source stop;
    comes_to_its_end(
        *this,
        [&] {
            corun::event e;
            BOOST_TEST(!corun::yield(corun::with_stop_token(stop.get_token(), e.wait())));
        },
        [&] { on_another_thread([&] { stop.request_stop(); }); });
}

BOOST_AUTO_TEST_CASE(an_operation_of_the_users) {
    std::optional<corun::waker> waker;
    std::atomic<bool> done{false};
    comes_to_its_end(
        *this,
        [&] {
            corun::event e;
            auto waits = corun::spawn([&] { corun::yield(e.wait()); });
            corun::yield(foreign{waker, done});
            e.set();
            corun::yield(waits.join());
        },
        [&] {
            on_another_thread([&] {
                done = true;
                waker->wake();
            });
        });
}

BOOST_AUTO_TEST_CASE(a_socket) {
    asio::local::stream_protocol::socket ours{*io}, theirs{*io};
    asio::local::connect_pair(ours, theirs);
    comes_to_its_end(
        *this,
        [&] {
            corun::event e;
            auto waits = corun::spawn([&] { corun::yield(e.wait()); });
            char c;
            corun::yield(corun::read(ours, asio::buffer(&c, 1)));
            e.set();
            corun::yield(waits.join());
        },
        [&] { asio::write(theirs, asio::buffer("x", 1)); });
}

BOOST_AUTO_TEST_SUITE_END()
