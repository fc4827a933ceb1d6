// The move constructor of a value throws on its way from a fiber's function to a completion token, each move in turn.
#include "support/leaks.hpp"
#include "support/system_context.hpp"

#include <corun.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/test/unit_test.hpp>

#include <exception>
#include <future>
#include <string>

namespace asio = boost::asio;

namespace {

struct move_failed : std::exception {
    [[nodiscard]] const char* what() const noexcept override { return "move"; }
};

int moves_until_failure = 0;

// Each value is its own predecessor's or a default one, whose text is empty.
struct frail {
    frail() = default;
    explicit frail(std::string t) : text{std::move(t)} {}
    frail(frail&& other) : text{std::move(other.text)} {
        if (moves_until_failure != 0 && --moves_until_failure == 0) throw move_failed{};
    }
    frail& operator=(frail&&) = delete;
    std::string text;
};

constexpr auto makes_a_value = [] { return frail{"a value that is too long to be kept in place"}; };

// Calls `outcome` with each move failing in turn, until none fails. It returns whether the token had the value; a failure it throws.
template <class Outcome>
void each_move_in_turn(Outcome outcome) {
    int failures = 0;
    for (bool is_over = false; !is_over;) {
        moves_until_failure = failures + 1;
        try {
            BOOST_TEST(outcome());
            is_over = true;
        } catch (const move_failed&) {
            ++failures;
        }
        BOOST_TEST((moves_until_failure != 0) == is_over);
        moves_until_failure = 0;
    }
    BOOST_TEST(failures > 0);
}

struct callback {
    std::exception_ptr& failure;
    std::string& text;
    int& calls;
    void operator()(std::exception_ptr e, frail&& value) const {
        ++calls;
        failure = e;
        text = value.text;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(throwing_values, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_callback_gets_the_failure) {
    each_move_in_turn([] {
        asio::io_context context;
        asio::thread_pool pool{1};
        std::exception_ptr failure;
        std::string text;
        int calls = 0;
        corun::spawn(context, makes_a_value, asio::bind_executor(pool, callback{failure, text, calls}));
        context.run();
        pool.join();
        BOOST_TEST(calls == 1);
        BOOST_TEST(text.empty() == (failure != nullptr));
        if (failure) std::rethrow_exception(failure);
        return !text.empty();
    });
}

// A promise moves its value inside std::call_once, and ThreadSanitizer's pthread_once never ends for what throws there.
#if !defined(CORUN_TSAN)
BOOST_AUTO_TEST_CASE(a_future_gets_the_failure) {
    each_move_in_turn([] {
        asio::io_context context;
        auto future = corun::spawn(context, makes_a_value, asio::use_future);
        context.run();
        return !future.get().text.empty();
    });
    corun_test::system_context::come_to_rest();
}
#endif

BOOST_AUTO_TEST_CASE(a_fiber_that_waits_by_a_token_gets_the_failure) {
    const auto on_a_fiber = [](auto wait) {
        bool is_here = false;
        std::exception_ptr failure;
        BOOST_CHECK_NO_THROW(corun::run([&] {
            try {
                is_here = !wait(corun::this_fiber::executor()).text.empty();
            } catch (const move_failed&) {
                failure = std::current_exception();
            }
        }));
        if (failure) std::rethrow_exception(failure);
        return is_here;
    };
    each_move_in_turn([=] {
        return on_a_fiber([](auto executor) { return corun::yield(corun::spawn(executor, makes_a_value, asio::deferred)); });
    });
    each_move_in_turn(
        [=] { return on_a_fiber([](auto executor) { return corun::spawn(executor, makes_a_value, corun::yield); }); });
}

// A callback that takes its value by value makes it itself: what that throws comes out of the callback.
BOOST_AUTO_TEST_CASE(a_callback_that_takes_a_copy_gets_the_failure_or_has_thrown_it_itself) {
    each_move_in_turn([] {
        asio::io_context context;
        std::exception_ptr failure;
        bool is_here = false;
        corun::spawn(context, makes_a_value, [&](std::exception_ptr e, frail value) {
            failure = e;
            is_here = !value.text.empty();
        });
        context.run();
        if (failure) std::rethrow_exception(failure);
        return is_here;
    });
}

BOOST_AUTO_TEST_SUITE_END()
