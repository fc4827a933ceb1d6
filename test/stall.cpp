// Programs in which nothing can move any more are told so; all others are left alone.
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <latch>
#include <memory>
#include <optional>
#include <sstream>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

// Collects what is reported, and ends the loop then.
struct listener : corun_test::nothing_left {
    listener() {
        corun::on_stall([this](const corun::stall& found) {
            reports.push_back(found);
            if (io) io->stop();
        });
    }
    ~listener() {
        io.reset();
        corun::on_stall(corun::report_stall);
    }

    std::string text() const {
        std::ostringstream out;
        for (const auto& report : reports) out << report;
        return out.str();
    }
    // Runs the context until it is stopped, and unwinds its fibers while what they wait for still lives.
    void run_until_stalled() {
        io->run();
        io.reset();
    }
    bool says(const std::string& part) const { return text().find(part) != std::string::npos; }

    std::vector<corun::stall> reports;
    std::unique_ptr<asio::io_context> io = std::make_unique<asio::io_context>();
};

std::string at(int line) { return std::string{__FILE__} + ":" + std::to_string(line); }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(stall, listener)

BOOST_AUTO_TEST_CASE(a_chain_that_ends_at_something_nobody_will_do_is_named_with_every_line) {
    corun::event packed;
    corun::mutex stock;
    int packs = 0, bills = 0, joins = 0;
    corun::spawn(
        *io, {.name = "shop"},
        [&] {
            auto shipping = corun::spawn({.name = "shipping"}, [&] {
                const auto held = corun::yield(stock.lock());
                packs = __LINE__ + 1;
                corun::yield(packed.wait());
            });
            auto billing = corun::spawn({.name = "billing"}, [&] {
                bills = __LINE__ + 1;
                (void)corun::yield(stock.lock());
            });
            corun::yield();  // both come as far as they can, in their order
            joins = __LINE__ + 1;
            corun::yield(billing.join());
        },
        asio::detached);
    run_until_stalled();
    BOOST_REQUIRE_EQUAL(reports.size(), 1u);
    BOOST_TEST(reports[0].fibers.size() == 3u);
    BOOST_TEST(says("'shop' waits at " + at(joins) + " for: join of #"), text());
    BOOST_TEST(says("'billing',\n    which waits at " + at(bills) + " for: mutex held by #"), text());
    BOOST_TEST(says("'shipping',\n    which waits at " + at(packs) + " for: "), text());
}

BOOST_AUTO_TEST_CASE(a_channel_that_nobody_sends_to) {
    corun::channel<int> orders{4};
    for (int i = 0; i != 3; ++i)
        corun::spawn(
            *io, [&] { (void)corun::yield(orders.receive()); }, asio::detached);
    run_until_stalled();
    BOOST_REQUIRE_EQUAL(reports.size(), 1u);
    BOOST_TEST(reports[0].fibers.size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_select_of_primitives) {
    corun::channel<int> a{1}, b{1};
    corun::spawn(
        *io, [&] { (void)corun::yield(corun::select(a.receive(), b.receive())); }, asio::detached);
    run_until_stalled();
    BOOST_TEST(reports.size() == 1u);
}

BOOST_AUTO_TEST_CASE(each_state_is_reported_once) {
    corun::event first, second;
    corun::on_stall([this](const corun::stall& found) { reports.push_back(found); });
    corun::spawn(
        *io,
        [&] {
            corun::yield(first.wait());
            corun::yield(second.wait());
        },
        asio::detached);
    while (reports.empty()) io->run_one();
    io->poll();
    BOOST_TEST(reports.size() == 1u);
    asio::post(corun::scheduler::of(*io).get_executor(), [&] { first.set(); });
    while (reports.size() == 1) io->run_one();
    io->poll();
    BOOST_TEST(reports.size() == 2u);
    io.reset();
}

BOOST_AUTO_TEST_CASE(several_schedulers_of_a_context_that_all_stand_still) {
    corun::event here, there;
    corun::scheduler other{io->get_executor()};
    corun::on_stall([this](const corun::stall& found) {
        reports.push_back(found);
        if (reports.size() == 2) io->stop();
    });
    corun::spawn(
        *io, {.name = "here"}, [&] { corun::yield(here.wait()); }, asio::detached);
    corun::spawn(
        other, {.name = "there"}, [&] { corun::yield(there.wait()); }, asio::detached);
    io->run();
    BOOST_TEST(reports.size() == 2u);
    BOOST_TEST(says("'here' waits at"), text());
    BOOST_TEST(says("'there' waits at"), text());
    corun::on_stall({});
    io->restart();
    asio::post(other.get_executor(), [&] { there.set(); });
    asio::post(corun::scheduler::of(*io).get_executor(), [&] { here.set(); });
    io->run();  // to the end of both
}

BOOST_AUTO_TEST_CASE(another_scheduler_that_stands_still_later) {
    corun::event here, there;
    asio::steady_timer later{*io, 1h};
    auto other = std::make_unique<corun::scheduler>(io->get_executor());
    corun::on_stall([this](const corun::stall& found) {
        reports.push_back(found);
        if (reports.size() == 2) io->stop();
    });
    corun::spawn(
        *io, {.name = "here"}, [&] { corun::yield(here.wait()); }, asio::detached);
    corun::spawn(
        *other, {.name = "there"},
        [&] {
            boost::system::error_code ec;
            corun::yield(later.async_wait(asio::deferred), ec);
            corun::yield(there.wait());
        },
        asio::detached);
    io->poll();
    BOOST_TEST(reports.empty(), text());
    later.cancel();
    io->run();
    BOOST_TEST(reports.size() == 2u);
    other.reset();
    io.reset();
}

BOOST_AUTO_TEST_CASE(when_the_last_outside_work_ends_it_is_found_out) {
    corun::event never;
    auto guard = std::make_unique<asio::executor_work_guard<asio::io_context::executor_type>>(io->get_executor());
    corun::spawn(
        *io, [&] { corun::yield(never.wait()); }, asio::detached);
    io->poll();
    BOOST_TEST(reports.empty());
    guard.reset();
    run_until_stalled();  // within a second
    BOOST_TEST(reports.size() == 1u);
}

// --- what is no stall ---

// Runs a program to where its fibers stand still, and from there, by what happens outside of them, to its end.
void comes_to_its_end(listener& l, auto&& main, auto&& outside) {
    corun::spawn(*l.io, main, [](std::exception_ptr failure) { BOOST_TEST(!failure); });
    l.io->poll();  // the context has no handler left to run: a false alarm is told by now
    BOOST_TEST(l.reports.empty(), l.text());
    outside();
    l.io->run();
    BOOST_TEST(l.reports.empty(), l.text());
}

void on_another_thread(auto&& what) { std::thread{what}.join(); }

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
    comes_to_its_end(*this, [&] { corun::yield(e.wait()); }, [&] {
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

// An operation of the user's that somebody completes by its waker.
struct foreign {
    std::optional<corun::waker>& completed_by;
    const std::atomic<bool>& done;
    bool ready() const { return done; }
    void start(corun::waker w) { completed_by = w; }
    bool cancel() { return false; }
    void get() {}
};

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
