// For tests of servers: a session that echoes, and a client that blocks its thread.
#pragma once

#include <corun/token.hpp>
#include <corun/yield.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <string>

namespace corun_test {

inline const boost::asio::ip::tcp::endpoint any_port{boost::asio::ip::address_v4::loopback(), 0};

/// On a fiber, until the peer has left.
inline void echo(boost::asio::ip::tcp::socket peer) {
    namespace asio = boost::asio;
    std::array<char, 256> data;
    boost::system::error_code ec;
    while (!ec) {
        const std::size_t n = corun::yield(peer.async_read_some(asio::buffer(data), asio::deferred), ec);
        if (!ec) corun::yield(asio::async_write(peer, asio::buffer(data, n), asio::deferred), ec);
    }
}

/// On a plain thread: sends a text and returns as many bytes of the answer.
inline std::string ask(const boost::asio::ip::tcp::endpoint& server, const std::string& text) {
    namespace asio = boost::asio;
    asio::io_context io;
    asio::ip::tcp::socket socket{io};
    socket.connect(server);
    asio::write(socket, asio::buffer(text));
    std::string answer(text.size(), '\0');
    asio::read(socket, asio::buffer(answer));
    return answer;
}

}  // namespace corun_test
