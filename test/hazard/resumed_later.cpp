// A fiber goes on later, by its own loop, where something else has called the handler of its operation.
#include "support/leaks.hpp"
#include "support/pending.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <thread>
#include <utility>

namespace asio = boost::asio;
using corun_test::pending;
using corun_test::waiting;

BOOST_FIXTURE_TEST_SUITE(resumed_later, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(not_inside_of_a_strand) {
    asio::io_context io;
    auto strand = asio::make_strand(io);
    asio::io_context::strand io_strand{io};
    waiting first{io}, second{io};
    bool in_strand = true;
    corun::spawn(
        io,
        [&] {
            pending third;
            asio::post(strand, [&] {
                third.complete();
                BOOST_TEST(strand.running_in_this_thread());
            });
            third.wait();
            in_strand = strand.running_in_this_thread();
            corun::yield();  // refused below the frame of a strand
            third.drop();
        },
        asio::detached);
    asio::post(strand, [&] {
        first.operation.complete();
        BOOST_TEST(!first.has_gone_on);
    });
    asio::post(io_strand, [&] {
        second.operation.complete();
        BOOST_TEST(!second.has_gone_on);
    });
    io.run();
    BOOST_TEST(first.has_gone_on);
    BOOST_TEST(second.has_gone_on);
    BOOST_TEST(!in_strand);
    first.operation.drop();
    second.operation.drop();
}

// Its steps are done by the loop, and the last one on a strand.
BOOST_AUTO_TEST_CASE(a_composed_operation_that_ends_on_a_strand) {
    asio::io_context io;
    auto strand = asio::make_strand(io);
    int steps_on_strand = 0, ended = 0;
    const auto through_strand = [&](auto&& token) {
        return asio::async_compose<decltype(token), void()>(
            [&, step = 0](auto& self) mutable {
                steps_on_strand += strand.running_in_this_thread();
                switch (step++) {
                    case 0: return asio::post(io, std::move(self));
                    case 1: return asio::post(strand, std::move(self));
                    default: self.complete();
                }
            },
            token, io);
    };
    for (int i = 0; i != 3; ++i)
        corun::spawn(
            io,
            [&] {
                for (int round = 0; round != 3; ++round) {
                    through_strand(corun::yield);
                    BOOST_TEST(!strand.running_in_this_thread());
                    corun::yield();  // refused below the frame of a strand
                }
                ++ended;
            },
            asio::detached);
    io.run();
    BOOST_TEST(ended == 3);
    BOOST_TEST(steps_on_strand > 0);
}

BOOST_AUTO_TEST_CASE(not_on_another_contexts_thread) {
    asio::io_context own, other;
    waiting fiber{own};
    own.poll();
    std::thread elsewhere{[&] {
        asio::post(other, [&] {
            fiber.operation.complete();
            BOOST_TEST(!fiber.has_gone_on);
        });
        other.run();
    }};
    elsewhere.join();
    BOOST_TEST(!fiber.has_gone_on);
    own.run();
    BOOST_TEST(fiber.has_gone_on);
    BOOST_TEST((fiber.on == std::this_thread::get_id()));
    fiber.operation.drop();
}

BOOST_AUTO_TEST_CASE(not_outside_of_the_loop) {
    asio::io_context io;
    waiting fiber{io};
    io.poll();
    fiber.operation.complete();
    BOOST_TEST(!fiber.has_gone_on);
    io.run();
    BOOST_TEST(fiber.has_gone_on);
    fiber.operation.drop();
}

BOOST_AUTO_TEST_CASE(not_while_fibers_of_this_or_another_scheduler_run) {
    asio::io_context io;
    corun::scheduler second{io.get_executor()};
    waiting here{io}, there{second};
    io.poll();
    corun::spawn(
        io,
        [&] {
            here.operation.complete();
            BOOST_TEST(!here.has_gone_on);
            there.operation.complete();
            BOOST_TEST(!there.has_gone_on);
            corun::yield();
            BOOST_TEST(here.has_gone_on);
        },
        asio::detached);
    io.run();
    BOOST_TEST(here.has_gone_on);
    BOOST_TEST(there.has_gone_on);
    here.operation.drop();
    there.operation.drop();
}

BOOST_AUTO_TEST_SUITE_END()
