// Connected streams for tests.
#pragma once

#include "connections.hpp"

#include <corun/stream.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <utility>

namespace corun_test {

/// A stream, and its peer.
struct streaming {
    explicit streaming(const boost::asio::any_io_executor& executor) : connected{executor}, own{std::move(connected.own)} {}
    streaming() : streaming{here()} {}

    connection connected;
    corun::stream<boost::asio::ip::tcp::socket> own;
};

}  // namespace corun_test
