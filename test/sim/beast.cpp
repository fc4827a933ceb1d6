// HTTP by Beast over the simulated network.
#include <corun.hpp>
#include <corun/sim.hpp>

#include "support/leaks.hpp"

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace sim = corun::sim;
using namespace std::chrono_literals;

namespace {

void serve(sim::stream peer) {
    boost::beast::flat_buffer buffer;
    for (;;) {
        http::request<http::string_body> request;
        boost::system::error_code ec;
        http::async_read(peer, buffer, request, corun::yield[ec]);
        if (ec) return;
        http::response<http::string_body> response{http::status::ok, 11};
        response.body() = "you said: " + request.body();
        response.prepare_payload();
        response.keep_alive(request.keep_alive());
        http::async_write(peer, response, corun::yield[ec]);
        if (ec) return;
    }
}

std::string ask(sim::stream& server, const std::string& body) {
    http::request<http::string_body> request{http::verb::post, "/", 11};
    request.body() = body;
    request.prepare_payload();
    http::async_write(server, request, corun::yield);
    boost::beast::flat_buffer buffer;
    http::response<http::string_body> response;
    http::async_read(server, buffer, response, corun::yield);
    return response.body();
}

void conversation(const sim::link& how) {
    sim::network net{how};
    sim::acceptor acceptor{net, {"server", 80}};
    auto session = corun::spawn([&] { serve(corun::yield(acceptor.async_accept())); });
    {
        sim::stream s{net};
        corun::yield(s.async_connect({"server", 80}));
        for (const auto& body : {std::string{"hello"}, std::string(100'000, 'x')})
            sim::require(ask(s, body) == "you said: " + body);
    }
    corun::yield(session.join());
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(beast_simulated, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(requests_and_responses) {
    sim::check({.seeds = 10}, [] { conversation({.latency = 20ms, .jitter = 30ms}); });
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_reset_is_an_error_on_both_sides) {
    const auto r = sim::check({.seeds = 50, .run = {.throws = false}}, [] { conversation({.partial = 0.9, .reset = 0.1}); });
    BOOST_TEST((r.kind == sim::failure_kind::exception || r.kind == sim::failure_kind::fibers_left), to_string(r));
}

BOOST_AUTO_TEST_SUITE_END()
