// Fibers that yield for ever beside a socket, a timer and a plain handler.
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <unistd.h>
#include <array>
#include <chrono>

using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

// Runs the event beside two fibers that never stop until it has happened.
template <class Hog, class Event>
void event_beside(Hog hog, Event event) {
    asio::io_context io;
    bool happened = false;
    for (int i = 0; i != 2; ++i)
        corun::spawn(io, [&] {
            while (!happened) hog();
        });
    event(io, happened);
    io.run();
    BOOST_TEST(happened);
}

void yield_once() { corun::yield(); }
void wait_for_what_is_ready() { corun::yield(corun::sleep_for(0s)); }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(starvation, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_ready_socket) {
    for (auto* hog : {yield_once, wait_for_what_is_ready})
        event_beside(hog, [](asio::io_context& io, bool& happened) {
            corun::spawn(io, [&] {
                asio::local::stream_protocol::socket a{io}, b{io};
                asio::local::connect_pair(a, b);
                std::array<char, 1> byte;
                auto writer = corun::spawn([&] {
                    for (int i = 0; i != 10; ++i) corun::yield();
                    asio::write(b, asio::buffer("x", 1));
                });
                corun::yield(a.async_read_some(asio::buffer(byte), asio::deferred));
                corun::yield(writer.join());
                happened = true;
            });
        });
}

BOOST_AUTO_TEST_CASE(a_descriptor_a_timer_and_a_plain_handler) {
    for (auto* hog : {yield_once, wait_for_what_is_ready}) {
        event_beside(hog, [](asio::io_context& io, bool& happened) {
            corun::spawn(io, [&] {
                int fds[2];
                BOOST_REQUIRE(::pipe(fds) == 0);
                corun::spawn([&fds] { BOOST_TEST(::write(fds[1], "x", 1) == 1); });
                corun::yield(corun::readable(fds[0]));
                ::close(fds[0]);
                ::close(fds[1]);
                happened = true;
            });
        });
        event_beside(hog, [](asio::io_context& io, bool& happened) {
            corun::spawn(io, [&] {
                corun::yield(corun::sleep_for(2ms));
                happened = true;
            });
        });
        event_beside(hog, [](asio::io_context& io, bool& happened) { asio::post(io, [&] { happened = true; }); });
    }
}

BOOST_AUTO_TEST_CASE(one_fiber_alone_that_yields_for_ever) {
    asio::io_context io;
    bool happened = false;
    corun::spawn(io, [&] {
        while (!happened) corun::yield();
    });
    asio::steady_timer timer{io, 1ms};
    timer.async_wait([&](auto) { happened = true; });
    io.run();
    BOOST_TEST(happened);
}

BOOST_AUTO_TEST_SUITE_END()
