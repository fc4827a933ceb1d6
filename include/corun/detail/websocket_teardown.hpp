// How Beast's WebSocket ends a stream of corun's: what it asks every transport for.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/system/error_code.hpp>

#include <array>
#include <memory>
#include <utility>

namespace corun {

template <class Socket>
class stream;

namespace detail {

// The server ends its direction first; each reads what is left until the other's end, so that the connection is not reset.
template <class Stream>
struct teardown_operation {
    template <class Self>
    void operator()(Self& self, boost::system::error_code ec = {}, std::size_t = 0) {
        boost::system::error_code ignored;  // where it matters the read fails, too
        if (!begun) {
            begun = true;
            if (role == boost::beast::role_type::server) s.shutdown(boost::asio::socket_base::shutdown_send, ignored);
        }
        if (!ec) {
            const auto buffer = boost::asio::buffer(*rest);
            s.async_read_some(buffer, std::move(self));
            return;
        }
        if (ec == boost::asio::error::eof) {
            ec.clear();
            if (role == boost::beast::role_type::client) s.shutdown(boost::asio::socket_base::shutdown_send, ignored);
            s.close();
        }
        self.complete(ec);
    }

    Stream& s;
    boost::beast::role_type role;
    std::unique_ptr<std::array<char, 2048>> rest = std::make_unique<std::array<char, 2048>>();
    bool begun = false;
};

}  // namespace detail

template <class Socket, class Handler>
void async_teardown(boost::beast::role_type role, stream<Socket>& s, Handler&& handler) {
    boost::asio::async_compose<Handler, void(boost::system::error_code)>(detail::teardown_operation<stream<Socket>>{s, role},
                                                                         handler, s);
}

template <class Socket>
void teardown(boost::beast::role_type role, stream<Socket>& s, boost::system::error_code& ec) {
    boost::system::error_code ignored;
    if (role == boost::beast::role_type::server) s.shutdown(boost::asio::socket_base::shutdown_send, ignored);
    std::array<char, 2048> rest;
    do s.read_some(boost::asio::buffer(rest), ec);
    while (!ec);
    if (ec != boost::asio::error::eof) return;
    ec.clear();
    s.close();
}

// Beast closes what has timed out.
template <class Socket>
void beast_close_socket(stream<Socket>& s) {
    s.close();
}

}  // namespace corun
