// A small web server: one fiber per connection, straight-line code, on a plain io_context. All its fibers run on one thread
// and switch only where corun::yield is spelled, so what they share needs no lock.
#include "web_server_answers.hpp"
#include "web_server_settings.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/program_options.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;

// What the system lets us open, less what is open already.
std::size_t connection_limit() {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    // One was for looking, and is free again; another one comes when the first is waited for: corun's, which says who is ready.
    const auto used = std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {});
    return limit.rlim_cur - std::min<rlim_t>(limit.rlim_cur, used);
}

class web_server {
public:
    web_server(asio::io_context& io, const settings& chosen)
        : acceptor_{io},
          signals_{io, SIGINT, SIGTERM},
          ended_{io},
          patience_{std::chrono::seconds{chosen.idle_seconds}},
          grace_{std::chrono::seconds{chosen.grace_seconds}} {
        try {
            const tcp::endpoint at = *tcp::resolver{io}.resolve(chosen.host, std::to_string(chosen.port)).begin();
            acceptor_.open(at.protocol());
            acceptor_.set_option(tcp::acceptor::reuse_address{true});
            acceptor_.set_option(tcp::no_delay{true});  // accepted sockets inherit it: answers to pipelined requests are small
            acceptor_.bind(at);
            acceptor_.listen(chosen.backlog);
        } catch (const boost::system::system_error& error) {
            throw std::runtime_error{"cannot listen at " + chosen.host + ":" + std::to_string(chosen.port) + ": " +
                                     error.code().message()};
        }
    }

    /// Serves until SIGINT or SIGTERM. To be called on a fiber. When it returns, no connection is left, and every request that had
    /// reached us by the signal was answered, or is reported on stderr.
    void run() {
        const std::size_t limit = connection_limit();
        std::cout << "concurrent connection limit is " << limit << "\nlistening at " << acceptor_.local_endpoint() << std::endl;
        if (!std::cout) throw std::runtime_error{"cannot write to the standard output, nor say where it listens"};
        const auto watching = corun::spawn({.name = "watch"}, [this] { close_late_connections(); });
        corun::fiber<> stopping;
        corun::yield(corun::with_group({.failure = corun::isolate}, [&](corun::group& sessions) {
            stopping = corun::spawn({.name = "signals"}, [this, sessions] { stop_at_signal(sessions); });
            accept_connections(sessions);
        }));  // here every session has ended
        stopping.cancel();
        watching.cancel();
        std::cout << "served " << requests_ << " requests on " << accepted_ << " connections" << std::endl;
    }

private:
    // Lives as long as its fiber, whose function owns it.
    struct connection : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
        connection(web_server& home, corun::stream<tcp::socket> accepted) : server{home}, stream{std::move(accepted)} {
            server.connections_.push_back(*this);
        }
        ~connection() { server.ended_.cancel(); }
        [[nodiscard]] bool is_between_requests() const {
            error_code ec;
            return (!parser || !parser->got_some()) && buffer.size() == 0 && stream.available(ec) == 0;
        }
        void allow(corun::clock::duration span) { deadline = corun::clock::now() + span; }

