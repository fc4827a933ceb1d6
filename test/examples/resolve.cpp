// docs/examples/resolve.hpp, with a look-up that takes as long as the test likes.
#include "../../docs/examples/resolve.hpp"

#include "support/leaks.hpp"

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <netdb.h>
#include <latch>
#include <string_view>

using namespace std::chrono_literals;

namespace {

std::latch* answer_now = nullptr;

}  // namespace

// In place of the C library's.
extern "C" int getaddrinfo(const char* host, const char*, const addrinfo*, addrinfo**) {
    if (std::string_view{host} == "slow" && answer_now != nullptr) answer_now->wait();
    return EAI_NONAME;
}

BOOST_FIXTURE_TEST_SUITE(resolve_in_time, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_look_up_that_takes_too_long_frees_its_caller_at_once) {
    std::latch later{1};
    answer_now = &later;
    boost::asio::io_context io;
    bool freed = false;
    corun::spawn(io, [&] {
        BOOST_CHECK_THROW(resolve("slow", "80", 1ms), corun::timed_out);
        freed = true;
        later.count_down();  // only now does the look-up end: whoever waited for it would wait for ever
    });
    io.run();
    BOOST_TEST(freed);
    answer_now = nullptr;
}

BOOST_AUTO_TEST_CASE(a_cancelled_caller_is_freed_at_once) {
    std::latch later{1};
    answer_now = &later;
    boost::asio::io_context io;
    corun::spawn(io, [&] {
        auto waits = corun::spawn([] { (void)resolve("slow", "80", 1h); });
        corun::yield(corun::sleep_for(1ms));
        waits.cancel();
        BOOST_CHECK_THROW(corun::yield(waits.join()), corun::fiber_cancelled);
        later.count_down();
    });
    io.run();
    answer_now = nullptr;
}

BOOST_AUTO_TEST_CASE(a_name_that_there_is_not_is_named) {
    boost::asio::io_context io;
    std::string message;
    corun::spawn(io, [&] {
        try {
            (void)resolve("no.such.name", "80", 1h);
        } catch (const boost::system::system_error& error) {
            message = error.what();
        }
    });
    io.run();
    BOOST_TEST(message.find("no.such.name: Host not found") == 0U, message);
}

BOOST_AUTO_TEST_SUITE_END()
