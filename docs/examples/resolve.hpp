// A name look-up that is given up in time. The system's look-up cannot be interrupted, and Asio does not cancel it either: it gets
// a fiber of its own, which ends when it does; who waits for that fiber can leave at any time.
#pragma once

#include <corun.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <string>

/// To be called on a fiber. Throws corun::timed_out at once when the time is up, and boost::system::system_error if there is no
/// such name.
template <class Rep, class Period>
boost::asio::ip::tcp::resolver::results_type resolve(const std::string& host, const std::string& port,
                                                     std::chrono::duration<Rep, Period> longest) {
    using tcp = boost::asio::ip::tcp;
    struct answer {
        boost::system::error_code ec;  // a value, not an exception: nobody may be left to receive one
        tcp::resolver::results_type found;
    };
    const auto look_up = corun::spawn({.name = "look-up"}, [host, port] {
        tcp::resolver resolver{corun::this_fiber::executor()};
        answer got;
        got.found = corun::yield(resolver.async_resolve(host, port, boost::asio::deferred), got.ec);
        return got;
    });
    const answer got = corun::yield(corun::with_timeout(longest, look_up.join()));
    if (got.ec) throw boost::system::system_error{got.ec, host};
    return got.found;
}
