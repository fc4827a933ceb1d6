// What happens to waits for sockets when something else happens to the socket: it is closed, moved, met by others, and its number
// comes again.
#include <corun/socket.hpp>

#include <corun/blocking.hpp>
#include <corun/event.hpp>
#include <corun/io.hpp>
#include <corun/run.hpp>
#include <corun/select.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/stream.hpp>
#include <corun/timeout.hpp>

#include "support/connections.hpp"
#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using boost::system::error_code;
using corun_test::connect_to;
using corun_test::connection;
using corun_test::listen_here;
using corun_test::read_text;
using tcp = asio::ip::tcp;

namespace {

// Pieces of one byte, so many that an operation has to give the others turns.
constexpr std::size_t many = 8000;

// Sent to before others: the fiber that waits here is told in the same batch as theirs, and runs first.
struct first_of_a_batch : connection {
    first_of_a_batch() { corun_test::check_waiting_read(*this, "known"); }
    void wait() {
        error_code ec;
        (void)read_text(own, ec);
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(socket_borders, corun_test::nothing_left)

// The slot of its number exists, as a higher one is known; but nobody has ever registered it.
BOOST_AUTO_TEST_CASE(a_stream_below_those_that_are_known) {
    corun::run([] {
        connection high;
        high.move_to(corun_test::number);
        corun_test::check_waiting_read(high, "known");
        tcp::acceptor acceptor = listen_here();
        const corun_test::descriptor peer = connect_to(acceptor);
        auto low = corun::yield(corun::accept_stream(acceptor));
        BOOST_TEST(low.native_handle() < corun_test::number);
        error_code ec;
        corun_test::write_all(peer, "first");
        BOOST_TEST(read_text(low, ec) == "first");
        corun_test::check_waiting_read(low, peer, "second");
    });
}

BOOST_AUTO_TEST_CASE(closed_between_being_told_and_running) {
    corun::run([] {
        first_of_a_batch first;
        connection c;
        corun_test::check_waiting_read(c, "known");
        const int number = c.own.native_handle();
        error_code ec;
        corun_test::descriptor next;
        auto closer = corun::spawn([&] {
            first.wait();
            corun::close(c.own);
            next = corun_test::descriptor{::fcntl(first.peer, F_DUPFD_CLOEXEC, number)};  // the number is another file's
        });
        auto reader = corun::spawn([&] { return read_text(c.own, ec); });
        corun::yield();
        first.send("first");
        c.send("data");
        BOOST_TEST(corun::yield(reader.join()) == "");
        corun::yield(closer.join());
        BOOST_TEST(int{next} == number);
        BOOST_TEST((ec == asio::error::operation_aborted));
    });
}

BOOST_AUTO_TEST_CASE(closed_between_two_calls_of_a_write) {
    corun::run([] {
        connection c;
        const std::vector<asio::const_buffer> pieces(many, asio::buffer("S", 1));
        error_code ec;
        auto writer = corun::spawn([&] { return corun::yield(corun::write(c.own, pieces), ec); });
        corun::yield();
        BOOST_TEST(!writer.done());
        corun::close(c.own);
        BOOST_TEST(corun::yield(writer.join()) < many);
        BOOST_TEST((ec == asio::error::operation_aborted));
    });
}

BOOST_AUTO_TEST_CASE(moved_and_gone_between_two_calls_of_a_read) {
    corun::run([] {
        connection c;
        auto given = std::make_unique<tcp::socket>(std::move(c.own));
        std::string text(many, '\0');
        std::vector<asio::mutable_buffer> pieces;
        for (char& each : text) pieces.emplace_back(&each, 1);
        c.send(std::string(many - 1, 'x'));
        auto reader = corun::spawn([&] { return corun::yield(corun::read(*given, pieces)); });
        corun::yield();
        BOOST_TEST(!reader.done());
        c.own = std::move(*given);
        given.reset();
        while (c.own.available() != 0) corun::yield();
        corun::yield();  // it waits for the last byte
        c.send("y");
        BOOST_TEST(corun::yield(reader.join()) == many);
        BOOST_TEST(text.back() == 'y');
    });
}

BOOST_AUTO_TEST_CASE(a_select_whose_connection_another_has_taken_goes_on_accepting) {
    corun::run([] {
        first_of_a_batch first;
        tcp::acceptor acceptor = listen_here();
        corun::event never;
        auto chosen = corun::spawn([&] { return corun::yield(corun::select(corun::accept(acceptor), never.wait())).index(); });
        auto thief = corun::spawn([&] {
            first.wait();
            return corun::yield(corun::accept(acceptor)).is_open();
        });
        corun::yield();
        first.send("now");
        const corun_test::descriptor one = connect_to(acceptor);
        BOOST_TEST(corun::yield(thief.join()));
        BOOST_TEST(!chosen.done());
        const corun_test::descriptor other = connect_to(acceptor);
        BOOST_TEST(corun::yield(chosen.join()) == 0U);
    });
}

// It has asked the system, and need not believe what is known of the socket.
BOOST_AUTO_TEST_CASE(a_chosen_case_takes_what_another_reader_was_told_of) {
    corun::run([] {
        first_of_a_batch first;
        connection c;
        corun_test::check_waiting_read(c, "known");
        char next = 0;
        auto selecting = corun::spawn([&] {
            first.wait();
            return corun::yield(
                       corun::select(corun::read_some(c.own, asio::buffer(&next, 1)), corun::sleep_for(std::chrono::hours{1})))
                .index();
        });
        error_code ec;
        auto reader = corun::spawn([&] { return read_text(c.own, ec); });
        corun::yield();
        first.send("now");
        c.send("1");
        BOOST_TEST(corun::yield(selecting.join()) == 0U);
        BOOST_TEST(next == '1');
        c.send("2");
        BOOST_TEST(corun::yield(reader.join()) == "2");
    });
}

BOOST_AUTO_TEST_CASE(buffers_without_room_never_wait) {
    corun::run([] {
        connection c;
        const auto read_nothing = [&] { return corun::read_some(c.own, asio::mutable_buffer{}); };
        BOOST_TEST(corun::yield(read_nothing()) == 0U);
        corun_test::check_waiting_read(c, "known to be empty now");
        BOOST_TEST(corun::yield(read_nothing()) == 0U);
        BOOST_TEST(corun::yield(corun::select(read_nothing(), corun::sleep_for(std::chrono::hours{1}))).index() == 0U);
        const std::string much(64 << 20, 'x');
        BOOST_TEST(!corun::yield(corun::move_on_after(std::chrono::milliseconds{1}, corun::write(c.own, asio::buffer(much)))));
        BOOST_TEST(corun::yield(corun::write_some(c.own, asio::const_buffer{})) == 0U);
    });
}

BOOST_AUTO_TEST_CASE(readable_goes_on_when_others_meet_the_socket) {
    corun::run([] {
        connection c;
        error_code ec = asio::error::would_block;
        auto waiting = corun::spawn([&] { corun::yield(corun::readable(c.own.native_handle()), ec); });
        corun::yield();
        const std::string much(16 << 20, 'x');
        auto writer = corun::spawn([&] { return corun::yield(corun::write(c.own, asio::buffer(much))); });
        corun::yield();
        BOOST_TEST(!writer.done());  // it is registered, for good
        corun::yield(corun::blocking([&] { return c.receive(much.size()); }));
        BOOST_TEST(corun::yield(writer.join()) == much.size());
        BOOST_TEST(!waiting.done());
        c.send("now");
        corun::yield(waiting.join());
        BOOST_TEST(!ec);
    });
}

BOOST_AUTO_TEST_CASE(urgent_data_alone_makes_nothing_readable) {
    corun::run([] {
        connection c;
        corun_test::check_waiting_read(c, "known");
        bool is_told = false;
        auto waiting = corun::spawn([&] {
            corun::yield(corun::readable(c.own.native_handle()));
            is_told = true;
        });
        corun::yield();
        BOOST_TEST(::send(c.peer, "!", 1, MSG_OOB) == 1);
        BOOST_TEST(!corun::yield(corun::move_on_after(std::chrono::milliseconds{5}, waiting.join())));
        BOOST_TEST(!is_told);
        c.send("now");
        corun::yield(waiting.join());
    });
}

BOOST_AUTO_TEST_CASE(what_a_call_that_fails_has_not_read_is_there_for_the_next_one) {
    corun::run([] {
        connection c;
        corun_test::check_waiting_read(c, "known");
        error_code ec;
        auto failing = corun::spawn([&] {
            auto* const nowhere = reinterpret_cast<void*>(16);  // the system says so
            return corun::yield(corun::read_some(c.own, asio::mutable_buffer{nowhere, 100}), ec);
        });
        corun::yield();
        c.send("data");
        corun::yield(failing.join());
        BOOST_TEST((ec == boost::system::errc::bad_address));
        BOOST_TEST(read_text(c.own, ec) == "data");
    });
}

BOOST_AUTO_TEST_SUITE_END()
