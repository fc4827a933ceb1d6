// Cancelling a fiber that waits for an operation of Asio.
#include <corun/token.hpp>

#include <corun/run.hpp>
#include <corun/this_fiber.hpp>

#include "support/completions.hpp"
#include "support/descriptors.hpp"
#include "support/leaks.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using asio::ip::tcp;
using boost::system::error_code;
using corun_test::asked;
using corun_test::hand_over;

namespace {

// Spawns a fiber that waits, cancels it when it does, and expects it to end by that.
template <class Function>
void cancelled_while_waiting(Function&& f) {
    auto waits = corun::spawn(std::forward<Function>(f));
    corun::yield();
    BOOST_TEST(!waits.done());
    BOOST_TEST(waits.cancel());
    BOOST_CHECK_THROW(corun::yield(waits.join()), corun::fiber_cancelled);
}

constexpr auto never = static_cast<asio::cancellation_type>(0);

}  // namespace

BOOST_FIXTURE_TEST_SUITE(token_cancellation, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(of_a_composed_read) {
    corun::run([] {
        corun_test::socket_pair pair;
        asio::local::stream_protocol::socket socket{corun::this_fiber::executor(), asio::local::stream_protocol{}, ::dup(pair.one)};
        corun_test::socket_pair::write(pair.two, "half");
        std::array<char, 100> buffer;
        cancelled_while_waiting([&] { asio::async_read(socket, asio::buffer(buffer), corun::yield); });
    });
}

BOOST_AUTO_TEST_CASE(of_an_accept) {
    corun::run([] {
        tcp::acceptor acceptor{corun::this_fiber::executor(), {asio::ip::address_v4::loopback(), 0}};
        cancelled_while_waiting([&] { (void)acceptor.async_accept(corun::yield); });
        tcp::socket client{corun::this_fiber::executor()};  // the acceptor is still good
        auto connects = corun::spawn([&] { client.async_connect(acceptor.local_endpoint(), corun::yield); });
        BOOST_TEST(acceptor.async_accept(corun::yield).is_open());
        corun::yield(connects.join());
    });
}

BOOST_AUTO_TEST_CASE(of_a_timer) {
    corun::run([] {
        asio::steady_timer timer{corun::this_fiber::executor(), 1h};
        cancelled_while_waiting([&] { timer.async_wait(corun::yield); });
        cancelled_while_waiting([&] { corun::yield(timer.async_wait(asio::deferred)); });
    });
}

BOOST_AUTO_TEST_CASE(with_a_place_for_errors_it_is_thrown_all_the_same) {
    corun::run([] {
        asio::steady_timer timer{corun::this_fiber::executor(), 1h};
        error_code ec;
        cancelled_while_waiting([&] { timer.async_wait(corun::yield[ec]); });
        cancelled_while_waiting([&] { corun::yield(timer.async_wait(asio::deferred), ec); });
    });
}

BOOST_AUTO_TEST_CASE(a_name_look_up_cannot_be_stopped_and_is_waited_for) {
    corun::run([] {
        tcp::resolver resolver{corun::this_fiber::executor()};
        bool resolved = false;
        auto looks_up = corun::spawn([&] {
            resolved = !resolver.async_resolve("127.0.0.1", "7", tcp::resolver::numeric_host, corun::yield).empty();
            corun::yield();
        });
        corun::yield();
        BOOST_TEST(looks_up.cancel());
        BOOST_CHECK_THROW(corun::yield(looks_up.join()), corun::fiber_cancelled);
        BOOST_TEST(resolved);
    });
}

BOOST_AUTO_TEST_CASE(of_a_parallel_group_ends_all_its_branches) {
    corun::run([] {
        asio::steady_timer one{corun::this_fiber::executor(), 1h}, other{corun::this_fiber::executor(), 1h};
        std::vector<error_code> seen;
        auto waits = corun::spawn([&] {
            const auto [order, a, b] =
                asio::experimental::make_parallel_group(one.async_wait(asio::deferred), other.async_wait(asio::deferred))
                    .async_wait(asio::experimental::wait_for_all(), corun::yield);
            seen = {a, b};  // a group reports no error of its own: it has completed
            corun::yield();
        });
        corun::yield();
        waits.cancel();
        BOOST_CHECK_THROW(corun::yield(waits.join()), corun::fiber_cancelled);
        BOOST_TEST_REQUIRE(seen.size() == 2U);
        BOOST_TEST(seen[0] == asio::error::operation_aborted);
        BOOST_TEST(seen[1] == asio::error::operation_aborted);
    });
}

BOOST_AUTO_TEST_CASE(asks_for_total_first_then_harder) {
    using type = asio::cancellation_type;
    const std::vector<type> stages{type::total, type::partial, type::terminal};
    for (std::size_t last = 0; last < stages.size(); ++last) {
        asked op{.types = {}, .heeds = stages[last], .complete = {}};
        corun::run([&] { cancelled_while_waiting([&] { (void)op.wait(corun::yield); }); });
        BOOST_TEST((op.types == std::vector<type>(stages.begin(), stages.begin() + static_cast<std::ptrdiff_t>(last) + 1)));
    }
}

BOOST_AUTO_TEST_CASE(an_operation_that_heeds_nothing_is_waited_for_and_its_value_kept) {
    corun::run([] {
        asked op{.types = {}, .heeds = never, .complete = {}};
        int value = 0;
        auto waits = corun::spawn([&] {
            value = op.wait(corun::yield);
            corun::yield();
            value = -1;
        });
        corun::yield();
        waits.cancel();
        for (int i = 0; i < 1'000; ++i) corun::yield();
        BOOST_TEST(!waits.done());
        op.complete({}, 5);
        BOOST_CHECK_THROW(corun::yield(waits.join()), corun::fiber_cancelled);
        BOOST_TEST(value == 5);
        BOOST_TEST(op.types.size() == 3U);
    });
}

BOOST_AUTO_TEST_CASE(completion_wins_over_a_cancellation_that_comes_after_it) {
    corun::run([] {
        asked op{.types = {}, .heeds = never, .complete = {}};
        int value = 0;
        auto waits = corun::spawn([&] { value = op.wait(corun::yield); });
        corun::yield();
        op.complete({}, 6);
        waits.cancel();
        corun::yield(waits.join());  // it reached no further yield
        BOOST_TEST(value == 6);
        BOOST_TEST(op.types.empty());
    });
}

BOOST_AUTO_TEST_CASE(another_error_wins_as_well) {
    corun::run([] {
        asked op{.types = {}, .heeds = never, .complete = {}};
        auto waits = corun::spawn([&] { (void)op.wait(corun::yield); });
        corun::yield();
        waits.cancel();
        corun::yield();
        op.complete(asio::error::connection_reset, 0);
        BOOST_CHECK_THROW(corun::yield(waits.join()), boost::system::system_error);
    });
}

BOOST_AUTO_TEST_CASE(of_a_fiber_that_is_cancelled_already_nothing_is_initiated) {
    corun::run([] {
        bool initiated = false;
        auto f = corun::spawn([&] {
            hand_over<void()>(corun::yield, [&](auto handler) {
                initiated = true;
                std::move(handler)();
            });
        });
        f.cancel();
        BOOST_CHECK_THROW(corun::yield(f.join()), corun::fiber_cancelled);
        BOOST_TEST(!initiated);
    });
}

BOOST_AUTO_TEST_CASE(a_slot_of_the_users_stops_the_operation_and_not_the_fiber) {
    corun::run([] {
        asio::steady_timer timer{corun::this_fiber::executor(), 1h};
        asio::cancellation_signal signal;
        error_code ec;
        auto waits = corun::spawn([&] {
            timer.async_wait(asio::bind_cancellation_slot(signal.slot(), corun::yield[ec]));
            corun::yield();
        });
        corun::yield();
        signal.emit(asio::cancellation_type::terminal);
        corun::yield(waits.join());
        BOOST_TEST(ec == asio::error::operation_aborted);
    });
}

BOOST_AUTO_TEST_CASE(an_operation_with_a_slot_of_the_users_is_waited_for_by_a_cancelled_fiber) {
    corun::run([] {
        asio::steady_timer timer{corun::this_fiber::executor(), 1h};
        asio::cancellation_signal signal;
        auto waits = corun::spawn([&] { timer.async_wait(asio::bind_cancellation_slot(signal.slot(), corun::yield)); });
        corun::yield();
        waits.cancel();
        for (int i = 0; i < 100; ++i) corun::yield();
        BOOST_TEST(!waits.done());
        signal.emit(asio::cancellation_type::terminal);
        BOOST_CHECK_THROW(corun::yield(waits.join()), corun::fiber_cancelled);
    });
}

BOOST_AUTO_TEST_CASE(without_memory_it_is_asked_in_every_way_at_once) {
    if (!corun_test::can_fail_allocations()) return;
    corun::run([] {
        asio::steady_timer timer{corun::this_fiber::executor(), std::chrono::hours{1}};
        auto waits = corun::spawn([&] { BOOST_CHECK_THROW(corun::yield(timer.async_wait(asio::deferred)), corun::cancelled); });
        corun::yield();
        waits.cancel();
        {
            const corun_test::failing_allocation memory{1};
            corun::yield();  // the other one asks its operation to stop
        }
        corun::yield(waits.join());
    });
}

BOOST_AUTO_TEST_SUITE_END()
