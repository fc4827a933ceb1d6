// Cancelling a fiber whose operation of Asio is composed of steps.
#include <corun/token.hpp>

#include <corun/fiber.hpp>
#include <corun/spawn.hpp>

#include "support/leaks.hpp"

#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;
using boost::system::error_code;

BOOST_FIXTURE_TEST_SUITE(token_steps, corun_test::nothing_left)

// Beast's reads are so: they take steps that nothing stops, and do not ask between them whether they were to.
BOOST_AUTO_TEST_CASE(an_operation_that_was_asked_between_its_steps_is_asked_again_in_the_next) {
    for (const auto hardest : {asio::cancellation_type::terminal, asio::cancellation_type::total}) {
        asio::io_context io;
        asio::steady_timer forever{io, 1h};
        asio::cancellation_signal stop;
        bool ended = false;
        const auto wait = [&] {
            auto steps = [&, left = 20](auto& self, error_code ec = {}) mutable {
                if (left == 20) self.reset_cancellation_state(asio::enable_total_cancellation());
                if (left-- > 0)
                    asio::post(io.get_executor(), std::move(self));  // a turn of the loop
                else if (left == -1)
                    forever.async_wait(std::move(self));
                else
                    self.complete(ec);
            };
            using token = const asio::deferred_t&;
            corun::yield(asio::async_compose<token, void(error_code)>(std::move(steps), asio::deferred, forever));
        };
        const auto note_end = [&](const std::exception_ptr& failure) { ended = failure != nullptr; };
        corun::spawn(io, wait, asio::bind_cancellation_slot(stop.slot(), note_end));
        io.run_one();
        stop.emit(hardest);
        for (int turns = 0; turns < 1'000 && !ended; ++turns) io.poll_one();
        BOOST_TEST(ended);
        forever.cancel();
        io.run();
    }
}

// Of several that are asked in the same turn, each takes memory, and with that is to be asked once more.
BOOST_AUTO_TEST_CASE(operations_may_take_memory_while_they_are_asked) {
    constexpr int fibers = 9, requests = 3;
    asio::io_context io;
    int ended = 0;
    const auto wait = [&] {
        const auto begin = [&](auto handler) {
            auto slot = asio::get_associated_cancellation_slot(handler);
            const auto memory = asio::get_associated_allocator(handler);
            const auto kept = std::make_shared<decltype(handler)>(std::move(handler));
            slot.assign([&io, memory, kept, asked = 0](asio::cancellation_type) mutable {
                asio::post(io, asio::bind_allocator(memory, [] {}));
                if (++asked == requests) asio::post(io, [kept] { std::move (*kept)(asio::error::operation_aborted); });
            });
        };
        using token = const asio::deferred_t&;
        corun::yield(asio::async_initiate<token, void(error_code)>(begin, asio::deferred));
    };
    std::vector<corun::fiber<>> all;
    for (int i = 0; i != fibers; ++i) all.push_back(corun::spawn(io, wait));
    io.poll();
    for (auto& each : all) each.cancel();
    io.run();
    for (auto& each : all) ended += each.done();
    BOOST_TEST(ended == fibers);
}

BOOST_AUTO_TEST_SUITE_END()
