// Connected sockets of Asio for tests, on the loopback interface, and the peer's side as a plain descriptor.
#pragma once

#include "descriptors.hpp"

#include <corun/fiber.hpp>
#include <corun/socket.hpp>
#include <corun/spawn.hpp>
#include <corun/this_fiber.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/test/unit_test.hpp>

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace corun_test {

using boost::asio::ip::tcp;

/// The calling fiber's context, for objects that take one.
inline boost::asio::any_io_executor here() { return corun::this_fiber::executor(); }

/// A descriptor that is connected to the acceptor.
inline descriptor connect_to(const tcp::acceptor& acceptor) {
    descriptor fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const auto at = acceptor.local_endpoint();
    if (::connect(fd, at.data(), static_cast<socklen_t>(at.size())) != 0) throw std::runtime_error{"connect"};
    return fd;
}

inline tcp::acceptor listen_here() { return tcp::acceptor{here(), {boost::asio::ip::address_v4::loopback(), 0}}; }

/// A socket of Asio, and its peer.
struct connection {
    connection() : connection{here()} {}
    explicit connection(const boost::asio::any_io_executor& executor) : own{executor} {
        tcp::acceptor acceptor{executor, {boost::asio::ip::address_v4::loopback(), 0}};
        peer = connect_to(acceptor);
        acceptor.accept(own);
    }

    /// Gives the socket this descriptor, which must be free.
    void move_to(int number) {
        own = tcp::socket{own.get_executor(), tcp::v4(), ::fcntl(own.native_handle(), F_DUPFD_CLOEXEC, number)};
        if (own.native_handle() != number) throw std::runtime_error{"the number is taken"};
    }

    void send(std::string_view text) const { write_all(peer, text); }
    /// What the peer receives next, all of so many bytes; blocks.
    [[nodiscard]] std::string receive(std::size_t bytes) const {
        std::string text(bytes, '\0');
        const ssize_t n = ::recv(peer, text.data(), bytes, MSG_WAITALL);
        return text.substr(0, n > 0 ? static_cast<std::size_t>(n) : 0);
    }
    /// Ends the connection by a reset instead of an end.
    void reset() {
        const linger at_once{1, 0};
        ::setsockopt(peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        peer.close();
    }

    tcp::socket own;
    descriptor peer;
};

/// A descriptor far from those that come and go by themselves.
constexpr int number = 200;

/// What one read finds; empty where it fails.
template <class Io>
std::string read_text(Io& from, boost::system::error_code& ec) {
    std::string text(100, '\0');
    text.resize(corun::yield(corun::read_some(from, boost::asio::buffer(text)), ec));
    return ec ? std::string{} : text;
}

/// The same, and throws where it fails.
template <class Io>
std::string read_text(Io& from) {
    std::string text(100, '\0');
    text.resize(corun::yield(corun::read_some(from, boost::asio::buffer(text))));
    return text;
}

/// Waits in a fiber for what is sent to it meanwhile: the socket is registered after this.
template <class Io>
void check_waiting_read(Io& own, int peer, const std::string& text) {
    std::string got;
    auto reader = corun::spawn([&] {
        boost::system::error_code ec;
        got = read_text(own, ec);
    });
    corun::yield();
    BOOST_TEST(!reader.done());
    corun_test::write_all(peer, text);
    corun::yield(reader.join());
    BOOST_TEST(got == text);
}

inline void check_waiting_read(connection& c, const std::string& text) { check_waiting_read(c.own, c.peer, text); }

}  // namespace corun_test
