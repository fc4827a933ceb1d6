// corun::yield as a completion token: what becomes of error codes and exceptions.
#include <corun/token.hpp>

#include <corun/run.hpp>

#include "support/completions.hpp"
#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <exception>
#include <stdexcept>
#include <type_traits>

namespace asio = boost::asio;
using boost::system::error_code;
using boost::system::system_error;
using corun_test::complete_with;

namespace {

const error_code refused = asio::error::connection_refused;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(token_errors, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(an_argument_that_cannot_be_copied_fails_the_yield) {
    struct sticky {
        sticky() = default;
        sticky(sticky&&) noexcept = default;
        sticky(const sticky&) { throw std::length_error{"sticky"}; }
    };
    corun::run([] {
        BOOST_CHECK_THROW((void)complete_with<void(const sticky&)>(corun::yield, sticky{}), std::length_error);
        corun::yield();
    });
}

BOOST_AUTO_TEST_CASE(a_leading_error_code_is_thrown) {
    corun::run([] {
        static_assert(std::is_void_v<decltype(complete_with<void(error_code)>(corun::yield, error_code{}))>);
        complete_with<void(error_code)>(corun::yield, error_code{});
        BOOST_TEST(complete_with<void(error_code, int)>(corun::yield, error_code{}, 7) == 7);
        BOOST_CHECK_EXCEPTION((void)complete_with<void(error_code, int)>(corun::yield, refused, 7), system_error,
                              [](const system_error& e) { return e.code() == refused; });
    });
}

BOOST_AUTO_TEST_CASE(a_leading_exception_is_thrown) {
    corun::run([] {
        BOOST_TEST(complete_with<void(std::exception_ptr, int)>(corun::yield, nullptr, 7) == 7);
        complete_with<void(std::exception_ptr)>(corun::yield, nullptr);
        BOOST_CHECK_THROW(
            (void)complete_with<void(std::exception_ptr, int)>(corun::yield, std::make_exception_ptr(std::out_of_range{"x"}), 7),
            std::out_of_range);
    });
}

BOOST_AUTO_TEST_CASE(an_error_that_does_not_lead_is_a_value) {
    corun::run([] {
        const auto [number, ec] = complete_with<void(int, error_code)>(corun::yield, 3, refused);
        BOOST_TEST(number == 3);
        BOOST_TEST(ec == refused);
    });
}

BOOST_AUTO_TEST_CASE(aborted_without_a_cancellation_is_an_ordinary_error) {
    corun::run([] {
        BOOST_CHECK_THROW(complete_with<void(error_code)>(corun::yield, error_code{asio::error::operation_aborted}), system_error);
        corun::yield();
    });
}

BOOST_AUTO_TEST_CASE(with_a_place_for_errors_nothing_is_thrown_and_values_are_kept) {
    corun::run([] {
        error_code ec;
        BOOST_TEST(complete_with<void(error_code, int)>(corun::yield[ec], refused, 7) == 7);  // bytes moved before the error
        BOOST_TEST(ec == refused);
        complete_with<void(error_code)>(corun::yield[ec], error_code{});
        BOOST_TEST(!ec.failed());
    });
}

BOOST_AUTO_TEST_CASE(with_a_place_for_errors_an_exception_is_still_thrown) {
    corun::run([] {
        error_code ec;
        BOOST_CHECK_THROW(
            complete_with<void(std::exception_ptr)>(corun::yield[ec], std::make_exception_ptr(std::out_of_range{"x"})),
            std::out_of_range);
        BOOST_TEST(!ec.failed());
    });
}

BOOST_AUTO_TEST_CASE(an_initiation_that_throws_started_nothing) {
    corun::run([] {
        BOOST_CHECK_THROW((void)corun_test::hand_over<void(int)>(corun::yield, [](auto) { throw std::length_error{"no"}; }),
                          std::length_error);
        BOOST_TEST(complete_with<void(int)>(corun::yield, 1) == 1);
    });
}

BOOST_AUTO_TEST_SUITE_END()
