// A cancellation slot that is bound to spawn's completion token cancels the fiber.
#include <corun/spawn.hpp>

#include <corun/run.hpp>
#include <corun/shield.hpp>
#include <corun/sleep.hpp>
#include <corun/this_fiber.hpp>
#include <corun/timeout.hpp>
#include <corun/token.hpp>

#include "support/completions.hpp"
#include "support/leaks.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <optional>
#include <thread>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using asio::cancellation_type;
using corun_test::asked;
using corun_test::pass_turns;

namespace {

using types = std::vector<cancellation_type>;

// A fiber that waits for an operation which notes how it is asked to stop, spawned with a slot.
struct cancellable {
    explicit cancellable(cancellation_type heeds) { operation.heeds = heeds; }

    void spawn() {
        corun::spawn(
            corun::this_fiber::executor(), [this] { (void)operation.wait(corun::yield); },
            asio::bind_cancellation_slot(signal.slot(), [this](std::exception_ptr e) {
                failure = e;
                ended = true;
            }));
        corun::yield();
    }
    void wait_for_end() const {
        while (!ended) corun::yield(corun::sleep_for(1ms));
    }
    [[nodiscard]] bool was_cancelled() const {
        try {
            if (failure) std::rethrow_exception(failure);
        } catch (const corun::fiber_cancelled&) {
            return true;
        }
        return false;
    }

    asked operation;
    asio::cancellation_signal signal;
    std::exception_ptr failure;
    bool ended = false;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(spawn_cancellation, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(the_signal_cancels_the_fiber_and_the_token_learns_of_it) {
    for (const auto type : {cancellation_type::total, cancellation_type::partial, cancellation_type::terminal})
        corun::run([type] {
            cancellable fiber{cancellation_type::total};
            fiber.spawn();
            fiber.signal.emit(type);
            fiber.wait_for_end();
            BOOST_TEST(fiber.was_cancelled());
            BOOST_TEST((fiber.operation.types == types{cancellation_type::total}));
        });
}

BOOST_AUTO_TEST_CASE(the_operation_is_asked_no_harder_than_the_signal_says) {
    corun::run([] {
        cancellable fiber{cancellation_type::terminal};
        fiber.spawn();
        fiber.signal.emit(cancellation_type::total);
        pass_turns();
        BOOST_TEST((fiber.operation.types == types{cancellation_type::total}));
        fiber.signal.emit(cancellation_type::partial);
        pass_turns();
        BOOST_TEST((fiber.operation.types == types{cancellation_type::total, cancellation_type::partial}));
        BOOST_TEST(!fiber.ended);
        fiber.signal.emit(cancellation_type::terminal);
        fiber.wait_for_end();
        BOOST_TEST(fiber.was_cancelled());
        BOOST_TEST(
            (fiber.operation.types == types{cancellation_type::total, cancellation_type::partial, cancellation_type::terminal}));
    });
}

BOOST_AUTO_TEST_CASE(a_timeout_in_the_fiber_may_ask_harder_than_the_signal) {
    corun::run([] {
        asked operation;
        operation.heeds = cancellation_type::terminal;
        asio::cancellation_signal signal;
        bool ended = false;
        corun::spawn(
            corun::this_fiber::executor(),
            [&] {
                const auto waits = [&] { (void)operation.wait(corun::yield); };
                corun::yield(corun::with_timeout(5ms, waits));
            },
            asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr) { ended = true; }));
        corun::yield();
        signal.emit(cancellation_type::total);
        while (!ended) corun::yield(corun::sleep_for(1ms));
        BOOST_TEST((operation.types.back() == cancellation_type::terminal));
    });
}

BOOST_AUTO_TEST_CASE(of_no_type_it_does_nothing_and_after_the_end_nothing_is_connected) {
    corun::run([] {
        cancellable fiber{cancellation_type::total};
        fiber.spawn();
        fiber.signal.emit(cancellation_type::none);
        pass_turns();
        BOOST_TEST(fiber.operation.types.empty());
        fiber.operation.complete({}, 0);
        fiber.wait_for_end();
        BOOST_TEST(!fiber.failure);
        BOOST_TEST(!fiber.signal.slot().has_handler());
        fiber.signal.emit(cancellation_type::terminal);
    });
}

BOOST_AUTO_TEST_CASE(on_another_thread_the_request_hops_to_the_scheduler) {
    asio::io_context context;
    asio::cancellation_signal signal;
    bool cancelled = false;
    corun::spawn(
        context, [] { corun::yield(corun::sleep_for(1h)); },
        asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e) { cancelled = e != nullptr; }));
    std::thread runs{[&] { context.run(); }};
    signal.emit(cancellation_type::terminal);
    runs.join();
    BOOST_TEST(cancelled);
}

BOOST_AUTO_TEST_CASE(a_shield_holds_it_up) {
    corun::run([] {
        asio::cancellation_signal signal;
        bool ended = false, finished = false;
        corun::spawn(
            corun::this_fiber::executor(),
            [&] {
                corun::yield(corun::with_shield(1h, [&] {
                    corun::yield(corun::sleep_for(1ms));
                    finished = true;
                }));
            },
            asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr) { ended = true; }));
        corun::yield();
        signal.emit(cancellation_type::terminal);
        while (!ended) corun::yield(corun::sleep_for(1ms));
        BOOST_TEST(finished);
    });
}

BOOST_AUTO_TEST_SUITE_END()
