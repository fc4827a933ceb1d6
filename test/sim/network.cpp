#include <corun/sim/network.hpp>

#include <corun.hpp>
#include <corun/sim.hpp>

#include "support/leaks.hpp"
#include "support/network.hpp"

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

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

BOOST_FIXTURE_TEST_SUITE(simulated_network, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(what_is_sent_arrives_in_order_and_after_the_end_comes_eof) {
    simulate([] {
        sim::network net{{.latency = 3ms, .jitter = 10ms}};
        pair p{net};
        const std::string text(10'000, 'x');
        auto sending = corun::spawn([&] {
            send(p.client, text);
            send(p.client, "the end");
            p.client.shutdown_send();
        });
        error_code ec;
        sim::require(read_until_end(*p.peer, ec) == text + "the end");
        sim::require(ec == error::eof);
        corun::yield(sending.join());
    });
}

BOOST_AUTO_TEST_CASE(the_other_half_stays_open) {
    simulate([] {
        sim::network net;
        pair p{net};
        p.client.shutdown_send();
        error_code ec;
        sim::require(read_until_end(*p.peer, ec).empty() && ec == error::eof);
        send(*p.peer, "still here");
        p.peer->shutdown_send();
        sim::require(read_until_end(p.client, ec) == "still here");
        p.client.async_write_some(asio::buffer("x", 1), corun::yield[ec]);
        sim::require(ec == error::broken_pipe);
    });
}

BOOST_AUTO_TEST_CASE(latency_and_bandwidth_take_their_time) {
    sim::run({}, [] {
        sim::network net{{.latency = 50ms, .bandwidth = 1000}};
        const auto begin = corun::clock::now();
        pair p{net};
        sim::require(corun::clock::now() - begin == 100ms);
        auto sending = corun::spawn([&] {
            send(p.client, std::string(2000, 'x'));
            p.client.shutdown_send();
        });
        error_code ec;
        read_until_end(*p.peer, ec);
        const auto took = corun::clock::now() - begin - 100ms;
        sim::require(took >= 2050ms && took < 2051ms);
        corun::yield(sending.join());
    });
}

BOOST_AUTO_TEST_CASE(who_does_not_read_stops_the_sender) {
    sim::run({}, [] {
        sim::network net;
        pair p{net};
        std::size_t sent = 0;
        auto sending = corun::spawn([&] {
            const std::string block(10'000, 'x');
            for (int i = 0; i != 100; ++i) {
                send(p.client, block);
                sent += block.size();
            }
            p.client.shutdown_send();
        });
        corun::yield(corun::sleep_for(1h));
        sim::require(sent > 0 && sent <= 64 * 1024);
        error_code ec;
        sim::require(read_until_end(*p.peer, ec).size() == 1'000'000);
        corun::yield(sending.join());
    });
}

BOOST_AUTO_TEST_CASE(reads_and_writes_are_partial_at_times) {
    bool partial_read = false, partial_write = false;
    sim::run({}, [&] {
        sim::network net;
        pair p{net};
        std::array<char, 100> data{};
        for (int i = 0; i != 20; ++i) {
            const auto n = corun::yield(p.client.async_write_some(asio::buffer(data)));
            partial_write |= n < data.size();
            corun::yield(corun::sleep_for(1s));
            for (std::size_t got = 0; got < n;) {
                const auto m = corun::yield(p.peer->async_read_some(asio::buffer(data)));
                partial_read |= m < n - got;
                got += m;
            }
        }
    });
    BOOST_TEST(partial_read);
    BOOST_TEST(partial_write);
}

BOOST_AUTO_TEST_CASE(connections_overtake_each_other) {
    bool ever = false, always = true;
    for (std::uint64_t seed = 0; seed != 30; ++seed)
        sim::run({.seed = seed}, [&] {
            sim::network net{{.latency = 1ms, .jitter = 50ms}};
            sim::acceptor acceptor{net, server};
            std::string order;
            const auto client = [&](char name) {
                sim::stream s{net};
                corun::yield(s.async_connect(server));
                order += name;
            };
            auto a = corun::spawn([&] { client('a'); });
            auto b = corun::spawn([&] { client('b'); });
            corun::yield(a.join());
            corun::yield(b.join());
            ever |= order == "ba";
            always &= order == "ba";
        });
    BOOST_TEST(ever);
    BOOST_TEST(!always);
}

BOOST_AUTO_TEST_CASE(names_resolve_to_what_was_given) {
    simulate([] {
        sim::network net;
        net.name("www", {"a", "b"});
        sim::acceptor acceptor{net, server};
        sim::resolver resolver{net};
        const auto found = corun::yield(resolver.async_resolve("www", 443));
        sim::require(found == sim::resolver::results_type{{"a", 443}, {"b", 443}});
        sim::require(corun::yield(resolver.async_resolve("server", 80)).front() == server);
        error_code ec;
        corun::yield(resolver.async_resolve("nowhere", 80), ec);
        sim::require(ec == error::host_not_found);
    });
}

BOOST_AUTO_TEST_CASE(it_is_refused_outside_of_a_simulation) { BOOST_CHECK_THROW(sim::network{}, std::logic_error); }

BOOST_AUTO_TEST_SUITE_END()
