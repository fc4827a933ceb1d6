// A fiber goes on in the handler of its operation where the loop has called that.
#include "support/leaks.hpp"
#include "support/pending.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <cstddef>
#include <stdexcept>
#include <string>

namespace asio = boost::asio;
using corun_test::pending;
using corun_test::waiting;

namespace {

__attribute__((noinline)) int get_errno() { return errno; }
__attribute__((noinline)) void set_errno(int value) { errno = value; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(resumed_in_place, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(in_the_handler_that_the_loop_has_called) {
    asio::io_context io;
    waiting fiber{io};
    io.poll();
    asio::post(io, [&] {
        fiber.operation.complete();
        BOOST_TEST(fiber.has_gone_on);
    });
    io.run();
    BOOST_TEST(fiber.has_gone_on);
    fiber.operation.drop();
}

BOOST_AUTO_TEST_CASE(a_socket_needs_one_handler) {
    asio::io_context io;
    asio::local::stream_protocol::socket own{io}, peer{io};
    asio::local::connect_pair(own, peer);
    std::size_t received = 0;
    corun::spawn(
        io,
        [&] {
            char data[8];
            for (int i = 0; i != 3; ++i) received += corun::yield(own.async_read_some(asio::buffer(data), asio::deferred));
        },
        asio::detached);
    io.poll();
    for (std::size_t i = 1; i != 4; ++i) {
        peer.write_some(asio::buffer("x", 1));
        io.restart();
        BOOST_TEST(io.run_one() == 1U);
        BOOST_TEST(received == i);
    }
}

// What it throws leaves `run`, and not the handler of whoever has completed the operation.
BOOST_AUTO_TEST_CASE(a_failure_that_nobody_receives_leaves_run) {
    asio::io_context io;
    corun::scheduler::of(io).on_unhandled(corun::rethrow_unhandled);
    pending operation;
    bool handler_ended = false, other_ended = false;
    corun::spawn(io, [&] {
        operation.wait();
        throw std::runtime_error{"unreceived"};
    });
    corun::spawn(
        io,
        [&] {
            for (int i = 0; i != 5; ++i) corun::yield(asio::post(io, asio::deferred));
            other_ended = true;
        },
        asio::detached);
    asio::post(io, [&] {
        asio::post(io, [&] {
            operation.complete();
            handler_ended = true;
        });
    });
    BOOST_CHECK_EXCEPTION(io.run(), std::runtime_error, [](const auto& e) { return e.what() == std::string{"unreceived"}; });
    BOOST_TEST(handler_ended);
    BOOST_CHECK_NO_THROW(io.run());
    BOOST_TEST(other_ended);
    operation.drop();
}

BOOST_AUTO_TEST_CASE(errno_of_the_fiber_and_of_the_handler) {
    asio::io_context io;
    pending operation;
    corun::spawn(
        io,
        [&] {
            set_errno(E2BIG);
            operation.wait();
            BOOST_TEST(get_errno() == E2BIG);
            set_errno(EDOM);
        },
        asio::detached);
    io.poll();
    asio::post(io, [&] {
        set_errno(ENXIO);
        operation.complete();
        BOOST_TEST(get_errno() == ENXIO);
    });
    io.run();
    operation.drop();
}

// A fiber that gives way for ever after it was resumed keeps neither the loop nor other fibers.
BOOST_AUTO_TEST_CASE(others_have_their_turn) {
    asio::io_context io;
    pending operation;
    bool stop = false;
    int turns_of_the_other = 0;
    corun::spawn(
        io,
        [&] {
            operation.wait();
            while (!stop) corun::yield();
        },
        asio::detached);
    io.poll();
    corun::spawn(
        io,
        [&] {
            while (!stop) {
                corun::yield();
                ++turns_of_the_other;
            }
        },
        asio::detached);
    asio::post(io, [&] {
        operation.complete();
        asio::post(io, [&] { stop = true; });
    });
    io.run();
    BOOST_TEST(turns_of_the_other > 0);
    operation.drop();
}

BOOST_AUTO_TEST_SUITE_END()
