// Streams: corun's readiness behind Asio's interface, for fibers.
#include <corun/stream.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/spawn.hpp>

#include "support/connections.hpp"
#include "support/leaks.hpp"
#include "support/streaming.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>

namespace asio = boost::asio;
using boost::system::error_code;
using corun_test::streaming;
using tcp = asio::ip::tcp;
using stream = corun::stream<tcp::socket>;

BOOST_FIXTURE_TEST_SUITE(streams, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(reads_and_writes_of_asio_on_a_fiber) {
    corun::run([] {
        streaming s;
        std::string got(11, '\0');
        auto reader = corun::spawn([&] { return corun::yield(asio::async_read(s.own, asio::buffer(got), asio::deferred)); });
        corun::yield();
        BOOST_TEST(!reader.done());
        s.connected.send("hello ");
        corun::yield();
        s.connected.send("world");
        BOOST_TEST(corun::yield(reader.join()) == 11U);
        BOOST_TEST(got == "hello world");
        corun::yield(asio::async_write(s.own, asio::buffer("answer", 6), asio::deferred));
        BOOST_TEST(s.connected.receive(6) == "answer");
        s.connected.peer.close();
        error_code ec;
        corun::yield(s.own.async_read_some(asio::buffer(got), asio::deferred), ec);
        BOOST_TEST((ec == asio::error::eof), ec.message());
    });
}

BOOST_AUTO_TEST_CASE(operations_of_corun_on_a_stream) {
    corun::run([] {
        streaming s;
        corun_test::check_waiting_read(s.own, s.connected.peer, "first");
        corun_test::check_waiting_read(s.own, s.connected.peer, "second");
        corun::yield(corun::write(s.own, asio::buffer("answer", 6)));
        BOOST_TEST(s.connected.receive(6) == "answer");
    });
}

BOOST_AUTO_TEST_CASE(who_asks_for_the_socket_gets_one_that_works) {
    corun::run([] {
        streaming s;
        corun_test::check_waiting_read(s.own, s.connected.peer, "first");
        std::string got(5, '\0');
        auto waiting = corun::spawn([&] { return corun::yield(corun::read_some(s.own, asio::buffer(got))); });
        corun::yield();  // a wait that goes on
        const int number = s.own.native_handle();
        s.own.socket().set_option(tcp::no_delay{true});
        BOOST_TEST(s.own.native_handle() == number);
        s.connected.send("there");
        BOOST_TEST(corun::yield(waiting.join()) == 5U);

        auto asio_waits = corun::spawn([&] { corun::yield(s.own.socket().async_wait(tcp::socket::wait_read, asio::deferred)); });
        corun::yield();
        BOOST_TEST(!asio_waits.done());
        s.connected.send("again");
        corun::yield(asio_waits.join());
        BOOST_TEST(corun::yield(s.own.socket().async_read_some(asio::buffer(got), asio::deferred)) == 5U);
        corun_test::check_waiting_read(s.own, s.connected.peer, "third");
    });
}

BOOST_AUTO_TEST_CASE(a_socket_that_is_moved_out_works_with_asio_and_with_fibers) {
    corun::run([] {
        streaming s;
        corun_test::check_waiting_read(s.own, s.connected.peer, "first");
        tcp::socket out{std::move(s.own.socket())};
        BOOST_TEST(!s.own.is_open());
        std::string got(5, '\0');
        auto reader = corun::spawn([&] { return corun::yield(asio::async_read(out, asio::buffer(got), asio::deferred)); });
        corun::yield();
        BOOST_TEST(!reader.done());
        s.connected.send("hello");
        BOOST_TEST(corun::yield(reader.join()) == 5U);
        corun_test::check_waiting_read(out, s.connected.peer, "second");

        stream anew{std::move(out)};
        corun_test::check_waiting_read(anew, s.connected.peer, "third");
        s.own = std::move(anew);
        corun_test::check_waiting_read(s.own, s.connected.peer, "fourth");
    });
}

BOOST_AUTO_TEST_CASE(a_fiber_that_waits_is_cancelled) {
    corun::run([] {
        streaming s;
        std::array<char, 10> data;
        auto reader = corun::spawn([&] { corun::yield(asio::async_read(s.own, asio::buffer(data), asio::deferred)); });
        corun::yield();
        reader.cancel();
        BOOST_CHECK_THROW(corun::yield(reader.join()), corun::fiber_cancelled);
        corun_test::check_waiting_read(s.own, s.connected.peer, "still there");
    });
}

BOOST_AUTO_TEST_CASE(closed_while_somebody_waits) {
    corun::run([] {
        streaming s;
        std::array<char, 10> data;
        error_code composed, own;
        auto first = corun::spawn([&] { corun::yield(asio::async_read(s.own, asio::buffer(data), asio::deferred), composed); });
        corun::yield();
        s.own.close();
        corun::yield(first.join());
        BOOST_TEST((composed == asio::error::operation_aborted), composed.message());
        streaming t;
        auto second = corun::spawn([&] { corun::yield(corun::read_some(t.own, asio::buffer(data)), own); });
        corun::yield();
        t.own.cancel();
        corun::yield(second.join());
        BOOST_TEST((own == asio::error::operation_aborted), own.message());
    });
}

BOOST_AUTO_TEST_CASE(a_second_read_is_refused) {
    corun::run([] {
        streaming s;
        std::array<char, 10> data;
        auto first = corun::spawn([&] { return corun::yield(s.own.async_read_some(asio::buffer(data), asio::deferred)); });
        corun::yield();
        error_code ec;
        corun::yield(s.own.async_read_some(asio::buffer(data), asio::deferred), ec);
        BOOST_TEST((ec == asio::error::in_progress), ec.message());
        s.connected.send("for the first");
        BOOST_TEST(corun::yield(first.join()) == 10U);
    });
}

BOOST_AUTO_TEST_CASE(its_context_dies_while_somebody_waits) {
    bool called = false;
    auto alive = std::make_shared<int>();
    {
        asio::io_context io;
        auto s = std::make_shared<streaming>(io.get_executor());
        auto data = std::make_shared<std::array<char, 10>>();
        s->own.async_read_some(asio::buffer(*data), [&called, alive, data](error_code, std::size_t) { called = true; });
        corun::spawn(io, [s, data, alive] { corun::yield(asio::async_write(s->own, asio::buffer(*data), asio::deferred)); });
        io.poll();
        s.reset();
    }
    BOOST_TEST(alive.use_count() == 1);
    (void)called;
}

BOOST_AUTO_TEST_CASE(on_a_context_of_several_threads) {
    constexpr int rounds = 2000;
    asio::thread_pool pool{2};
    asio::io_context io;
    streaming s{pool.get_executor()};
    std::thread peer{[&] {
        for (int i = 0; i != rounds; ++i) {
            corun_test::write_all(s.connected.peer, "ping");
            if (s.connected.receive(4) != "ping") return;
        }
        s.connected.peer.close();
    }};
    int answered = 0;
    corun::spawn(
        pool,
        [&] {
            std::array<char, 16> data;
            error_code ec;
            for (;;) {
                const std::size_t n = corun::yield(s.own.async_read_some(asio::buffer(data), asio::deferred), ec);
                if (ec) return;
                corun::yield(asio::async_write(s.own, asio::buffer(data, n), asio::deferred), ec);
                ++answered;
            }
        },
        asio::detached);
    peer.join();
    pool.join();
    BOOST_TEST(answered == rounds);
}

BOOST_AUTO_TEST_SUITE_END()
