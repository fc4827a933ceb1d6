// A fiber that is told of an edge takes it with it: who comes next must not miss what it has not read.
#include <corun/socket.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/select.hpp>
#include <corun/spawn.hpp>
#include <corun/stream.hpp>

#include "support/connections.hpp"
#include "support/dumps.hpp"
#include "support/leaks.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace asio = boost::asio;
using corun_test::connection;
using corun_test::contains;
using corun_test::dumped;
using corun_test::line_of;

namespace {

struct known_stream : connection {
    known_stream() : stream{std::move(own)} {
        auto reader = corun::spawn([this] { return read(10); });
        corun::yield();
        send("first");
        BOOST_TEST(corun::yield(reader.join()) == "first");
    }
    std::string read(std::size_t most) {
        std::string text(most, '\0');
        text.resize(corun::yield(corun::read_some(stream, asio::buffer(text))));
        return text;
    }
    corun::stream<asio::ip::tcp::socket> stream;
};

// Gives turns, and with them I/O, until the fiber is ready to run.
void until_it_is_told(const corun::fiber<std::string>& reader) {
    while (!contains(line_of(dumped(), reader.id(), 2), " ready, yielded at")) corun::yield();
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(socket_taken_edges, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(what_a_select_was_told_of_and_did_not_take_is_there_for_the_next_read) {
    corun::run([] {
        known_stream a, b;
        char from_a = 0, from_b = 0;
        auto both = corun::spawn([&] {
            return corun::yield(corun::select(corun::read_some(a.stream, asio::buffer(&from_a, 1)),
                                              corun::read_some(b.stream, asio::buffer(&from_b, 1))));
        });
        corun::yield();
        a.send("a");
        b.send("b");
        const bool took_a = corun::yield(both.join()).index() == 0;
        BOOST_TEST((took_a ? from_a : from_b) == (took_a ? 'a' : 'b'));
        BOOST_TEST((took_a ? b : a).read(10) == (took_a ? "b" : "a"));
    });
}

BOOST_AUTO_TEST_CASE(who_was_told_and_has_not_run_is_still_the_one_that_waits) {
    corun::run([] {
        known_stream c;
        auto first = corun::spawn([&] { return c.read(1); });
        corun::yield();
        c.send("12");
        until_it_is_told(first);
        BOOST_CHECK_THROW(c.read(1), std::logic_error);
        BOOST_TEST(corun::yield(first.join()) == "1");
        BOOST_TEST(c.read(1) == "2");
    });
}

BOOST_AUTO_TEST_CASE(what_a_reader_leaves_is_there_for_who_comes_later) {
    corun::run([] {
        known_stream c;
        auto first = corun::spawn([&] { return c.read(3); });
        corun::yield();
        c.send("12345");
        BOOST_TEST(corun::yield(first.join()) == "123");
        BOOST_TEST(c.read(3) == "45");
    });
}

BOOST_AUTO_TEST_CASE(what_comes_after_the_edge_that_was_taken) {
    corun::run([] {
        known_stream c;
        auto first = corun::spawn([&] { return c.read(10); });
        corun::yield();
        c.send("1");
        until_it_is_told(first);
        c.send("2");
        BOOST_TEST(corun::yield(first.join()) == "12");
        auto second = corun::spawn([&] { return c.read(10); });
        corun::yield();
        c.send("3");
        BOOST_TEST(corun::yield(second.join()) == "3");
    });
}

// A stream remembers as what its scheduler knows it: another one must not believe that of what it knows of the number.
BOOST_AUTO_TEST_CASE(streams_of_one_number_that_go_from_scheduler_to_scheduler) {
    asio::io_context first, second;
    for (int round = 0; round != 3; ++round) {
        connection c{first.get_executor()};
        c.move_to(corun_test::number);
        corun::stream<asio::ip::tcp::socket> stream{std::move(c.own)};
        for (asio::io_context* context : {&first, &first, &second, &second, &first}) {
            auto fiber = corun::spawn(*context, [&] { corun_test::check_waiting_read(stream, c.peer, "text"); });
            context->restart();
            context->run();
            fiber.get();
        }
        BOOST_TEST(stream.native_handle() == corun_test::number);
    }
}

BOOST_AUTO_TEST_SUITE_END()
