// Metrics for Prometheus over HTTP: GET /metrics. Beside it some fibers do what fibers do.
//
//   metrics_server [PORT]          prints where it listens; 0 lets the system choose
//   curl http://127.0.0.1:9464/metrics
#include "listening.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <csignal>
#include <exception>
#include <iostream>
#include <sstream>

namespace asio = boost::asio;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using namespace std::chrono_literals;

http::response<http::string_body> answer(const http::request<http::empty_body>& request) {
    http::response<http::string_body> response{http::status::ok, request.version()};
    if (request.target() != "/metrics") {
        response.result(http::status::not_found);
    } else if (request.method() != http::verb::get) {
        response.result(http::status::method_not_allowed);
        response.set(http::field::allow, "GET");
    } else {
        std::ostringstream text;
        corun::write_prometheus(text, corun::metrics());
        response.set(http::field::content_type, "text/plain; version=0.0.4");
        response.body() = std::move(text).str();
    }
    response.keep_alive(request.keep_alive());
    response.prepare_payload();
    return response;
}

void session(tcp::socket peer) {
    boost::beast::flat_buffer buffer;
    boost::system::error_code ec;
    for (bool more = true; more && !ec;) {
        http::request<http::empty_body> request;
        corun::yield(corun::with_timeout(30s, [&] { http::async_read(peer, buffer, request, corun::yield[ec]); }));
        if (ec) return;
        auto response = answer(request);
        more = response.keep_alive();
        http::async_write(peer, response, corun::yield[ec]);
    }
}

// What the metrics are about: fibers that wait for each other and for the time.
void work(corun::group& workers) {
    static corun::mutex shared;
    for (int i = 0; i != 3; ++i)
        workers.spawn({.name = "worker"}, [] {
            for (;;) {
                const auto held = corun::yield(shared.lock());
                corun::yield(corun::sleep_for(10ms));
            }
        });
}

int main(int argc, char* argv[]) try {
    asio::io_context io;
    tcp::acceptor acceptor = listen_on_loopback(io, number_of(argc > 1 ? argv[1] : "9464", "metrics_server [PORT]"));
    std::cout << "listening at " << acceptor.local_endpoint() << std::endl;
    const corun::run_times measured;  // loop lag, time in fibers, lengths of runs
    auto serving = corun::spawn(io, {.name = "accept"}, [&] {
        corun::yield(corun::with_group({.failure = corun::isolate}, [&](corun::group& all) {
            work(all);
            for (;;) all.spawn(session, corun::yield(corun::accept(acceptor)));
        }));
    });
    asio::signal_set signals{io, SIGINT, SIGTERM};
    signals.async_wait([&](auto, int) { serving.cancel(); });
    io.run();
} catch (const std::exception& error) {
    std::cerr << "metrics_server: " << error.what() << '\n';
    return 1;
}
