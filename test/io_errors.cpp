// Hang-up and errors wake a fiber that waits for a descriptor: when it begins to wait, and while it waits.
#include <corun/io.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/descriptors.hpp"
#include "support/leaks.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/test/unit_test.hpp>

#include <csignal>
#include <cstdio>
#include <string>

namespace asio = boost::asio;
using boost::system::error_code;
using corun_test::pipe_pair;
using corun_test::socket_pair;

namespace {

// What a wait ends with when `happens` has happened before it, and when it happens while a fiber waits.
struct outcomes {
    error_code before, during;
};

template <class Pair, class Wait>
outcomes after(Wait wait, void (*happens)(Pair&)) {
    outcomes result;
    corun::run([&] {
        {
            Pair pair;
            happens(pair);
            corun::yield(wait(pair), result.before);
        }
        {
            Pair pair;
            auto waiter = corun::spawn([&] { corun::yield(wait(pair), result.during); });
            corun::yield();
            BOOST_TEST(!waiter.done());
            happens(pair);
            corun::yield(waiter.join());
        }
    });
    return result;
}

error_code error_of(corun::ready_operation op) {
    error_code ec;
    corun::yield(op, ec);
    return ec;
}

auto read_pipe(const pipe_pair& p) { return corun::readable(p.out); }
auto read_one(const socket_pair& p) { return corun::readable(p.one); }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(io_errors, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_pipe_without_writers_is_at_its_end) {
    const auto e = after<pipe_pair>(read_pipe, [](pipe_pair& p) { p.in.close(); });
    BOOST_TEST((e.before == asio::error::eof));
    BOOST_TEST((e.during == asio::error::eof));
}

BOOST_AUTO_TEST_CASE(a_socket_whose_peer_has_closed_is_at_its_end) {
    const auto e = after<socket_pair>(read_one, [](socket_pair& p) { p.two.close(); });
    BOOST_TEST((e.before == asio::error::eof), e.before.message());
    BOOST_TEST((e.during == asio::error::eof), e.during.message());
}

BOOST_AUTO_TEST_CASE(a_socket_whose_peer_will_send_no_more_is_at_its_end) {
    const auto e = after<socket_pair>(read_one, [](socket_pair& p) { ::shutdown(p.two, SHUT_WR); });
    BOOST_TEST((e.before == asio::error::eof), e.before.message());
    BOOST_TEST((e.during == asio::error::eof), e.during.message());
}

BOOST_AUTO_TEST_CASE(what_the_peer_sent_before_it_hung_up_is_read_first) {
    const auto pipe = after<pipe_pair>(read_pipe, [](pipe_pair& p) {
        p.write("last words");
        p.in.close();
    });
    BOOST_TEST(!pipe.before);
    BOOST_TEST(!pipe.during);
    const auto socket = after<socket_pair>(read_one, [](socket_pair& p) {
        corun_test::write_all(p.two, "last words");
        p.two.close();
    });
    BOOST_TEST(!socket.before);
    BOOST_TEST(!socket.during);
}

BOOST_AUTO_TEST_CASE(a_pipe_without_readers_is_broken) {
    std::signal(SIGPIPE, SIG_IGN);  // filling a pipe without readers
    const auto e = after<pipe_pair>([](const pipe_pair& p) { return (void)p.fill(), corun::writable(p.in); },
                                    [](pipe_pair& p) {
                                        (void)p.fill();
                                        p.out.close();
                                    });
    BOOST_TEST((e.before == asio::error::broken_pipe));
    BOOST_TEST((e.during == asio::error::broken_pipe));
}

BOOST_AUTO_TEST_CASE(a_full_socket_whose_peer_has_closed_is_broken) {
    const auto e = after<socket_pair>([](const socket_pair& p) { return corun_test::fill(p.one), corun::writable(p.one); },
                                      [](socket_pair& p) { p.two.close(); });
    BOOST_TEST((e.before == asio::error::broken_pipe || e.before == asio::error::connection_reset), e.before.message());
    BOOST_TEST((e.during == asio::error::broken_pipe || e.during == asio::error::connection_reset), e.during.message());
}

BOOST_AUTO_TEST_CASE(a_refused_connection_is_the_pending_error) {
    corun::run([] {
        asio::io_context unused;
        asio::ip::tcp::acceptor nobody{unused, {asio::ip::address_v4::loopback(), 0}};
        auto endpoint = nobody.local_endpoint();
        nobody.close();
        const corun_test::descriptor fd{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
        const int result = ::connect(fd, endpoint.data(), static_cast<socklen_t>(endpoint.size()));
        BOOST_REQUIRE((result == 0 || errno == EINPROGRESS || errno == ECONNREFUSED));
        error_code ec;
        corun::yield(corun::writable(fd), ec);
        BOOST_TEST((result == 0 || ec == asio::error::connection_refused || ec == asio::error::broken_pipe), ec.message());
    });
}

BOOST_AUTO_TEST_CASE(the_error_wakes_both_directions) {
    corun::run([] {
        socket_pair pair;
        corun_test::fill(pair.one);
        error_code read, written;
        auto reader = corun::spawn([&] { corun::yield(corun::readable(pair.one), read); });
        auto writer = corun::spawn([&] { corun::yield(corun::writable(pair.one), written); });
        corun::yield();
        pair.two.close();
        corun::yield(reader.join());
        corun::yield(writer.join());
        BOOST_TEST((read == asio::error::eof || read == asio::error::connection_reset), read.message());
        BOOST_TEST((written == asio::error::broken_pipe || written == asio::error::connection_reset), written.message());
    });
}

BOOST_AUTO_TEST_CASE(without_ec_it_is_thrown_and_says_what_was_waited_for) {
    corun::run([] {
        pipe_pair pipe;
        pipe.in.close();
        BOOST_CHECK_EXCEPTION(
            corun::yield(corun::readable(pipe.out)), boost::system::system_error, [](const boost::system::system_error& e) {
                return e.code() == asio::error::eof && std::string{e.what()}.find("readable") != std::string::npos;
            });
    });
}

BOOST_AUTO_TEST_CASE(regular_files_and_empty_devices_are_ready) {
    corun::run([] {
        const corun_test::descriptor null{::open("/dev/null", O_RDWR)};
        corun::yield(corun::readable(null));
        corun::yield(corun::writable(null));
        std::FILE* file = std::tmpfile();
        BOOST_REQUIRE(file != nullptr);
        corun::yield(corun::readable(::fileno(file)));
        corun::yield(corun::writable(::fileno(file)));
        std::fclose(file);
    });
}

BOOST_AUTO_TEST_CASE(of_a_bad_descriptor_it_fails) {
    corun::run([] {
        BOOST_TEST((error_of(corun::readable(-1)) == asio::error::bad_descriptor));
        BOOST_TEST((error_of(corun::writable(-1)) == asio::error::bad_descriptor));
        int closed = -1;
        {
            pipe_pair pipe;
            closed = pipe.out;
        }
        BOOST_TEST((error_of(corun::readable(closed)) == asio::error::bad_descriptor));
        BOOST_CHECK_THROW(corun::yield(corun::readable(-1)), boost::system::system_error);
    });
}

BOOST_AUTO_TEST_SUITE_END()
