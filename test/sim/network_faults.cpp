// What goes wrong in a simulated network.
#include <corun.hpp>
#include <corun/sim.hpp>

#include "support/leaks.hpp"
#include "support/network.hpp"

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <stdexcept>
#include <string>

namespace asio = boost::asio;
namespace error = boost::asio::error;
namespace sim = corun::sim;
using boost::system::error_code;
using namespace std::chrono_literals;
using corun_test::pair;
using corun_test::read_until_end;
using corun_test::send;
using corun_test::server;
using corun_test::simulate;

BOOST_FIXTURE_TEST_SUITE(simulated_network_faults, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(where_nobody_listens_it_is_refused) {
    simulate([] {
        sim::network net;
        sim::stream s{net};
        error_code ec;
        corun::yield(s.async_connect(server), ec);
        sim::require(ec == error::connection_refused);
        char c;
        corun::yield(sim::stream{net}.async_read_some(asio::buffer(&c, 1)), ec);
        sim::require(ec == error::not_connected);
    });
}

BOOST_AUTO_TEST_CASE(a_reset_ends_both_sides_operations) {
    simulate([] {
        sim::network net;
        pair p{net};
        std::array<char, 8> data;
        auto reading = corun::spawn([&] {
            error_code ec;
            corun::yield(p.peer->async_read_some(asio::buffer(data)), ec);
            return ec;
        });
        corun::yield(corun::sleep_for(1s));
        p.client.reset();
        sim::require(corun::yield(reading.join()) == error::connection_reset);
        pair q{net};
        net.reset("client", "server");
        error_code ec;
        corun::yield(q.client.async_read_some(asio::buffer(data)), ec);
        sim::require(ec == error::connection_reset);
    });
}

BOOST_AUTO_TEST_CASE(who_writes_to_a_closed_peer_is_reset) {
    simulate([] {
        sim::network net;
        pair p{net};
        p.peer.reset();
        error_code ec;
        asio::async_write(p.client, asio::buffer("x", 1), corun::yield[ec]);
        sim::require(!ec);  // it does not know yet
        corun::yield(corun::sleep_for(1s));
        asio::async_write(p.client, asio::buffer("x", 1), corun::yield[ec]);
        sim::require(ec == error::connection_reset);
    });
}

BOOST_AUTO_TEST_CASE(a_partition_holds_everything_back_until_it_is_healed) {
    simulate([] {
        sim::network net;
        pair p{net};
        net.partition("server", "client");
        send(p.client, "x");
        auto healing = corun::spawn([&] {
            corun::yield(corun::sleep_for(1h));
            net.heal("client", "server");
        });
        const auto begin = corun::clock::now();
        char c;
        corun::yield(p.peer->async_read_some(asio::buffer(&c, 1)));
        sim::require(corun::clock::now() - begin >= 1h);
        corun::yield(healing.join());
    });
}

BOOST_AUTO_TEST_CASE(a_cancelled_read_or_accept_ends_at_once) {
    simulate([] {
        sim::network net;
        sim::acceptor acceptor{net, {"other", 1}};
        pair p{net};
        char c;
        auto reading = corun::spawn([&] { corun::yield(p.peer->async_read_some(asio::buffer(&c, 1))); });
        auto accepting = corun::spawn([&] { corun::yield(acceptor.async_accept()); });
        corun::yield(corun::sleep_for(1s));
        for (auto* f : {&reading, &accepting}) {
            f->cancel();
            try {
                corun::yield(f->join());
                sim::require(false);
            } catch (const corun::fiber_cancelled&) {
            }
        }
        send(p.client, "y");  // not lost to the read that was cancelled
        corun::yield(p.peer->async_read_some(asio::buffer(&c, 1)));
        sim::require(c == 'y');
    });
}

BOOST_AUTO_TEST_CASE(closing_ends_what_is_under_way) {
    simulate([] {
        sim::network net;
        pair p{net};
        char c;
        auto reading = corun::spawn([&] {
            error_code ec;
            corun::yield(p.client.async_read_some(asio::buffer(&c, 1)), ec);
            return ec;
        });
        corun::yield(corun::sleep_for(1s));
        p.client.close();
        sim::require(!p.client.is_open());
        sim::require(corun::yield(reading.join()) == error::operation_aborted);
    });
}

BOOST_AUTO_TEST_CASE(resets_by_probability_are_decisions) {
    const auto body = [] {
        sim::network net{{.partial = 0, .reset = 0.01}};
        pair p{net};
        send(p.client, "a");
        send(p.client, "b");
    };
    const auto r = sim::explore({.preemptions = 0, .run = {.throws = false}}, body);
    BOOST_TEST((r.kind == sim::failure_kind::exception));
    BOOST_TEST((r.trace.find("the connection is reset") != std::string::npos));
}

BOOST_AUTO_TEST_CASE(a_connection_keeps_its_order_across_a_partition) {
    simulate([] {
        sim::network net{{.latency = 1ms, .jitter = 100ms}};
        pair p{net};
        net.partition("client", "server");
        send(p.client, "abcd");
        corun::yield(corun::sleep_for(1s));
        net.heal("client", "server");
        send(p.client, "efgh");
        p.client.shutdown_send();
        error_code ec;
        sim::require(read_until_end(*p.peer, ec) == "abcdefgh");
    });
}

BOOST_AUTO_TEST_CASE(who_connects_across_a_partition_waits_until_it_is_healed) {
    simulate([] {
        sim::network net{{.latency = 10ms}};
        sim::acceptor acceptor{net, server};
        // Cut on the way there, and on the way back.
        for (const auto cut_after : {0ms, 15ms}) {
            sim::stream client{net};
            const auto begin = corun::clock::now();
            auto cutting = corun::spawn([&] {
                corun::yield(corun::sleep_for(cut_after));
                net.partition("client", "server");
                corun::yield(corun::sleep_for(1h));
                net.heal("client", "server");
            });
            corun::yield();
            corun::yield(client.async_connect(server));
            sim::require(corun::clock::now() - begin >= 1h);
            corun::yield(acceptor.async_accept());
            corun::yield(cutting.join());
        }
    });
}

BOOST_AUTO_TEST_CASE(a_script_is_a_fiber) {
    sim::run({}, [] {
        sim::network net;
        pair p{net};
        auto script = corun::spawn([&] {
            corun::yield(corun::sleep_for(1s));
            net.reset("server", "client");
        });
        char c;
        error_code ec;
        const auto begin = corun::clock::now();
        corun::yield(p.client.async_read_some(asio::buffer(&c, 1)), ec);
        sim::require(ec == error::connection_reset && corun::clock::now() - begin == 1s);
        corun::yield(script.join());
    });
}

BOOST_AUTO_TEST_CASE(what_no_link_can_be_is_refused) {
    sim::run({}, [] {
        sim::network net;
        BOOST_CHECK_THROW(sim::network{{.latency = -1ms}}, std::invalid_argument);
        BOOST_CHECK_THROW(sim::network{{.jitter = corun::clock::duration::max()}}, std::invalid_argument);
        BOOST_CHECK_THROW(net.connect("a", "b", {.partial = 1.5}), std::invalid_argument);
        BOOST_CHECK_THROW(net.connect("a", "b", {.reset = std::nan("")}), std::invalid_argument);
    });
}

BOOST_AUTO_TEST_CASE(a_connected_stream_is_not_connected_again) {
    simulate([] {
        sim::network net;
        pair p{net};
        error_code ec;
        corun::yield(p.client.async_connect(server), ec);
        sim::require(ec == error::already_connected);
        p.client.close();
        corun::yield(p.client.async_connect(server), ec);
        sim::require(ec == error::connection_refused);
    });
}

BOOST_AUTO_TEST_SUITE_END()
