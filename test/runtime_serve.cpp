// Servers on all threads of a runtime.
#include <corun/runtime.hpp>

#include <corun/token.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"
#include "support/server.hpp"

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>
#include <atomic>
#include <ctime>
#include <map>
#include <mutex>
#include <source_location>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using tcp = asio::ip::tcp;
using corun_test::any_port;
using corun_test::ask;
using corun_test::echo;

namespace {

std::string message_of(auto&& function) {
    try {
        function();
    } catch (const std::exception& e) {
        return e.what();
    }
    return "";
}

// Failures that nobody received, of several threads.
struct failures {
    std::mutex lock;
    std::vector<std::string> messages;
    std::vector<unsigned> lines;  // where their fibers come from
    corun::unhandled_handler handler() {
        return [this](const corun::unhandled_failure& failure) {
            const std::lock_guard hold{lock};
            messages.push_back(message_of([&] { std::rethrow_exception(failure.error); }));
            lines.push_back(failure.spawned_at.line());
        };
    }
    std::size_t count() {
        const std::lock_guard hold{lock};
        return messages.size();
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(runtime_serve, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(serve_calls_the_handler_on_the_threads_it_accepts_on) {
    corun::runtime cores{{.threads = 2}};
    std::atomic<int> sessions{0};
    const auto at = cores.serve(any_port, [&](tcp::socket peer) {
        ++sessions;
        echo(std::move(peer));
    });
    for (int i = 0; i < 20; ++i) BOOST_TEST(ask(at, "text " + std::to_string(i)) == "text " + std::to_string(i));
    cores.stop();
    cores.join();
    BOOST_TEST(sessions == 20);
}

BOOST_AUTO_TEST_CASE(serve_hands_over_streams) {
    corun::runtime cores{{.threads = 2}};
    const tcp::endpoint at = cores.serve(any_port, [](corun::stream<tcp::socket> peer) {
        std::string text(5, '\0');
        corun::yield(corun::read(peer, asio::buffer(text)));
        corun::yield(corun::write(peer, asio::buffer(text)));
    });
    for (int i = 0; i != 4; ++i) BOOST_TEST(ask(at, "hello") == "hello");
    cores.stop();
    cores.join();
}

BOOST_AUTO_TEST_CASE(with_one_acceptor_connections_are_handed_round) {
    corun::runtime cores{{.threads = 3}};
    std::mutex lock;
    std::map<pthread_t, int> per_thread;
    const auto at = cores.serve(any_port,
                                [&](tcp::socket peer) {
                                    {
                                        const std::lock_guard hold{lock};
                                        ++per_thread[::pthread_self()];
                                    }
                                    echo(std::move(peer));
                                },
                                {.reuse_port = false});
    for (int i = 0; i < 12; ++i) BOOST_TEST(ask(at, "x") == "x");
    cores.stop();
    cores.join();
    BOOST_TEST(per_thread.size() == 3U);
    for (const auto& [thread, sessions] : per_thread) BOOST_TEST(sessions == 4);
}

BOOST_AUTO_TEST_CASE(a_port_in_use_is_an_error_that_names_the_endpoint) {
    corun::runtime cores{{.threads = 2}}, others{{.threads = 2}};
    const auto at = others.serve(any_port, echo);
    std::ostringstream endpoint;
    endpoint << at;
    const auto expected = "cannot listen at " + endpoint.str() + ": Address already in use";
    for (const bool reuse_port : {true, false}) {
        const auto message = message_of([&] { (void)cores.serve(at, echo, {.reuse_port = reuse_port}); });
        BOOST_TEST(message.find(expected) != std::string::npos, message);
    }
    BOOST_TEST(ask(at, "still served") == "still served");
}

BOOST_AUTO_TEST_CASE(an_address_that_is_not_ours_is_an_error_that_names_it) {
    corun::runtime cores{{.threads = 2}};
    const auto message = message_of([&] { (void)cores.serve({asio::ip::make_address("192.0.2.1"), 80}, echo); });
    BOOST_TEST(message.find("192.0.2.1:80") != std::string::npos, message);
}

BOOST_AUTO_TEST_CASE(an_empty_handler_is_refused_at_once) {
    corun::runtime cores{{.threads = 1}};
    BOOST_CHECK_THROW(cores.serve(any_port, corun::runtime::connection_handler{}), std::invalid_argument);
    BOOST_CHECK_THROW(cores.serve(any_port, corun::runtime::stream_handler{}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(after_stop_nobody_would_accept) {
    corun::runtime cores{{.threads = 1}};
    cores.stop(std::chrono::seconds::max());
    BOOST_CHECK_THROW(cores.serve(any_port, echo), std::logic_error);
    cores.join();
    BOOST_CHECK_THROW(cores.serve(any_port, echo), std::logic_error);
}

BOOST_AUTO_TEST_CASE(a_failing_session_is_reported_and_the_others_go_on) {
    failures reported;
    corun::runtime cores{{.threads = 2, .scheduler = {.on_unhandled = reported.handler()}}};
    const auto needs_a_good_start = [](tcp::socket peer) {
        char first = 0;
        corun::yield(asio::async_read(peer, asio::buffer(&first, 1), asio::deferred));
        if (first == '!') throw std::runtime_error{"bad first byte"};
        corun::yield(asio::async_write(peer, asio::buffer(&first, 1), asio::deferred));
    };
    const unsigned line = std::source_location::current().line() + 1;
    const auto at = cores.serve(any_port, needs_a_good_start);
    BOOST_CHECK_THROW(ask(at, "!"), boost::system::system_error);
    BOOST_TEST(ask(at, "x") == "x");
    cores.stop();
    cores.join();
    BOOST_TEST((reported.messages == std::vector<std::string>{"bad first byte"}));
    BOOST_TEST((reported.lines == std::vector{line}));
}

BOOST_AUTO_TEST_CASE(without_descriptors_it_reports_once_and_accepts_again_when_there_are_some) {
    failures reported;
    corun::runtime cores{{.threads = 1, .scheduler = {.on_unhandled = reported.handler()}}};
    const auto at = cores.serve(any_port, echo);
    BOOST_TEST(ask(at, "warm") == "warm");
    asio::io_context io;
    tcp::socket client{io};
    client.open(tcp::v4());
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    rlimit low = before;
    low.rlim_cur = 64;
    ::setrlimit(RLIMIT_NOFILE, &low);
    std::vector<int> taken;
    for (int fd; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken.push_back(fd);
    client.connect(at);
    while (reported.count() == 0) std::this_thread::yield();
    const auto used = cores.spawn([] { return ::clock(); }).get();
    corun::fiber<> later = cores.spawn([] { corun::yield(corun::sleep_for(250ms)); });  // it tries again meanwhile
    later.get();
    BOOST_TEST(::clock() - used < CLOCKS_PER_SEC / 5);  // and does not spin
    for (int fd : taken) ::close(fd);
    ::setrlimit(RLIMIT_NOFILE, &before);
    asio::write(client, asio::buffer("late", 4));
    std::array<char, 4> answer;
    asio::read(client, asio::buffer(answer));
    cores.stop();
    cores.join();
    BOOST_TEST(reported.messages.size() == 1U);
    BOOST_TEST(reported.messages.front().find("cannot accept at 127.0.0.1:") == 0U, reported.messages.front());
}

BOOST_AUTO_TEST_SUITE_END()
