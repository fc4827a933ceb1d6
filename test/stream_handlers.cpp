// Streams without fibers: their operations end in callbacks and coroutines.
#include <corun/stream.hpp>

#include "support/leaks.hpp"
#include "support/streaming.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <tuple>

namespace asio = boost::asio;
using boost::system::error_code;
using corun_test::streaming;

BOOST_FIXTURE_TEST_SUITE(stream_handlers, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(by_callbacks_without_a_fiber) {
    asio::io_context io;
    streaming s{io.get_executor()};
    std::string got(10, '\0');
    std::size_t count = 0;
    error_code end;
    s.own.async_read_some(asio::buffer(got), [&](error_code ec, std::size_t n) {
        BOOST_TEST(!ec);
        count = n;
        s.own.async_write_some(asio::buffer("answer", 6), [&](error_code failed, std::size_t) {
            BOOST_TEST(!failed);
            s.connected.peer.close();
            s.own.async_read_some(asio::buffer(got), [&](error_code e, std::size_t) { end = e; });
        });
    });
    io.poll();
    BOOST_TEST(count == 0U);
    s.connected.send("hello");
    io.run();
    BOOST_TEST(count == 5U);
    BOOST_TEST((end == asio::error::eof || end == asio::error::connection_reset), end.message());
}

BOOST_AUTO_TEST_CASE(by_coroutines) {
    asio::io_context io;
    streaming s{io.get_executor()};
    std::string got;
    asio::co_spawn(
        io,
        [&]() -> asio::awaitable<void> {
            for (;;) {
                char piece[3];
                auto [ec, n] = co_await s.own.async_read_some(asio::buffer(piece), asio::as_tuple(asio::use_awaitable));
                if (ec) co_return;
                got.append(piece, n);
            }
        },
        asio::detached);
    io.poll();
    s.connected.send("hello");
    s.connected.peer.close();
    io.run();
    BOOST_TEST(got == "hello");
}

BOOST_AUTO_TEST_CASE(a_callback_that_waits_is_cancelled_by_its_slot) {
    asio::io_context io;
    streaming s{io.get_executor()};
    std::array<char, 10> data;
    asio::cancellation_signal stop;
    error_code outcome;
    s.own.async_read_some(asio::buffer(data),
                          asio::bind_cancellation_slot(stop.slot(), [&](error_code ec, std::size_t) { outcome = ec; }));
    io.poll();
    BOOST_TEST(!outcome);
    stop.emit(asio::cancellation_type::terminal);
    io.run();
    BOOST_TEST((outcome == asio::error::operation_aborted), outcome.message());
}

BOOST_AUTO_TEST_SUITE_END()
