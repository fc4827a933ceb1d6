// Boost.Beast over streams: HTTP with connections that stay, WebSocket with its closing handshake and its timeouts.
#include <corun/stream.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/spawn.hpp>

#include "support/connections.hpp"
#include "support/leaks.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using stream = corun::stream<tcp::socket>;
using namespace std::chrono_literals;

namespace {

// Two streams that are connected.
struct both_ends {
    both_ends() : client{corun_test::here()}, server{corun_test::here()} {
        tcp::acceptor acceptor = corun_test::listen_here();
        client.socket().connect(acceptor.local_endpoint());
        acceptor.accept(server.socket());
    }
    stream client, server;
};

constexpr corun::spawn_options roomy{.name = {}, .stack_size = 256 * 1024};

void answer_requests(stream& peer) {
    beast::flat_buffer buffer;
    error_code ec;
    for (;;) {
        http::request<http::string_body> request;
        corun::yield(http::async_read(peer, buffer, request, asio::deferred), ec);
        if (ec) break;
        http::response<http::string_body> response{http::status::ok, request.version()};
        response.body() = "you said " + request.body();
        response.prepare_payload();
        corun::yield(http::async_write(peer, response, asio::deferred));
    }
    BOOST_TEST((ec == http::error::end_of_stream), ec.message());
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(stream_beast, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(http_over_a_connection_that_stays) {
    corun::run([] {
        both_ends ends;
        auto server = corun::spawn(roomy, [&] { answer_requests(ends.server); });
        auto client = corun::spawn(roomy, [&] {
            beast::flat_buffer buffer;
            for (const std::string& body : {std::string{"this"}, std::string{}, std::string(100'000, 'x')}) {
                http::request<http::string_body> request{http::verb::post, "/", 11};
                request.body() = body;
                request.prepare_payload();
                corun::yield(http::async_write(ends.client, request, asio::deferred));
                http::response<http::string_body> response;
                corun::yield(http::async_read(ends.client, buffer, response, asio::deferred));
                BOOST_TEST(response.body() == "you said " + body);
            }
            ends.client.close();
        });
        corun::yield(client.join());
        corun::yield(server.join());
    });
}

BOOST_AUTO_TEST_CASE(websocket_and_its_closing_handshake) {
    corun::run([] {
        both_ends ends;
        auto server = corun::spawn(roomy, [&] {
            websocket::stream<stream> ws{std::move(ends.server)};
            corun::yield(ws.async_accept(asio::deferred));
            beast::flat_buffer buffer;
            error_code ec;
            for (;;) {
                corun::yield(ws.async_read(buffer, asio::deferred), ec);
                if (ec) break;
                corun::yield(ws.async_write(buffer.data(), asio::deferred));
                buffer.clear();
            }
            BOOST_TEST((ec == websocket::error::closed), ec.message());
        });
        auto client = corun::spawn(roomy, [&] {
            websocket::stream<stream> ws{std::move(ends.client)};
            corun::yield(ws.async_handshake("localhost", "/", asio::deferred));
            for (const std::string& text : {std::string{"hello"}, std::string(100'000, 'x')}) {
                corun::yield(ws.async_write(asio::buffer(text), asio::deferred));
                beast::flat_buffer buffer;
                corun::yield(ws.async_read(buffer, asio::deferred));
                BOOST_TEST((beast::buffers_to_string(buffer.data()) == text));
            }
            corun::yield(ws.async_close(websocket::close_code::normal, asio::deferred));
            BOOST_TEST(!ws.next_layer().is_open());
        });
        corun::yield(client.join());
        corun::yield(server.join());
    });
}

BOOST_AUTO_TEST_CASE(websocket_ends_a_read_that_has_timed_out) {
    corun::run([] {
        both_ends ends;
        auto server = corun::spawn(roomy, [&] {
            websocket::stream<stream> ws{std::move(ends.server)};
            ws.set_option(websocket::stream_base::timeout{
                .handshake_timeout = 50ms, .idle_timeout = websocket::stream_base::none(), .keep_alive_pings = false});
            error_code ec;
            corun::yield(ws.async_accept(asio::deferred), ec);  // nothing comes
            BOOST_TEST((ec == beast::error::timeout), ec.message());
        });
        corun::yield(server.join());
    });
}

BOOST_AUTO_TEST_CASE(http_by_callbacks) {
    asio::io_context io;
    tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
    stream client{io.get_executor()}, server{io.get_executor()};
    client.socket().connect(acceptor.local_endpoint());
    acceptor.accept(server.socket());
    beast::flat_buffer buffer;
    http::request<http::string_body> received;
    http::async_read(server, buffer, received, [&](error_code ec, std::size_t) { BOOST_TEST(!ec, ec.message()); });
    io.poll();
    http::request<http::string_body> request{http::verb::post, "/", 11, "body"};
    request.prepare_payload();
    http::async_write(client, request, asio::detached);
    io.run();
    BOOST_TEST(received.body() == "body");
}

BOOST_AUTO_TEST_SUITE_END()
