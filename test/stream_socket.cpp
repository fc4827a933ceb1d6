// The socket of a stream: its own descriptor at first, and an object of Asio's for whoever asks.
#include <corun/stream.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/spawn.hpp>

#include "support/connections.hpp"
#include "support/leaks.hpp"

#include <boost/asio/ip/unicast.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

namespace asio = boost::asio;
using boost::system::error_code;
using corun_test::check_waiting_read;
using corun_test::here;
using tcp = asio::ip::tcp;
using stream = corun::stream<tcp::socket>;

namespace {

// How many of the process's epoll instances watch a descriptor: Linux lists what each does.
int watchers_of(int fd) {
    int found = 0;
    const std::string wanted = std::to_string(fd);
    for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fdinfo"}) {
        std::ifstream lines{entry.path()};
        for (std::string word; lines >> word;)
            if (word == "tfd:" && lines >> word && word == wanted) ++found;
    }
    return found;
}

// Two streams that corun has connected.
struct both_ends {
    both_ends() {
        tcp::acceptor acceptor = corun_test::listen_here();
        auto accepting = corun::spawn([&] { server = corun::yield(corun::accept_stream(acceptor)); });
        corun::yield(corun::connect(client, acceptor.local_endpoint()));
        corun::yield(accepting.join());
    }
    stream client{here()}, server{here()};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(stream_sockets, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(what_corun_connects_is_watched_by_corun_alone) {
    corun::run([] {
        both_ends s;
        BOOST_TEST(watchers_of(s.client.native_handle()) == 1);
        BOOST_TEST(watchers_of(s.server.native_handle()) == 0);  // nobody has waited for it yet
        check_waiting_read(s.server, s.client.native_handle(), "hello");
        BOOST_TEST(watchers_of(s.server.native_handle()) == 1);
        check_waiting_read(s.client, s.server.native_handle(), "answer");
        (void)s.server.socket();
        BOOST_TEST(watchers_of(s.server.native_handle()) == 2);
        check_waiting_read(s.server, s.client.native_handle(), "hello again");
    });
}

BOOST_AUTO_TEST_CASE(a_socket_that_was_opened_by_asio_leaves_its_reactor_at_the_first_wait) {
    corun::run([] {
        corun_test::connection c;
        const int number = c.own.native_handle();
        stream s{std::move(c.own)};
        BOOST_TEST(watchers_of(number) == 1);
        check_waiting_read(s, c.peer, "hello");
        BOOST_TEST(s.native_handle() == number);
        BOOST_TEST(watchers_of(number) == 1);
        check_waiting_read(s, c.peer, "again");
    });
}

BOOST_AUTO_TEST_CASE(one_that_fibers_have_waited_for_is_known_to_the_stream) {
    corun::run([] {
        corun_test::connection c;
        check_waiting_read(c.own, c.peer, "as a socket");
        stream s{std::move(c.own)};
        check_waiting_read(s, c.peer, "as a stream");
        tcp::socket out{std::move(s.socket())};
        check_waiting_read(out, c.peer, "as a socket again");
    });
}

BOOST_AUTO_TEST_CASE(a_wait_of_asio_on_the_socket_goes_on_beside_those_of_the_stream) {
    corun::run([] {
        corun_test::connection c;
        stream s{std::move(c.own)};
        auto asio_waits = corun::spawn([&, &object = s.socket()] {
            corun::yield(object.async_wait(tcp::socket::wait_read, asio::deferred));
            BOOST_TEST(object.is_open());
        });
        corun::yield();
        check_waiting_read(s, c.peer, "hello");
        corun::yield(asio_waits.join());
    });
}

BOOST_AUTO_TEST_CASE(options_and_endpoints_without_the_object) {
    corun::run([] {
        both_ends s;
        s.client.set_option(tcp::no_delay{true});
        s.client.set_option(asio::ip::unicast::hops{7});
        tcp::no_delay no_delay;
        asio::ip::unicast::hops hops;
        s.client.get_option(no_delay);
        s.client.get_option(hops);
        BOOST_TEST(no_delay.value());
        BOOST_TEST(hops.value() == 7);
        BOOST_TEST((s.client.local_endpoint() == s.server.remote_endpoint()));
        corun::yield(corun::write(s.client, asio::buffer("hello", 5)));
        BOOST_TEST(s.server.available() == 5U);
        BOOST_TEST(watchers_of(s.client.native_handle()) == 1);

        (void)s.client.socket();
        BOOST_TEST((s.client.remote_endpoint() == s.server.local_endpoint()));
        tcp::no_delay as_before;
        s.client.get_option(as_before);
        BOOST_TEST(as_before.value());
        BOOST_TEST(s.client.available() == 0U);
    });
}

BOOST_AUTO_TEST_CASE(what_the_system_refuses_is_told) {
    corun::run([] {
        both_ends s;
        error_code ec;
        s.client.set_option(asio::ip::unicast::hops{100'000}, ec);
        BOOST_TEST((ec == asio::error::invalid_argument), ec.message());
        BOOST_CHECK_THROW(s.client.set_option(asio::ip::unicast::hops{100'000}), boost::system::system_error);
        s.client.set_option(tcp::no_delay{true}, ec);
        BOOST_TEST(!ec);
        s.client.close();
        s.client.shutdown(tcp::socket::shutdown_send, ec);
        BOOST_TEST((ec == asio::error::bad_descriptor), ec.message());
        BOOST_TEST((s.client.remote_endpoint(ec) == tcp::endpoint{}));
        BOOST_TEST((ec == asio::error::bad_descriptor), ec.message());
    });
}

BOOST_AUTO_TEST_CASE(it_takes_over_a_descriptor_once) {
    corun::run([] {
        corun_test::connection c;
        stream s{here()};
        const int number = c.own.release();
        s.assign(tcp::v4(), number);
        BOOST_TEST(s.native_handle() == number);
        error_code ec;
        s.assign(tcp::v4(), 0, ec);
        BOOST_TEST((ec == asio::error::already_open), ec.message());
        check_waiting_read(s, c.peer, "hello");
    });
}

BOOST_AUTO_TEST_CASE(a_mode_that_was_set_stays) {
    corun::run([] {
        corun_test::connection c;
        c.own.non_blocking(true);
        stream s{std::move(c.own)};
        check_waiting_read(s, c.peer, "hello");
        error_code ec;
        std::array<char, 4> data;
        BOOST_TEST(s.read_some(asio::buffer(data), ec) == 0U);
        BOOST_TEST((ec == asio::error::would_block), ec.message());
    });
}

BOOST_AUTO_TEST_CASE(closed_and_connected_again) {
    corun::run([] {
        tcp::acceptor acceptor = corun_test::listen_here();
        stream client{here()};
        for (const bool is_lent : {false, false, true, true}) {
            if (is_lent) (void)client.socket();
            auto accepting = corun::spawn([&] { return corun::yield(corun::accept_stream(acceptor)); });
            corun::yield(corun::connect(client, acceptor.local_endpoint()));
            stream server = corun::yield(accepting.join());
            check_waiting_read(client, server.native_handle(), "hello");
            BOOST_TEST(watchers_of(client.native_handle()) == (is_lent ? 2 : 1));
            corun::close(client);
            BOOST_TEST(!client.is_open());
        }
        acceptor.close();
        error_code ec;
        corun::yield(corun::connect(client, {asio::ip::address_v4::loopback(), 1}), ec);
        BOOST_TEST((ec == asio::error::connection_refused), ec.message());
    });
}

BOOST_AUTO_TEST_CASE(one_that_is_open_connects) {
    corun::run([] {
        tcp::acceptor acceptor = corun_test::listen_here();
        stream client{here(), tcp::v4()};
        auto accepting = corun::spawn([&] { return corun::yield(corun::accept_stream(acceptor)); });
        corun::yield(corun::connect(client, acceptor.local_endpoint()));
        stream server = corun::yield(accepting.join());
        check_waiting_read(client, server.native_handle(), "hello");
    });
}

BOOST_AUTO_TEST_CASE(a_stream_that_is_assigned_to_ends_what_waited_for_its_socket) {
    corun::run([] {
        both_ends s, other;
        error_code ec;
        std::array<char, 4> data;
        auto waiting = corun::spawn([&] { corun::yield(corun::read_some(s.client, asio::buffer(data)), ec); });
        corun::yield();
        s.client = std::move(other.client);
        BOOST_TEST(!other.client.is_open());
        corun::yield(waiting.join());
        BOOST_TEST((ec == asio::error::operation_aborted), ec.message());
        check_waiting_read(s.client, other.server.native_handle(), "of the other");
    });
}

BOOST_AUTO_TEST_CASE(streams_of_the_local_domain) {
    corun::run([] {
        corun_test::socket_pair pair;
        corun::stream<asio::local::stream_protocol::socket> s{here()};
        s.assign(asio::local::stream_protocol{}, ::dup(pair.one));
        check_waiting_read(s, pair.two, "hello");
        (void)s.socket();
        check_waiting_read(s, pair.two, "again");
    });
}

BOOST_AUTO_TEST_SUITE_END()
