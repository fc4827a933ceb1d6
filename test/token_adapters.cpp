// The yield token with Asio's adapters, on either side.
#include <corun/token.hpp>

#include <corun/run.hpp>
#include <corun/this_fiber.hpp>

#include "support/completions.hpp"
#include "support/leaks.hpp"

#include <boost/asio/append.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/prepend.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#if __has_include(<boost/asio/any_completion_handler.hpp>)
#include <boost/asio/any_completion_handler.hpp>
#endif
#if __has_include(<boost/asio/consign.hpp>)
#include <boost/asio/consign.hpp>
#endif
#include <boost/test/unit_test.hpp>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>

namespace asio = boost::asio;
namespace experimental = boost::asio::experimental;
using namespace std::chrono_literals;
using boost::system::error_code;
using boost::system::system_error;
using corun_test::complete_with;

namespace {

const error_code refused = asio::error::connection_refused;

// A transfer that fails after three bytes.
template <class Token>
auto transfer(Token&& token, error_code ec = refused) {
    return complete_with<void(error_code, int)>(std::forward<Token>(token), ec, 3);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(token_adapters, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(as_tuple_gives_error_and_values) {
    corun::run([] {
        static_assert(std::is_same_v<decltype(transfer(asio::as_tuple(corun::yield))), std::tuple<error_code, int>>);
        const auto [ec, n] = transfer(asio::as_tuple(corun::yield));
        BOOST_TEST(ec == refused);
        BOOST_TEST(n == 3);
        const auto [late_ec, late_n] = corun::yield(transfer(asio::as_tuple(asio::deferred)));
        BOOST_TEST(late_ec == refused);
        BOOST_TEST(late_n == 3);
    });
}

BOOST_AUTO_TEST_CASE(as_tuple_of_a_qualified_signature_and_of_exceptions) {
    corun::run([] {
        const auto [e, n] = complete_with<void(std::exception_ptr, int) noexcept>(
            asio::as_tuple(corun::yield), std::make_exception_ptr(std::out_of_range{"x"}), 4);
        BOOST_TEST(!!e);
        BOOST_TEST(n == 4);
    });
}

BOOST_AUTO_TEST_CASE(redirect_error_reports_and_keeps_values) {
    corun::run([] {
        error_code ec;
        BOOST_TEST(transfer(asio::redirect_error(corun::yield, ec)) == 3);
        BOOST_TEST(ec == refused);
        BOOST_TEST(transfer(asio::redirect_error(corun::yield, ec), {}) == 3);
        BOOST_TEST(!ec.failed());
        BOOST_TEST(transfer(asio::deferred)(asio::redirect_error(corun::yield, ec)) == 3);
        BOOST_TEST(ec == refused);
    });
}

BOOST_AUTO_TEST_CASE(append_and_prepend_add_values) {
    corun::run([] {
        const auto [n, text] = transfer(asio::append(corun::yield, std::string{"tail"}), {});
        BOOST_TEST(n == 3);
        BOOST_TEST(text == "tail");
        const auto [head, ec, m] = transfer(asio::prepend(corun::yield, 1));  // the error leads no more
        BOOST_TEST(head == 1);
        BOOST_TEST(ec == refused);
        BOOST_TEST(m == 3);
    });
}

BOOST_AUTO_TEST_CASE(append_in_either_order_with_as_tuple) {
    corun::run([] {
        const auto inner = transfer(asio::as_tuple(asio::append(corun::yield, 9)));
        static_assert(std::is_same_v<decltype(inner), const std::tuple<std::tuple<error_code, int>, int>>);
        BOOST_TEST(std::get<1>(inner) == 9);
        const auto outer = transfer(asio::append(asio::as_tuple(corun::yield), 9));
        static_assert(std::is_same_v<decltype(outer), const std::tuple<error_code, int, int>>);
        BOOST_TEST(std::get<2>(outer) == 9);
    });
}

BOOST_AUTO_TEST_CASE(bind_executor_completes_there_and_the_fiber_stays_at_home) {
    corun::run([] {
        asio::thread_pool pool{1};
        const auto home = std::this_thread::get_id();
        BOOST_TEST(transfer(asio::bind_executor(pool, corun::yield), {}) == 3);
        BOOST_TEST((std::this_thread::get_id() == home));
        BOOST_CHECK_THROW((void)transfer(asio::bind_executor(pool.get_executor(), corun::yield)), system_error);
        error_code ec;
        (void)transfer(asio::bind_executor(pool, corun::yield[ec]));
        BOOST_TEST(ec == refused);
        BOOST_TEST((std::this_thread::get_id() == home));
    });
}

BOOST_AUTO_TEST_CASE(bind_allocator_supplies_the_memory_of_the_operation) {
    corun::run([] {
        asio::steady_timer timer{corun::this_fiber::executor(), 0s};
        timer.async_wait(asio::bind_allocator(std::allocator<void>{}, corun::yield));
    });
}

#if __has_include(<boost/asio/consign.hpp>)
BOOST_AUTO_TEST_CASE(consign_holds_what_it_was_given_until_the_operation_has_completed) {
    corun::run([] {
        auto held = std::make_shared<int>();
        BOOST_TEST(transfer(asio::consign(corun::yield, held), {}) == 3);
        BOOST_TEST(held.use_count() == 1);
    });
}
#endif

BOOST_AUTO_TEST_CASE(deferred_does_nothing_until_it_is_yielded_on) {
    corun::run([] {
        bool begun = false;
        auto op = corun_test::hand_over<void(int)>(asio::deferred, [&](auto handler) {
            begun = true;
            std::move(handler)(2);
        });
        corun::yield();
        BOOST_TEST(!begun);
        BOOST_TEST(corun::yield(std::move(op)) == 2);
        BOOST_TEST(begun);
    });
}

BOOST_AUTO_TEST_CASE(deferred_is_yielded_on_with_a_place_for_errors) {
    corun::run([] {
        error_code ec = asio::error::eof;
        BOOST_TEST(corun::yield(transfer(asio::deferred, {}), ec) == 3);
        BOOST_TEST(!ec.failed());
        BOOST_TEST(corun::yield(transfer(asio::deferred), ec) == 3);
        BOOST_TEST(ec == refused);
        BOOST_CHECK_THROW((void)corun::yield(transfer(asio::deferred)), system_error);
    });
}

BOOST_AUTO_TEST_CASE(deferred_as_a_variable_is_used_again) {
    corun::run([] {
        const auto op = transfer(asio::deferred, {});
        int sum = 0;
        for (int i = 0; i < 3; ++i) sum += corun::yield(op);
        BOOST_TEST(sum == 9);
    });
}

BOOST_AUTO_TEST_CASE(deferred_with_a_continuation) {
    corun::run([] {
        auto op = transfer(asio::deferred([](error_code ec, int n) { return asio::deferred.values(ec, n * 2, 1); }), {});
        const auto [twice, one] = corun::yield(std::move(op));
        BOOST_TEST(twice == 6);
        BOOST_TEST(one == 1);
    });
}

BOOST_AUTO_TEST_CASE(parallel_group_that_waits_for_all) {
    corun::run([] {
        const auto [order, first_ec, n, text] =
            experimental::make_parallel_group(transfer(asio::deferred),
                                              complete_with<void(std::string)>(asio::deferred, std::string{"b"}))
                .async_wait(experimental::wait_for_all(), corun::yield);
        BOOST_TEST(order[0] + order[1] == 1U);
        BOOST_TEST(first_ec == refused);
        BOOST_TEST(n == 3);
        BOOST_TEST(text == "b");
    });
}

BOOST_AUTO_TEST_CASE(parallel_group_that_waits_for_one_cancels_the_other) {
    corun::run([] {
        asio::steady_timer soon{corun::this_fiber::executor(), 0s}, late{corun::this_fiber::executor(), 1h};
        const auto [order, late_ec, soon_ec] =
            corun::yield(experimental::make_parallel_group(late.async_wait(asio::deferred), soon.async_wait(asio::deferred))
                             .async_wait(experimental::wait_for_one(), asio::deferred));
        BOOST_TEST((order == std::array<std::size_t, 2>{1, 0}));
        BOOST_TEST(late_ec == asio::error::operation_aborted);
        BOOST_TEST(!soon_ec.failed());
    });
}

BOOST_AUTO_TEST_CASE(parallel_group_whose_branches_complete_on_several_threads) {
    asio::thread_pool pool{2};
    corun::run([&] {
        const auto on_pool = [&] {
            return corun_test::hand_over<void(int)>(asio::deferred, [&](auto handler) {
                asio::post(pool, [own = std::move(handler)]() mutable { std::move(own)(1); });
            });
        };
        int sum = 0;
        for (int i = 0; i < 200; ++i) {
            const auto [order, a, b] =
                experimental::make_parallel_group(on_pool(), on_pool()).async_wait(experimental::wait_for_all(), corun::yield);
            sum += a + b;
        }
        BOOST_TEST(sum == 400);
    });
    pool.join();
}

#if __has_include(<boost/asio/any_completion_handler.hpp>)
BOOST_AUTO_TEST_CASE(any_completion_handler_hides_the_type_and_keeps_executor_and_cancellation) {
    corun::run([] {
        using any_handler = asio::any_completion_handler<void(error_code)>;
        const auto wait = [](asio::steady_timer& timer, auto&& token) {
            const auto start = [](any_handler handler, asio::steady_timer* t) { t->async_wait(std::move(handler)); };
            return asio::async_initiate<decltype(token), void(error_code)>(start, token, &timer);
        };
        asio::steady_timer now{corun::this_fiber::executor(), 0s}, late{corun::this_fiber::executor(), 1h};
        wait(now, corun::yield);
        auto waits = corun::spawn([&] { wait(late, corun::yield); });
        corun::yield();
        waits.cancel();
        BOOST_CHECK_THROW(corun::yield(waits.join()), corun::fiber_cancelled);
    });
}
#endif

BOOST_AUTO_TEST_SUITE_END()
