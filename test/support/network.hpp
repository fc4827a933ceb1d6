// Connections in a simulated network.
#pragma once

#include <corun.hpp>
#include <corun/sim.hpp>

#include <boost/asio.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace corun_test {

inline const corun::sim::endpoint server{"server", 80};

/// A client's and a server's end of one connection.
struct pair {
    explicit pair(corun::sim::network& net) : client{net} {
        corun::sim::acceptor acceptor{net, server};
        auto accepting = corun::spawn([&] { return corun::yield(acceptor.async_accept()); });
        corun::yield(client.async_connect(server));
        peer.emplace(corun::yield(accepting.join()));
    }
    corun::sim::stream client;
    std::optional<corun::sim::stream> peer;
};

inline std::string read_until_end(corun::sim::stream& from, boost::system::error_code& ec) {
    std::string all;
    boost::asio::async_read(from, boost::asio::dynamic_buffer(all), corun::yield[ec]);
    return all;
}

inline void send(corun::sim::stream& to, std::string_view text) {
    boost::asio::async_write(to, boost::asio::buffer(text), corun::yield);
}

/// In some runs of chance.
template <class Body>
void simulate(Body body) {
    corun::sim::check({.seeds = 25}, body);
}

}  // namespace corun_test
