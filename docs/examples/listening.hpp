// Where the servers listen: on loopback, at the port that they are given.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/system_error.hpp>

#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

/// A port, or another small number. Throws std::invalid_argument, with words for the user.
inline std::uint16_t number_of(std::string_view given, const std::string& usage) {
    std::uint16_t number = 0;
    const auto [end, problem] = std::from_chars(given.data(), given.data() + given.size(), number);
    if (problem == std::errc{} && end == given.data() + given.size()) return number;
    throw std::invalid_argument{"'" + std::string{given} + "' is no number from 0 to 65535; usage: " + usage};
}

/// @param port  0: the system chooses
/// Throws std::runtime_error, with words for the user, where that port is not to be had.
inline boost::asio::ip::tcp::acceptor listen_on_loopback(boost::asio::io_context& io, std::uint16_t port) {
    const auto here = boost::asio::ip::address_v4::loopback();
    try {
        return {io, {here, port}};
    } catch (const boost::system::system_error& error) {
        throw std::runtime_error{"cannot listen at " + here.to_string() + ":" + std::to_string(port) + ": " +
                                 error.code().message()};
    }
}
