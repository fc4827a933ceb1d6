// A chat server, written with Asio's callbacks. First stage of docs/guide/existing_asio.md.
//   chat_callbacks [PORT]: the first line is one's name, each further line goes to all others
#include "listening.hpp"

#include <boost/asio.hpp>

#include <cstdint>
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

class server {
public:
    server(asio::io_context& io, std::uint16_t port) : acceptor_{listen_on_loopback(io, port)}, signals_{io, SIGINT, SIGTERM} {
        std::cout << "listening at " << acceptor_.local_endpoint() << std::endl;
        accept();
        signals_.async_wait([this](error_code, int) {
            acceptor_.close();
            const auto all = std::move(room_.sessions);
            for (const auto& each : all) each->close();
        });
    }

private:
    void accept() {
        acceptor_.async_accept([this](error_code ec, tcp::socket peer) {
            if (ec) return;
            std::make_shared<session>(std::move(peer), room_)->start();
            accept();
        });
    }

    tcp::acceptor acceptor_;
    asio::signal_set signals_;
    room room_;
};

int main(int argc, char** argv) try {
    asio::io_context io{1};
    server chat{io, number_of(argc > 1 ? argv[1] : "7001", "chat_callbacks [PORT]")};
    io.run();
} catch (const std::exception& error) {
    std::cerr << "chat_callbacks: " << error.what() << '\n';
    return 1;
}
