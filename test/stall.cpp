// Programs in which nothing can move any more are told so.
#include "support/stalls.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

std::string at(int line) { return std::string{__FILE__} + ":" + std::to_string(line); }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(stall, corun_test::stall_listener)

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
    for (int i = 0; i != 3; ++i) corun::spawn(*io, [&] { (void)corun::yield(orders.receive()); }, asio::detached);
    run_until_stalled();
    BOOST_REQUIRE_EQUAL(reports.size(), 1u);
    BOOST_TEST(reports[0].fibers.size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_select_of_primitives) {
    corun::channel<int> a{1}, b{1};
    corun::spawn(*io, [&] { (void)corun::yield(corun::select(a.receive(), b.receive())); }, asio::detached);
    run_until_stalled();
    BOOST_TEST(reports.size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_select_of_a_join_and_a_primitive) {
    corun::channel<int> a{1}, b{1};
    corun::spawn(
        *io,
        [&] {
            auto peer = corun::spawn([&] { (void)corun::yield(b.receive()); });
            (void)corun::yield(corun::select(peer.join(), a.receive()));
        },
        asio::detached);
    run_until_stalled();
    BOOST_REQUIRE_EQUAL(reports.size(), 1u);
    BOOST_TEST(reports[0].fibers.size() == 2u);
}

BOOST_AUTO_TEST_CASE(all_and_race_of_what_fibers_do) {
    corun::channel<int> a{1}, b{1};
    corun::spawn(
        *io,
        [&] {
            auto peer = corun::spawn([&] { (void)corun::yield(corun::race(b.receive(), a.receive())); });
            corun::yield(corun::all(peer.join(), a.receive()));
        },
        asio::detached);
    run_until_stalled();
    BOOST_REQUIRE_EQUAL(reports.size(), 1u);
    BOOST_TEST(says("for: all of 2"), text());
    BOOST_TEST(says("for: race of 2"), text());
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
    corun::spawn(*io, {.name = "here"}, [&] { corun::yield(here.wait()); }, asio::detached);
    corun::spawn(other, {.name = "there"}, [&] { corun::yield(there.wait()); }, asio::detached);
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
    corun::spawn(*io, {.name = "here"}, [&] { corun::yield(here.wait()); }, asio::detached);
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
    corun::spawn(*io, [&] { corun::yield(never.wait()); }, asio::detached);
    io->poll();
    BOOST_TEST(reports.empty());
    guard.reset();
    run_until_stalled();  // within a second
    BOOST_TEST(reports.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
