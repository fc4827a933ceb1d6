// The chat server, all in fibers: each guest has one that reads and one that writes. Last stage of docs/guide/existing_asio.md.
//   chat_fibers [PORT]: the first line is one's name, each further line goes to all others
#include "listening.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>

#include <exception>
#include <iostream>
#include <set>
#include <string>
#include <utility>

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t longest_line = 1024, longest_backlog = 1 << 20;

// On the stack of its session's fiber; a fiber beside it writes.
struct guest {
    explicit guest(tcp::socket accepted)
        : peer{std::move(accepted)}, news{peer.get_executor(), asio::steady_timer::time_point::max()} {}

    std::string read_line() {
        const std::size_t n =
            corun::yield(asio::async_read_until(peer, asio::dynamic_buffer(read, longest_line), '\n', asio::deferred));
        std::string line = read.substr(0, n - 1);
        read.erase(0, n);
        return line;
    }

    void deliver(const std::string& text) {
        if (unsent.size() + text.size() > longest_backlog) return peer.close();  // who does not read is cut off
        unsent += text;
        news.cancel();
    }

    void write_all() {
        for (error_code ignored;;) {
            while (unsent.empty()) corun::yield(news.async_wait(asio::deferred), ignored);
            const std::string sending = std::exchange(unsent, {});
            corun::yield(asio::async_write(peer, asio::buffer(sending), asio::deferred));
        }
    }

    tcp::socket peer;
    asio::steady_timer news;  // a wait on it is cut short when there is something to send
    std::string name, read, unsent;
};

struct room {
    std::set<guest*> guests;
    void say(const std::string& text, const guest* except = nullptr) {
        for (guest* each : guests)
            if (each != except) each->deliver(text);
    }
};

void session(tcp::socket peer, room& everybody) {
    guest self{std::move(peer)};
    self.name = self.read_line();
    everybody.guests.insert(&self);
    everybody.say("* " + self.name + " has joined\n");
    try {
        corun::yield(corun::with_group([&](corun::group& both) {  // whichever ends first ends the other
            both.spawn({.name = "writer"}, [&] { self.write_all(); });
            for (;;) everybody.say(self.name + ": " + self.read_line() + "\n", &self);
        }));
    } catch (const boost::system::system_error&) {  // the peer has left, or was cut off
        everybody.guests.erase(&self);
        everybody.say("* " + self.name + " has left\n");
    } catch (...) {  // the server ends
        everybody.guests.erase(&self);
        throw;
    }
}

void serve(tcp::acceptor& acceptor) {
    room everybody;
    corun::yield(corun::with_group({.failure = corun::isolate}, [&](corun::group& sessions) {  // no session outlives this block
        for (;;)
            sessions.spawn({.name = "session"}, [&everybody, peer = corun::yield(acceptor.async_accept(asio::deferred))]() mutable {
                try {
                    session(std::move(peer), everybody);
                } catch (const boost::system::system_error&) {  // left before it had a name
                }
            });
    }));
}

int main(int argc, char** argv) try {
    asio::io_context io{1};
    tcp::acceptor acceptor = listen_on_loopback(io, number_of(argc > 1 ? argv[1] : "7001", "chat_fibers [PORT]"));
    std::cout << "listening at " << acceptor.local_endpoint() << std::endl;

    const auto serving = corun::spawn(io, {.name = "serve"}, [&] { serve(acceptor); });
    corun::spawn(io, {.name = "signals"}, [&] {
        asio::signal_set signals{io, SIGINT, SIGTERM};
        corun::yield(signals.async_wait(asio::deferred));
        serving.cancel();
    });
    io.run();
} catch (const std::exception& error) {
    std::cerr << "chat_fibers: " << error.what() << '\n';
    return 1;
}
