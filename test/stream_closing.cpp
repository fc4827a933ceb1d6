// Closing a stream: whoever waits for it, wherever that is, learns of it, and nobody goes on with its number.
#include <corun/stream.hpp>

#include <corun/run.hpp>
#include <corun/scheduler.hpp>
#include <corun/socket.hpp>
#include <corun/spawn.hpp>

#include "support/connections.hpp"
#include "support/leaks.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace asio = boost::asio;
using boost::system::error_code;
using corun_test::connection;
using corun_test::read_text;
using tcp = asio::ip::tcp;

namespace {

// A stream of a context whose operations are given handlers.
struct served : connection {
    explicit served(asio::io_context& io) : connection{io.get_executor()} { corun_test::connection::move_to(corun_test::number); }

    void open() { stream.emplace(std::move(own)); }
    void read() {
        stream->async_read_some(asio::buffer(buffer), [this](error_code e, std::size_t n) {
            ec = e;
            text.assign(buffer.data(), n);
        });
    }
    std::optional<corun::stream<tcp::socket>> stream;
    std::array<char, 100> buffer{};
    error_code ec = asio::error::would_block;
    std::string text;
};

void after_turns(asio::io_context& io, int turns, const std::function<void()>& f) {
    asio::post(io, [&io, turns, f] { turns == 0 ? f() : after_turns(io, turns - 1, f); });
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(stream_closing, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_read_that_has_just_begun) {
    asio::io_context io;
    served c{io};
    c.open();
    c.read();
    c.stream->close();
    const corun_test::descriptor next{::fcntl(c.peer, F_DUPFD_CLOEXEC, corun_test::number)};  // the number is another file's
    BOOST_TEST(int{next} == corun_test::number);
    io.run();
    BOOST_TEST((c.ec == asio::error::operation_aborted));
}

BOOST_AUTO_TEST_CASE(a_read_that_has_just_begun_is_cancelled) {
    asio::io_context io;
    served c{io};
    c.open();
    c.read();
    c.stream->cancel();
    io.run();
    BOOST_TEST((c.ec == asio::error::operation_aborted));
    c.send("data");
    c.read();
    io.restart();
    io.run();
    BOOST_TEST(c.text == "data");
}

// Its first operation need not wait; what is known of its number is of the one before.
BOOST_AUTO_TEST_CASE(a_number_that_comes_again_to_handlers) {
    asio::io_context io;
    for (int round = 0; round != 2; ++round) {
        served c{io};
        c.open();
        c.stream->async_write_some(asio::buffer("hi", 2), [&](error_code, std::size_t) {
            c.read();
            after_turns(io, 5, [&] { c.send("data"); });  // when it waits
        });
        io.restart();
        io.run();
        BOOST_TEST(c.text == "data");
    }
}

// A handler's read that is on its way, and a fiber's write that begins to wait before.
BOOST_AUTO_TEST_CASE(a_handlers_read_and_a_fibers_write_meet_the_socket_together) {
    asio::io_context io;
    const std::string much(16 << 20, 'x');
    for (int round = 0; round != 2; ++round) {
        served c{io};
        c.open();
        auto writer = corun::spawn(io, [&] {
            c.read();
            return corun::yield(corun::write(*c.stream, asio::buffer(much)));
        });
        std::thread peer{[&] {
            (void)c.receive(much.size());
            c.send("data");
        }};
        io.restart();
        io.run();
        peer.join();
        BOOST_TEST(writer.get() == much.size());
        BOOST_TEST(c.text == "data");
    }
}

BOOST_AUTO_TEST_CASE(by_a_handler_while_a_fiber_reads) {
    asio::io_context io;
    served c{io};
    c.open();
    error_code ec;
    auto reader = corun::spawn(io, [&] {
        asio::post(io, [&] { c.stream->close(); });
        return read_text(*c.stream, ec);
    });
    io.run();
    BOOST_TEST(reader.get() == "");
    BOOST_TEST((ec == asio::error::operation_aborted));
}

BOOST_AUTO_TEST_CASE(by_the_writer_of_another_scheduler_than_the_readers) {
    asio::io_context io;
    corun::scheduler other{io.get_executor()};
    served c{io};
    c.open();
    error_code ec;
    auto reader = corun::spawn(io, [&] {
        corun::spawn(other, [&] {
            corun::yield(c.stream->async_write_some(asio::buffer("hi", 2), asio::deferred));
            c.stream->close();
        });
        std::array<char, 10> buffer;
        corun::yield(c.stream->async_read_some(asio::buffer(buffer), asio::deferred), ec);
    });
    io.run();
    reader.get();
    BOOST_TEST((ec == asio::error::operation_aborted));
}

// Each on its thread closes what has last waited at the other one, which is inside of its scheduler just then.
BOOST_AUTO_TEST_CASE(two_schedulers_close_each_others_streams) {
    std::array<asio::io_context, 2> io;
    std::array<asio::executor_work_guard<asio::io_context::executor_type>, 2> work{asio::make_work_guard(io[0]),
                                                                                   asio::make_work_guard(io[1])};
    std::array<std::thread, 2> threads{std::thread{[&] { io[0].run(); }}, std::thread{[&] { io[1].run(); }}};
    for (int round = 0; round != 50; ++round) {
        std::array<std::optional<corun::stream<tcp::socket>>, 2> streams;
        std::array<corun_test::descriptor, 2> peers;
        for (std::size_t i : {0U, 1U}) {
            connection c{io[i].get_executor()};
            streams[i].emplace(std::move(c.own));
            auto reader = corun::spawn(io[i], [&] {
                char next = 0;
                corun::yield(streams[i]->async_read_some(asio::buffer(&next, 1), asio::deferred));
            });
            c.send("x");
            reader.get();
            peers[i] = std::move(c.peer);
        }
        std::latch both{2};
        const auto close = [&](std::size_t i) {
            return corun::spawn(io[i], [&, i] {
                both.arrive_and_wait();
                streams[1 - i]->close();
            });
        };
        auto one = close(0), other = close(1);
        one.get();
        other.get();
    }
    for (auto& each : work) each.reset();
    for (std::thread& each : threads) each.join();
}

// The strand's scheduler was forgotten when its fiber had ended, and the handle keeps what the context has given it.
BOOST_AUTO_TEST_CASE(a_strands_fiber_outlives_the_context_as_a_handle) {
    std::optional<corun::fiber<void>> handle;
    {
        asio::io_context io;
        connection c{io.get_executor()};
        handle.emplace(corun::spawn(asio::make_strand(io), [&] { corun_test::check_waiting_read(c, "text"); }));
        io.run();
    }
    BOOST_TEST(handle->done());
}

BOOST_AUTO_TEST_SUITE_END()
