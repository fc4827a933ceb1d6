// The chat server with its first fibers: one accepts, one waits for the signal; sessions are callbacks still. Second stage of
// docs/guide/existing_asio.md.
//   chat_first_fibers [PORT]: the first line is one's name, each further line goes to all others
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

    void start() {
        asio::async_read_until(peer_, asio::dynamic_buffer(read_, longest_line), '\n',
                               [self = shared_from_this()](error_code ec, std::size_t n) {
                                   if (ec) return;
                                   self->name_ = self->take_line(n);
                                   self->room_.sessions.insert(self);
                                   self->room_.say("* " + self->name_ + " has joined\n");
                                   self->read();
                               });
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
    void read() {
        asio::async_read_until(peer_, asio::dynamic_buffer(read_, longest_line), '\n',
                               [self = shared_from_this()](error_code ec, std::size_t n) {
                                   if (ec) return self->leave();
                                   self->room_.say(self->name_ + ": " + self->take_line(n) + "\n", self.get());
                                   self->read();
                               });
    }

    void write() {
        asio::async_write(peer_, asio::buffer(queue_.front()), [self = shared_from_this()](error_code ec, std::size_t n) {
            if (ec) return self->close();
            self->waiting_ -= n;
            self->queue_.pop_front();
            if (!self->queue_.empty()) self->write();
        });
    }

    void leave() {
        if (room_.sessions.erase(shared_from_this()) != 0) room_.say("* " + name_ + " has left\n");
    }

    std::string take_line(std::size_t n) {
        std::string line = read_.substr(0, n - 1);
        read_.erase(0, n);
        return line;
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
    tcp::acceptor acceptor = listen_on_loopback(io, number_of(argc > 1 ? argv[1] : "7001", "chat_first_fibers [PORT]"));
    std::cout << "listening at " << acceptor.local_endpoint() << std::endl;
    room everybody;

    const auto accepting = corun::spawn(io, {.name = "accept"}, [&] {
        for (;;) {
            tcp::socket peer = corun::yield(acceptor.async_accept(asio::deferred));
            std::make_shared<session>(std::move(peer), everybody)->start();
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
    std::cerr << "chat_first_fibers: " << error.what() << '\n';
    return 1;
}
