// Stalls of several schedulers, on one context or on the threads of a runtime.
#include <corun/stall.hpp>

#include "../lib/scheduler_impl.hpp"
#include "support/stalls.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <mutex>
#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using corun_test::stall_listener;

namespace {

// Of several threads; once there are so many, their fibers are cancelled.
struct ended_by_reports {
    ended_by_reports(stall_listener& l, std::size_t count) {
        corun::on_stall([this, &l, count](const corun::stall& found) {
            const std::lock_guard hold{lock};
            l.reports.push_back(found);
            if (l.reports.size() == count)
                for (const auto* fiber : fibers) fiber->cancel();
        });
    }
    void add(const corun::fiber<>& fiber) {
        const std::lock_guard hold{lock};
        fibers.push_back(&fiber);
    }
    std::mutex lock;
    std::vector<const corun::fiber<>*> fibers;
};

std::string waits(const std::string& name, unsigned line, const std::string& what) {
    return "'" + name + "' waits at " + __FILE__ + ":" + std::to_string(line) + " for: " + what;
}

// Two contexts whose threads give each other work, as those of a runtime.
struct pair_of_contexts {
    pair_of_contexts() {
        for (asio::io_context* each : {&first, &second}) corun::detail::impl_of(corun::scheduler::of(*each)).family = &family;
    }
    corun::detail::scheduler_family family;
    asio::io_context first, second;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(stall_threads, stall_listener)

BOOST_AUTO_TEST_CASE(fibers_of_two_schedulers_that_join_each_other) {
    corun::scheduler other{io->get_executor()};
    corun::fiber<> here, there;
    ended_by_reports ends{*this, 2};
    const unsigned line = __LINE__ + 1;
    here = corun::spawn(*io, {.name = "here"}, [&] { corun::yield(there.wait()); });
    there = corun::spawn(other, {.name = "there"}, [&] { corun::yield(here.wait()); });
    ends.add(here);
    ends.add(there);
    io->run();
    BOOST_TEST(reports.size() == 2U);
    BOOST_TEST(says(waits("here", line, "join of #" + std::to_string(there.id()) + " 'there'")), text());
    BOOST_TEST(says(waits("there", line + 1, "join of #" + std::to_string(here.id()) + " 'here'")), text());
}

BOOST_AUTO_TEST_CASE(a_join_of_a_fiber_whose_scheduler_can_move_is_none) {
    corun::scheduler other{io->get_executor()};
    asio::steady_timer timer{*io, 1h};
    auto there = corun::spawn(other, [&] {
        boost::system::error_code ec;
        corun::yield(timer.async_wait(asio::deferred), ec);
    });
    corun::spawn(*io, [&] { corun::yield(there.join()); }, asio::detached);
    io->poll();
    timer.cancel();
    io->run();
    BOOST_TEST(reports.empty(), text());
}

BOOST_AUTO_TEST_CASE(a_select_of_the_join_of_a_fiber_whose_context_is_another_is_none) {
    asio::io_context elsewhere;
    corun::event e;
    auto there = corun::spawn(elsewhere, [] {});
    corun::spawn(*io, [&] { (void)corun::yield(corun::select(there.join(), e.wait())); }, asio::detached);
    io->poll();
    elsewhere.run();
    io->run();
    BOOST_TEST(reports.empty(), text());
}

BOOST_AUTO_TEST_CASE(a_fiber_on_its_way_to_another_scheduler_is_none) {
    corun::event e;
    corun::scheduler other{io->get_executor()};
    corun::spawn(*io, [&] { corun::yield(e.wait()); }, asio::detached);
    asio::post(*io, [&] {  // after the fiber has parked, before the context has been asked
        corun::spawn(other, [&] { asio::post(corun::scheduler::of(*io).get_executor(), [&] { e.set(); }); }, asio::detached);
    });
    io->run();
    BOOST_TEST(reports.empty(), text());
}

BOOST_AUTO_TEST_CASE(a_runtime_that_is_joined_while_a_thread_has_nothing_to_do) {
    corun::event never;
    corun::fiber<> waiter;
    ended_by_reports ends{*this, 1};
    ends.add(waiter);
    corun::runtime cores{{.threads = 2}};
    const unsigned line = __LINE__ + 1;
    waiter = cores.spawn_on(0, {.name = "waiter"}, [&] { corun::yield(never.wait()); });
    cores.join();
    BOOST_TEST(reports.size() == 1U);
    BOOST_TEST(says(waits("waiter", line, "wait_operation")), text());
}

BOOST_AUTO_TEST_CASE(fibers_of_a_runtime_that_join_each_other) {
    corun::fiber<> here, there;
    ended_by_reports ends{*this, 2};
    corun::runtime cores{{.threads = 2}};
    corun::concurrent_event both_are_there;
    here = cores.spawn_on(0, {.name = "here"}, [&] {
        corun::yield(both_are_there.wait());
        corun::yield(there.wait());
    });
    there = cores.spawn_on(1, {.name = "there"}, [&] {
        corun::yield(both_are_there.wait());
        corun::yield(here.wait());
    });
    ends.add(here);
    ends.add(there);
    both_are_there.set();
    cores.join();
    BOOST_TEST(reports.size() == 2U);
}

BOOST_AUTO_TEST_CASE(while_another_thread_of_the_runtime_has_work_there_is_none) {
    pair_of_contexts both;
    both.family.is_open = false;
    corun::event e;
    asio::steady_timer timer{both.second, 1h};
    timer.async_wait([&](auto) { asio::post(corun::scheduler::of(both.first).get_executor(), [&] { e.set(); }); });
    corun::spawn(both.first, [&] { corun::yield(e.wait()); }, asio::detached);
    both.first.poll();
    BOOST_TEST(reports.empty(), text());
    timer.cancel();
    both.second.run();
    both.first.run();
    BOOST_TEST(reports.empty(), text());
}

BOOST_AUTO_TEST_CASE(while_others_may_give_the_threads_work_there_is_none) {
    pair_of_contexts both;
    corun::event e, other_e;
    corun::scheduler other{both.first.get_executor()};
    corun::spawn(both.first, [&] { corun::yield(e.wait()); }, asio::detached);
    corun::spawn(other, [&] { corun::yield(other_e.wait()); }, asio::detached);
    both.first.poll();
    BOOST_TEST(reports.empty(), text());
    asio::post(corun::scheduler::of(both.first).get_executor(), [&] { e.set(); });
    asio::post(other.get_executor(), [&] { other_e.set(); });
    both.first.run();
}

BOOST_AUTO_TEST_SUITE_END()
