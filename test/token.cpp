// corun::yield as a completion token: signatures and values.
#include <corun/token.hpp>

#include <corun/run.hpp>

#include "support/completions.hpp"
#include "support/leaks.hpp"

#include <boost/asio/associated_allocator.hpp>
#if __has_include(<boost/asio/associated_immediate_executor.hpp>)
#include <boost/asio/associated_immediate_executor.hpp>
#define CORUN_HAS_IMMEDIATE_EXECUTORS 1
#endif
#include <boost/asio/dispatch.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/test/unit_test.hpp>

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace asio = boost::asio;
using boost::system::error_code;
using boost::system::system_error;
using corun_test::complete_with;

namespace {

template <class T, class Expression>
constexpr bool is = std::is_same_v<T, Expression>;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(token, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(no_argument_is_no_value) {
    corun::run([] {
        static_assert(is<void, decltype(complete_with<void()>(corun::yield))>);
        complete_with<void()>(corun::yield);
    });
}

BOOST_AUTO_TEST_CASE(one_argument_is_the_value) {
    corun::run([] {
        static_assert(is<int, decltype(complete_with<void(int)>(corun::yield, 5))>);
        BOOST_TEST(complete_with<void(int)>(corun::yield, 5) == 5);
    });
}

BOOST_AUTO_TEST_CASE(several_arguments_are_a_tuple) {
    corun::run([] {
        const auto [number, text, flag] = complete_with<void(int, std::string, bool)>(corun::yield, 5, std::string(40, 'a'), true);
        BOOST_TEST(number == 5);
        BOOST_TEST(text == std::string(40, 'a'));
        BOOST_TEST(flag);
    });
}

BOOST_AUTO_TEST_CASE(arguments_by_reference_are_copied) {
    corun::run([] {
        using signature = void(const std::string&, int&&);
        static_assert(is<std::tuple<std::string, int>, decltype(complete_with<signature>(corun::yield, std::string{}, 1))>);
        const auto [text, number] = complete_with<signature>(corun::yield, std::string(40, 'b'), 2);
        BOOST_TEST(text == std::string(40, 'b'));
        BOOST_TEST(number == 2);
    });
}

BOOST_AUTO_TEST_CASE(move_only_values_and_initiation_arguments) {
    corun::run([] {
        auto one = complete_with<void(std::unique_ptr<int>)>(corun::yield, std::make_unique<int>(1));
        auto [none, two] =
            complete_with<void(error_code, int, std::unique_ptr<int>)>(corun::yield, error_code{}, 0, std::make_unique<int>(2));
        BOOST_TEST(*one + *two + none == 3);
    });
}

BOOST_AUTO_TEST_CASE(values_need_no_default_constructor) {
    struct made {
        explicit made(int n) : number{n} {}
        int number;
    };
    corun::run([] { BOOST_TEST(complete_with<void(error_code, made)>(corun::yield, error_code{}, made{4}).number == 4); });
}

BOOST_AUTO_TEST_CASE(several_signatures_are_a_variant_in_their_order) {
    corun::run([] {
        using std::string;
        const auto run = [](auto... values) {
            return complete_with<void(error_code, int), void(string), void()>(corun::yield, std::move(values)...);
        };
        using expected = std::variant<int, string, corun::detail::no_value>;
        static_assert(is<expected, decltype(run())>);
        BOOST_TEST((run(error_code{}, 5) == expected{std::in_place_index<0>, 5}));
        BOOST_TEST((run(string{"a"}) == expected{std::in_place_index<1>, "a"}));
        BOOST_TEST(run().index() == 2U);
        BOOST_CHECK_THROW((void)run(error_code{asio::error::connection_refused}, 5), system_error);
    });
}

BOOST_AUTO_TEST_CASE(several_signatures_of_the_same_value_are_that_value) {
    corun::run([] {
        const auto run = [](auto first) {
            return complete_with<void(error_code, int), void(std::exception_ptr, int)>(corun::yield, first, 6);
        };
        static_assert(is<int, decltype(run(error_code{}))>);
        BOOST_TEST(run(error_code{}) + run(std::exception_ptr{}) == 12);
        BOOST_CHECK_THROW((void)run(std::make_exception_ptr(std::out_of_range{"x"})), std::out_of_range);
        complete_with<void(), void(error_code)>(corun::yield);
        complete_with<void(), void(error_code)>(corun::yield, error_code{});
    });
}

BOOST_AUTO_TEST_CASE(several_signatures_of_several_values) {
    corun::run([] {
        const auto either = complete_with<void(int, int), void(error_code, std::string, std::unique_ptr<int>)>(
            corun::yield, error_code{}, std::string{"k"}, std::make_unique<int>(3));
        const auto& [key, number] = std::get<1>(either);
        BOOST_TEST(key == "k");
        BOOST_TEST(*number == 3);
    });
}

BOOST_AUTO_TEST_CASE(qualified_signatures_are_like_plain_ones) {
    corun::run([] {
        BOOST_TEST(complete_with<void(int) noexcept>(corun::yield, 1) == 1);
        BOOST_TEST(complete_with<void(int)&>(corun::yield, 2) == 2);
        BOOST_TEST(complete_with<void(int) &&>(corun::yield, 3) == 3);
        BOOST_TEST(complete_with < void(error_code, int) & noexcept > (corun::yield, error_code{}, 4) == 4);
        BOOST_TEST((complete_with < void(int) && noexcept, void(std::string) > (corun::yield, 5).index() == 0U));
    });
}

BOOST_AUTO_TEST_CASE(called_in_the_initiation_it_returns_at_once) {
    corun::run([] {
        bool others_ran = false;
        auto other = corun::spawn([&] { others_ran = true; });
        const auto at_once = [](auto handler) { std::move(handler)(8); };
        BOOST_TEST(corun_test::hand_over<void(int)>(corun::yield, at_once) == 8);
        BOOST_TEST(!others_ran);
        corun::yield(other.join());
    });
}

BOOST_AUTO_TEST_CASE(at_once_in_a_loop_the_others_get_their_turn) {
    corun::run([] {
        bool others_ran = false;
        auto other = corun::spawn([&] { others_ran = true; });
        int rounds = 0;
        for (; !others_ran && rounds < 1'000'000; ++rounds)
            corun_test::hand_over<void()>(corun::yield, [](auto h) { std::move(h)(); });
        BOOST_TEST(others_ran);
        corun::yield(other.join());
    });
}

BOOST_AUTO_TEST_CASE(the_handler_has_the_fibers_executor_allocator_and_slot) {
    corun::run([] {
        corun_test::hand_over<void()>(corun::yield, [](auto handler) {
            const auto executor = asio::get_associated_executor(handler);
            static_assert(is<corun::scheduler::executor_type, std::remove_const_t<decltype(executor)>>);
            BOOST_TEST((executor == corun::this_fiber::executor()));
            const auto memory = asio::get_associated_allocator(handler);
            BOOST_TEST((asio::get_associated_allocator(handler) == memory));
            static_assert(!is<std::allocator<void>, std::remove_const_t<decltype(memory)>>);
            BOOST_TEST(asio::get_associated_cancellation_slot(handler).is_connected());
            std::move(handler)();
        });
    });
}

#if defined(CORUN_HAS_IMMEDIATE_EXECUTORS)
BOOST_AUTO_TEST_CASE(the_handlers_immediate_executor_runs_in_place) {
    corun::run([] {
        corun_test::hand_over<void()>(corun::yield, [](auto handler) {
            bool called = false;
            const auto at_once = asio::get_associated_immediate_executor(handler, asio::system_executor{});
            asio::dispatch(at_once, [&] { called = true; });
            BOOST_TEST(called);
            std::move(handler)();
        });
    });
}
#endif

BOOST_AUTO_TEST_SUITE_END()
