// Operations on sockets of every kind, beside Asio's own, and on several threads.
#include <corun/socket.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/spawn.hpp>
#include <corun/token.hpp>

#include "support/connections.hpp"
#include "support/leaks.hpp"

#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <string>
#include <thread>

namespace asio = boost::asio;
using boost::system::error_code;
using corun_test::connection;
using corun_test::here;
using corun_test::read_text;
using tcp = asio::ip::tcp;

BOOST_FIXTURE_TEST_SUITE(socket_kinds, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(mixed_with_the_operations_of_asio) {
    corun::run([] {
        connection c;
        std::array<char, 10> data{};
        for (int round = 0; round != 3; ++round) {
            auto by_asio = corun::spawn([&] { return corun::yield(c.own.async_read_some(asio::buffer(data), asio::deferred)); });
            corun::yield();
            c.send("12345");
            BOOST_TEST(corun::yield(by_asio.join()) == 5U);
            auto by_corun = corun::spawn([&] { return read_text(c.own); });
            corun::yield();
            c.send("678");
            BOOST_TEST(corun::yield(by_corun.join()) == "678");
        }
    });
}

BOOST_AUTO_TEST_CASE(a_blocking_socket_does_not_block) {
    corun::run([] {
        connection c;
        c.own.non_blocking(false);
        c.own.native_non_blocking(false);
        auto reader = corun::spawn([&] { return read_text(c.own); });
        corun::yield();
        c.send("late");
        BOOST_TEST(corun::yield(reader.join()) == "late");
    });
}

BOOST_AUTO_TEST_CASE(sockets_of_the_unix_domain_and_pipes) {
    corun::run([] {
        asio::local::stream_protocol::socket one{here()}, two{here()};
        asio::local::connect_pair(one, two);
        auto reader = corun::spawn([&] { return read_text(one); });
        corun::yield();
        corun::yield(corun::write(two, asio::buffer("local", 5)));
        BOOST_TEST(corun::yield(reader.join()) == "local");

        corun_test::pipe_pair ends;
        asio::posix::stream_descriptor out{here(), ::dup(ends.out)}, in{here(), ::dup(ends.in)};
        ends.in.close();
        auto from_pipe = corun::spawn([&] { return read_text(out); });
        corun::yield();
        corun::yield(corun::write(in, asio::buffer("piped", 5)));
        BOOST_TEST(corun::yield(from_pipe.join()) == "piped");
        const std::string much(1 << 20, 'm');  // more than a pipe holds
        auto writer = corun::spawn([&] {
            corun::yield(corun::write(in, asio::buffer(much)));
            in.close();
        });
        std::string all(much.size(), '\0');
        corun::yield(corun::read(out, asio::buffer(all)));
        BOOST_TEST((all == much));
        error_code ec;
        corun::yield(corun::read_some(out, asio::buffer(all)), ec);
        BOOST_TEST((ec == asio::error::eof));
        corun::yield(writer.join());
    });
}

BOOST_AUTO_TEST_CASE(from_several_threads_by_schedulers_of_their_own) {
    constexpr int rounds = 300;
    asio::io_context one, two;
    connection c{one.get_executor()};
    tcp::socket other{two, tcp::v4(), ::dup(c.peer)};
    const auto bounce = [](tcp::socket& socket, bool begins) {
        std::array<char, 16> data{};
        for (int i = 0; i != rounds; ++i) {
            if (begins) corun::yield(corun::write(socket, asio::buffer(data)));
            corun::yield(corun::read(socket, asio::buffer(data)));
            if (!begins) corun::yield(corun::write(socket, asio::buffer(data)));
        }
    };
    auto here_done = corun::spawn(one, [&] { bounce(c.own, true); });
    auto there_done = corun::spawn(two, [&] { bounce(other, false); });
    std::jthread thread{[&] { two.run(); }};
    one.run();
    thread.join();
    here_done.get();
    there_done.get();
}

BOOST_AUTO_TEST_SUITE_END()
