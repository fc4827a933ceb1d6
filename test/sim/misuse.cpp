// What simulations are not made for.
#include <corun.hpp>
#include <corun/sim.hpp>

#include "support/child_process.hpp"
#include "support/leaks.hpp"
#include "support/simulated.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <csignal>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace asio = boost::asio;
namespace sim = corun::sim;
using tcp = asio::ip::tcp;
using namespace std::chrono_literals;
using corun_test::outcome;
using corun_test::says;

BOOST_FIXTURE_TEST_SUITE(simulations_misused, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(options_that_test_nothing_are_refused) {
    BOOST_CHECK_THROW(sim::check({.seeds = 0}, [] {}), std::invalid_argument);
    BOOST_CHECK_THROW(sim::explore({.max_runs = 0}, [] {}), std::invalid_argument);
    BOOST_CHECK_THROW(sim::explore({.max_steps = 0}, [] {}), std::invalid_argument);
    BOOST_CHECK_THROW(sim::run({.max_steps = 0}, [] {}), std::invalid_argument);
    BOOST_CHECK_THROW(sim::run({.policy = sim::pct(-1)}, [] {}), std::invalid_argument);
    BOOST_CHECK_THROW(sim::run({.stack_size = 1}, [] {}), corun::stack_unavailable);
    BOOST_CHECK_THROW(sim::run({}, [] { (void)sim::choose(0); }), std::invalid_argument);
    BOOST_CHECK_THROW(sim::replay("1/5=1,3=1", [] {}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(the_largest_values_mean_never) {
    BOOST_TEST(sim::run({.max_steps = SIZE_MAX, .patience = SIZE_MAX, .starvation = SIZE_MAX}, [] { corun::yield(); }).passed());
    const auto all = sim::explore({.run = {.patience = SIZE_MAX}}, [] {
        for (int i = 0; i != 2; ++i) corun::spawn([] { corun::yield(); });
    });
    BOOST_TEST(all.runs == 6U, "patience without end takes no choice away");
    const auto r = outcome([] { corun::yield(corun::sleep_for(corun::clock::duration::max())); });
    BOOST_TEST((r.kind == sim::failure_kind::deadlock));
    BOOST_TEST(says(r, {"'main' (#1) waits in sleep at misuse.cpp:"}));
    const auto blocking = sim::run({.blocking_delay = corun::clock::duration::max()}, [] { corun::yield(corun::blocking([] {})); });
    BOOST_TEST(blocking.passed());
}

BOOST_AUTO_TEST_CASE(a_fault_without_a_name_strikes_all_the_same) {
    const auto r = sim::explore({}, [] { (void)sim::fault(nullptr, 0.5); });
    BOOST_TEST(r.runs == 2U);
}

BOOST_AUTO_TEST_CASE(what_ends_the_process_is_reported_before) {
    const auto end = corun_test::in_child([] {
        (void)sim::run({.seed = 7, .max_steps = 10, .throws = false}, [] {
            for (;;) try {
                    corun::yield();
                } catch (...) {
                }
        });
    });
    BOOST_TEST(end.signal == SIGABRT);
    for (const char* part :
         {"a simulated run failed: too many turns", "under schedule \"7/\", fiber 'main' (#1) does not let itself", "misuse.cpp:"})
        BOOST_TEST((end.error_output.find(part) != std::string::npos), end.error_output);
}

BOOST_AUTO_TEST_CASE(simulations_on_several_threads_do_not_know_of_each_other) {
    constexpr int threads = 3;
    std::vector<sim::report> found(threads);
    {
        std::vector<std::jthread> all;
        for (int i = 0; i != threads; ++i)
            all.emplace_back([&found, i] {
                found[static_cast<std::size_t>(i)] = sim::check({.seeds = 50}, [] {
                    corun::channel<int> c;
                    auto sender = corun::spawn([&] { corun::yield(c.send(1)); });
                    corun::yield(corun::sleep_for(1s));
                    (void)corun::yield(c.receive());
                    corun::yield(sender.join());
                });
            });
    }
    for (const auto& r : found) {
        BOOST_TEST(r.runs == 50U);
        BOOST_TEST(r.trace_hash == found[0].trace_hash);
    }
}

// Of the operation on a socket that has something to say, and room: refused all the same.
template <class Operate>
std::string refusal_of(Operate operate) {
    std::string why;
    (void)sim::run({}, [&] {
        asio::io_context io;
        asio::local::stream_protocol::socket own{io}, peer{io};
        asio::local::connect_pair(own, peer);
        (void)peer.send(asio::buffer("there", 5));
        try {
            operate(own);
        } catch (const std::logic_error& refused) {
            why = refused.what();
        }
    });
    return why;
}

BOOST_AUTO_TEST_CASE(operations_on_real_sockets_are_refused_by_name) {
    using socket = asio::local::stream_protocol::socket;
    using corun::yield;
    std::array<char, 10> data;
    const auto at_line = [](const std::string& why, const char* name) {
        return why.starts_with(std::string{"corun: "} + name + " on a ") && why.find("inside of a simulation") != std::string::npos;
    };
    std::string why = refusal_of([&](socket& s) { yield(corun::read_some(s, asio::buffer(data))); });
    BOOST_TEST(at_line(why, "read"), why);
    BOOST_TEST(why.find("misuse.cpp:") != std::string::npos, why);
    why = refusal_of([&](socket& s) { yield(corun::write(s, asio::buffer(data))); });
    BOOST_TEST(at_line(why, "write"), why);
    why = refusal_of([&](socket& s) { yield(corun::connect(s, socket::endpoint_type{"/none"})); });
    BOOST_TEST(at_line(why, "connect"), why);
    why = refusal_of([&](socket& s) {
        tcp::acceptor acceptor{s.get_executor(), {asio::ip::address_v4::loopback(), 0}};
        yield(corun::accept(acceptor));
    });
    BOOST_TEST(at_line(why, "accept"), why);
    why = refusal_of([&](socket& s) {
        asio::ip::udp::socket u{s.get_executor(), {asio::ip::address_v4::loopback(), 0}};
        asio::ip::udp::endpoint from;
        yield(corun::recv_from(u, asio::buffer(data), from));
    });
    BOOST_TEST(at_line(why, "recv_from"), why);
    why = refusal_of([&](socket& s) {
        corun::channel<int> c;
        yield(corun::select(c.receive(), corun::read_some(s, asio::buffer(data))));
    });
    BOOST_TEST(at_line(why, "read"), why);
    why = refusal_of([&](socket& s) {
        corun::stream<socket> on{std::move(s)};
        yield(corun::read_some(on, asio::buffer(data)));
    });
    BOOST_TEST(at_line(why, "read"), why);
    why = refusal_of([&](socket& s) {
        corun::stream<asio::local::stream_protocol::socket> on{corun::this_fiber::executor(), asio::local::stream_protocol{},
                                                               s.release()};
        yield(on.async_read_some(asio::buffer(data), asio::deferred));
    });
    BOOST_TEST(at_line(why, "async_read_some"), why);
}

BOOST_AUTO_TEST_SUITE_END()
