// What the token has to do with Boost 1.82 and later only: any disposition, cancel_after, immediate executors, default tokens.
#include <corun/token.hpp>

#include <corun/run.hpp>
#include <corun/this_fiber.hpp>

#include "support/completions.hpp"
#include "support/leaks.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_immediate_executor.hpp>
#include <boost/asio/bind_immediate_executor.hpp>
#include <boost/asio/cancel_after.hpp>
#include <boost/asio/cancel_at.hpp>
#include <boost/asio/disposition.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <stdexcept>
#include <string>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using boost::system::error_code;
using corun_test::complete_with;

namespace {

enum class verdict { fine, poor };

struct poor_error : std::runtime_error {
    poor_error() : std::runtime_error{"poor"} {}
};

}  // namespace

template <>
struct boost::asio::disposition_traits<verdict> {
    static bool not_an_error(verdict d) noexcept { return d == verdict::fine; }
    static void throw_exception(verdict) { throw poor_error{}; }
    static std::exception_ptr to_exception_ptr(verdict d) noexcept {
        return d == verdict::fine ? nullptr : std::make_exception_ptr(poor_error{});
    }
};

BOOST_FIXTURE_TEST_SUITE(token_newer, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(any_leading_disposition_is_no_value_and_throws_what_it_stands_for) {
    corun::run([] {
        static_assert(std::is_same_v<void, decltype(complete_with<void(verdict)>(corun::yield, verdict::fine))>);
        complete_with<void(verdict)>(corun::yield, verdict::fine);
        BOOST_TEST(complete_with<void(verdict, int)>(corun::yield, verdict::fine, 3) == 3);
        BOOST_CHECK_THROW(complete_with<void(verdict)>(corun::yield, verdict::poor), poor_error);
        BOOST_CHECK_THROW(complete_with<void(verdict, std::string)>(corun::yield, verdict::poor, std::string{"x"}), poor_error);
    });
}

BOOST_AUTO_TEST_CASE(a_disposition_that_is_no_error_code_is_thrown_in_spite_of_a_place_for_errors) {
    corun::run([] {
        error_code ec = asio::error::eof;
        BOOST_CHECK_THROW(complete_with<void(verdict, int)>(corun::yield[ec], verdict::poor, 3), poor_error);
        BOOST_TEST(complete_with<void(verdict, int)>(corun::yield[ec], verdict::fine, 3) == 3);
    });
}

BOOST_AUTO_TEST_CASE(a_disposition_behind_as_tuple_is_a_value) {
    corun::run([] {
        const auto [how, n] = complete_with<void(verdict, int)>(asio::as_tuple(corun::yield), verdict::poor, 4);
        BOOST_TEST((how == verdict::poor));
        BOOST_TEST(n == 4);
    });
}

BOOST_AUTO_TEST_CASE(cancel_after_ends_the_operation_and_not_the_fiber) {
    corun::run([] {
        asio::steady_timer timer{corun::this_fiber::executor(), 1h};
        error_code ec;
        timer.async_wait(asio::cancel_after(1ms, corun::yield[ec]));
        BOOST_TEST(ec == asio::error::operation_aborted);
        corun::yield(timer.async_wait(asio::cancel_after(1ms)), ec);
        BOOST_TEST(ec == asio::error::operation_aborted);
        BOOST_TEST(!corun::this_fiber::cancelled());
    });
}

BOOST_AUTO_TEST_CASE(cancel_after_in_the_other_order_and_not_in_time) {
    corun::run([] {
        asio::steady_timer timer{corun::this_fiber::executor(), 1ms};
        const auto [ec] = timer.async_wait(asio::cancel_after(1h, asio::as_tuple(corun::yield)));
        BOOST_TEST(!ec);
        timer.expires_after(1h);
        const auto [late] = timer.async_wait(asio::as_tuple(asio::cancel_after(1ms, corun::yield)));
        BOOST_TEST(late == asio::error::operation_aborted);
    });
}

BOOST_AUTO_TEST_CASE(a_cancelled_fiber_cancels_through_cancel_after) {
    corun::run([] {
        auto waits = corun::spawn([] {
            asio::steady_timer timer{corun::this_fiber::executor(), 1h};
            timer.async_wait(asio::cancel_after(1h, corun::yield));
        });
        corun::yield();
        waits.cancel();
        BOOST_CHECK_THROW(corun::yield(waits.join()), corun::fiber_cancelled);
    });
}

BOOST_AUTO_TEST_CASE(deferred_is_the_default_token_and_is_yielded_on) {
    asio::io_context io;
    std::string got(5, '\0');
    corun::spawn(io, [&] {
        asio::ip::tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
        auto server = corun::spawn([&] {
            auto peer = corun::yield(acceptor.async_accept());
            corun::yield(asio::async_write(peer, asio::buffer("hello", 5)));
        });
        asio::ip::tcp::socket socket{io};
        corun::yield(socket.async_connect(acceptor.local_endpoint()));
        corun::yield(asio::async_read(socket, asio::buffer(got)));
        corun::yield(server.join());
    });
    io.run();
    BOOST_TEST(got == "hello");
}

BOOST_AUTO_TEST_CASE(many_immediate_completions_neither_recurse_nor_starve_others) {
    asio::io_context io;
    int turns = 0;
    bool done = false;
    corun::spawn(io, [&] {
        asio::ip::tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
        asio::ip::tcp::socket socket{io};
        socket.connect(acceptor.local_endpoint());
        char byte = 0;
        for (int i = 0; i < 20'000; ++i) corun::yield(socket.async_read_some(asio::buffer(&byte, 0)));
        done = true;
    });
    corun::spawn(io, [&] {
        while (!done) {
            ++turns;
            corun::yield();
        }
    });
    io.run();
    BOOST_TEST(turns > 10);
}

BOOST_AUTO_TEST_SUITE_END()
