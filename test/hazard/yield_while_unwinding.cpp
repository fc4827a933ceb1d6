// Destructors that yield while an exception, a cancellation included, unwinds their fiber.
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

struct cleans_up_slowly {
    std::string& log;
    ~cleans_up_slowly() {
        log += "begin ";
        corun::yield();
        corun::yield(corun::sleep_for(1ms));
        log += "end ";
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(yield_while_unwinding, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(of_an_error) {
    std::string log;
    corun::run([&] {
        auto fiber = corun::spawn([&] {
            cleans_up_slowly guard{log};
            throw std::runtime_error{"boom"};
        });
        BOOST_CHECK_THROW(corun::yield(fiber.join()), std::runtime_error);
        log += "joined";
    });
    BOOST_TEST(log == "begin end joined");
}

BOOST_AUTO_TEST_CASE(of_a_cancellation_is_shielded) {
    std::string log;
    corun::run([&] {
        auto fiber = corun::spawn([&] {
            cleans_up_slowly guard{log};
            corun::yield(corun::sleep_for(1h));
        });
        corun::yield();
        BOOST_TEST(fiber.cancel());
        BOOST_CHECK_THROW(corun::yield(fiber.join()), corun::fiber_cancelled);
        log += "joined";
    });
    BOOST_TEST(log == "begin end joined");
}

BOOST_AUTO_TEST_CASE(of_a_shutdown_is_shielded_and_its_sleep_ends) {
    std::string log;
    {
        asio::io_context io;
        corun::spawn(io, [&] {
            cleans_up_slowly guard{log};
            corun::yield(corun::sleep_for(1h));
        });
        io.poll();
    }
    BOOST_TEST(log == "begin end ");
}

BOOST_AUTO_TEST_SUITE_END()
