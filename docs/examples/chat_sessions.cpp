// The chat server with a fiber per session, which reads; writing is left to callbacks. Third stage of docs/guide/existing_asio.md.
//   chat_sessions [PORT]: the first line is one's name, each further line goes to all others
#include "listening.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>

#include <deque>
#include <exception>
#include <iostream>
#include <memory>
#include <set>
#include <string>

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t longest_line = 1024, longest_backlog = 1 << 20;

class session;

struct room {
    std::set<std::shared_ptr<session>> sessions;
    void say(const std::string& text, const session* except = nullptr);
};

class session : public std::enable_shared_from_this<session> {
public:
    session(tcp::socket accepted, room& in) : peer_{std::move(accepted)}, room_{in} {}

    /// To be called on a fiber; returns when the peer has left or was cut off.
    void run() {
        error_code ec;
        name_ = read_line(ec);
        if (ec) return;
        room_.sessions.insert(shared_from_this());
        room_.say("* " + name_ + " has joined\n");
        for (;;) {
            const std::string line = read_line(ec);
            if (ec) break;
            room_.say(name_ + ": " + line + "\n", this);
        }
        if (room_.sessions.erase(shared_from_this()) != 0) room_.say("* " + name_ + " has left\n");
    }

    void deliver(const std::string& text) {
        if (waiting_ + text.size() > longest_backlog) return close();  // who does not read is cut off
        waiting_ += text.size();
        queue_.push_back(text);
        if (queue_.size() == 1) write();
    }

    void close() {
        error_code ignored;
        peer_.close(ignored);
    }

private:
    std::string read_line(error_code& ec) {
        const std::size_t n =
            corun::yield(asio::async_read_until(peer_, asio::dynamic_buffer(read_, longest_line), '\n', asio::deferred), ec);
        if (ec) return {};
        std::string line = read_.substr(0, n - 1);
        read_.erase(0, n);
        return line;
    }

    void write() {
        asio::async_write(peer_, asio::buffer(queue_.front()), [self = shared_from_this()](error_code ec, std::size_t n) {
            if (ec) return self->close();
            self->waiting_ -= n;
            self->queue_.pop_front();
            if (!self->queue_.empty()) self->write();
        });
    }

    tcp::socket peer_;
    room& room_;
    std::string name_, read_;
    std::deque<std::string> queue_;
    std::size_t waiting_ = 0;
};

void room::say(const std::string& text, const session* except) {
    for (const auto& each : sessions)
        if (each.get() != except) each->deliver(text);
}

int main(int argc, char** argv) try {
    asio::io_context io{1};
    tcp::acceptor acceptor = listen_on_loopback(io, number_of(argc > 1 ? argv[1] : "7001", "chat_sessions [PORT]"));
    std::cout << "listening at " << acceptor.local_endpoint() << std::endl;
    room everybody;

    const auto accepting = corun::spawn(io, {.name = "accept"}, [&] {
        for (;;) {
            tcp::socket peer = corun::yield(acceptor.async_accept(asio::deferred));
            corun::spawn({.name = "session"}, [guest = std::make_shared<session>(std::move(peer), everybody)] { guest->run(); });
        }
    });
    corun::spawn(io, {.name = "signals"}, [&] {
        asio::signal_set signals{io, SIGINT, SIGTERM};
        corun::yield(signals.async_wait(asio::deferred));
        accepting.cancel();
        const auto all = std::move(everybody.sessions);
        for (const auto& each : all) each->close();
    });
    io.run();
} catch (const std::exception& error) {
    std::cerr << "chat_sessions: " << error.what() << '\n';
    return 1;
}