        web_server& server;
        corun::stream<tcp::socket> stream;  // for Beast, at the speed of corun's own operations
        boost::beast::flat_buffer buffer;  // may hold the beginning of the next request
        std::optional<http::request_parser<http::string_body>> parser;
        corun::clock::time_point deadline = corun::clock::time_point::max();  // of what it does now
        corun::fiber<> fiber;
    };

    // Goes on after any failure: what is short now (descriptors, memory) comes back when connections end.
    void accept_connections(corun::group& sessions) {
        while (!stopping_) {
            error_code ec;
            corun::stream<tcp::socket> accepted = corun::yield(corun::accept_stream(acceptor_), ec);
            try {
                if (!ec) start_connection(sessions, std::move(accepted));
            } catch (const std::bad_alloc&) {
                ec = asio::error::no_memory;
            }
            if (!ec || stopping_) continue;
            if (const auto now = corun::clock::now(); now >= silent_until_) {
                silent_until_ = now + 10s;
                std::cerr << "web_server: cannot accept: " << ec.message() << "; " << connections_.size() << " are open\n";
            }
            wait_for_an_end(100ms);
        }
    }

    void start_connection(corun::group& sessions, corun::stream<tcp::socket> accepted) {
        const auto peer = std::make_shared<connection>(*this, std::move(accepted));
        peer->fiber = sessions.spawn({.name = "connection"}, [this, peer] {
            try {
                serve(*peer);
            } catch (const corun::cancelled&) {
                if (!peer->is_between_requests()) report_unanswered(*peer);
                throw;
            }
        });
        ++accepted_;
    }

    static void report_unanswered(const connection& peer) {
        error_code ec;
        std::cerr << "web_server: gave up a request of " << peer.stream.remote_endpoint(ec)
                  << (peer.parser && peer.parser->is_done() ? ": its answer was not taken\n" : ": it was not sent to its end\n");
    }

    // Sessions have the grace period to end by themselves, those without a request at once. A second signal ends the program.
    void stop_at_signal(corun::group sessions) {
        corun::yield(signals_.async_wait(asio::deferred));
        signals_.clear();
        stopping_ = true;
        corun::close(acceptor_);
        ended_.cancel();
        for (connection& peer : connections_)  // cancel never switches, so the list stays as it is
            if (peer.is_between_requests()) peer.fiber.cancel();
        corun::yield(corun::sleep_for(grace_));
        sessions.cancel();
    }

    void serve(connection& peer) {
        error_code ec;
        for (bool keep_alive = !stopping_ || !peer.is_between_requests(); keep_alive;) {
            peer.parser.emplace();  // its limit for headers is 8 KiB
            peer.parser->body_limit(64 * 1024);
            peer.allow(patience_);
            corun::yield(http::async_read(peer.stream, peer.buffer, *peer.parser, asio::deferred), ec);
            if (ec == http::error::end_of_stream) break;
            const bool is_malformed = ec.category() == make_error_code(http::error::bad_method).category();
            if (ec && !is_malformed) return;  // the peer has left

            const auto& asked = peer.parser->get();
            keep_alive = !is_malformed && !stopping_ && asked.keep_alive();
            auto answer = make_response(is_malformed ? status_for(ec) : status_for(asked), asked.version(), keep_alive);
            if (asked.method() == http::verb::head) answer.body().clear();  // Content-Length stays what GET would have
            peer.allow(patience_);
            corun::yield(http::async_write(peer.stream, answer, asio::deferred), ec);
            if (ec) return;
            ++requests_;
            peer.parser.reset();
            peer.buffer.consume(is_malformed ? peer.buffer.size() : 0);
            if (is_malformed) drain(peer);
        }
        peer.stream.shutdown(tcp::socket::shutdown_send, ec);
    }

    // Reads what the peer still sends, for a while: closing at once would reset the connection, and lose our answer.
    void drain(connection& peer) {
        std::array<char, 4096> unread;
        error_code ec;
        peer.allow(2s);
        peer.stream.shutdown(tcp::socket::shutdown_send, ec);
        for (int times = 0; times < 250 && !ec; ++times)
            corun::yield(peer.stream.async_read_some(asio::buffer(unread), asio::deferred), ec);
    }

    // One timer for all connections, so that deadlines cost nothing while they are kept.
    void close_late_connections() {
        for (;;) {
            corun::yield(corun::sleep_for(1s));
            const auto now = corun::clock::now();
            for (connection& peer : connections_)
                if (peer.deadline < now) peer.fiber.cancel();
        }
    }

    void wait_for_an_end(corun::clock::duration longest) {
        error_code ignored;
        ended_.expires_after(longest);
        corun::yield(ended_.async_wait(asio::deferred), ignored);
    }

    tcp::acceptor acceptor_;
    asio::signal_set signals_;
    asio::steady_timer ended_;  // a wait on it is cut short when a connection ends
    corun::clock::duration patience_, grace_;
    corun::clock::time_point silent_until_{};
    boost::intrusive::list<connection, boost::intrusive::constant_time_size<false>> connections_;
    bool stopping_ = false;
    std::size_t requests_ = 0, accepted_ = 0;
};

int main(int argc, char** argv) try {
    const auto chosen = read_arguments(argc, argv);
    if (!chosen) return 0;  // the help was asked for
    asio::io_context io{1};
    web_server server{io, *chosen};
    const auto serving = corun::spawn(io, {.name = "server"}, [&] { server.run(); });
    io.run();
    serving.get();  // throws what ended it
} catch (const po::error& error) {
    std::cerr << "web_server: " << error.what() << "; --help shows what can be given\n";
    return 2;
} catch (const std::exception& error) {
    std::cerr << "web_server: " << error.what() << '\n';
    return 1;
}
