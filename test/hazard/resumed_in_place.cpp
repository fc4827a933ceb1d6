// A fiber goes on in the handler of its operation where the loop has called that, and nowhere else.
#include "support/completions.hpp"
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>

namespace asio = boost::asio;
using corun_test::hand_over;

namespace {

// Operations that complete when the test says so, by a dispatch to their handlers' executors: what Asio's own do.
struct pending {
    // On a fiber.
    void wait() {
        corun::yield(hand_over<void()>(asio::deferred, [this](auto handler) {
            const auto kept = std::make_shared<decltype(handler)>(std::move(handler));
            complete = [kept] { asio::dispatch(std::move(*kept)); };
        }));
    }
    void drop() { complete = nullptr; }
    std::function<void()> complete;
};

// A fiber that waits once, and how far it has come.
struct waiting {
    template <class Where>
    explicit waiting(Where& where) {
        corun::spawn(
            where,
            [this] {
                operation.wait();
                on = std::this_thread::get_id();
                has_gone_on = true;
            },
            asio::detached);
    }
    pending operation;
    std::thread::id on;
    bool has_gone_on = false;
};

__attribute__((noinline)) int get_errno() { return errno; }
__attribute__((noinline)) void set_errno(int value) { errno = value; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(resumed_in_place, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(in_the_handler_that_the_loop_has_called) {
    asio::io_context io;
    waiting fiber{io};
    io.poll();
    asio::post(io, [&] {
        fiber.operation.complete();
        BOOST_TEST(fiber.has_gone_on);
    });
    io.run();
    BOOST_TEST(fiber.has_gone_on);
    fiber.operation.drop();
}

BOOST_AUTO_TEST_CASE(a_socket_needs_one_handler) {
    asio::io_context io;
    asio::local::stream_protocol::socket own{io}, peer{io};
    asio::local::connect_pair(own, peer);
    std::size_t received = 0;
    corun::spawn(
        io,
        [&] {
            char data[8];
            for (int i = 0; i != 3; ++i) received += corun::yield(own.async_read_some(asio::buffer(data), asio::deferred));
        },
        asio::detached);
    io.poll();
    for (std::size_t i = 1; i != 4; ++i) {
        peer.write_some(asio::buffer("x", 1));
        io.restart();
        BOOST_TEST(io.run_one() == 1U);
        BOOST_TEST(received == i);
    }
}

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

// What it throws leaves `run`, and not the handler of whoever has completed the operation.
BOOST_AUTO_TEST_CASE(a_failure_that_nobody_receives_leaves_run) {
    asio::io_context io;
    corun::scheduler::of(io).on_unhandled(corun::rethrow_unhandled);
    pending operation;
    bool handler_ended = false, other_ended = false;
    corun::spawn(io, [&] {
        operation.wait();
        throw std::runtime_error{"unreceived"};
    });
    corun::spawn(
        io,
        [&] {
            for (int i = 0; i != 5; ++i) corun::yield(asio::post(io, asio::deferred));
            other_ended = true;
        },
        asio::detached);
    asio::post(io, [&] {
        asio::post(io, [&] {
            operation.complete();
            handler_ended = true;
        });
    });
    BOOST_CHECK_EXCEPTION(io.run(), std::runtime_error, [](const auto& e) { return e.what() == std::string{"unreceived"}; });
    BOOST_TEST(handler_ended);
    BOOST_CHECK_NO_THROW(io.run());
    BOOST_TEST(other_ended);
    operation.drop();
}

BOOST_AUTO_TEST_CASE(errno_of_the_fiber_and_of_the_handler) {
    asio::io_context io;
    pending operation;
    corun::spawn(
        io,
        [&] {
            set_errno(E2BIG);
            operation.wait();
            BOOST_TEST(get_errno() == E2BIG);
            set_errno(EDOM);
        },
        asio::detached);
    io.poll();
    asio::post(io, [&] {
        set_errno(ENXIO);
        operation.complete();
        BOOST_TEST(get_errno() == ENXIO);
    });
    io.run();
    operation.drop();
}

// A fiber that gives way for ever after it was resumed keeps neither the loop nor other fibers.
BOOST_AUTO_TEST_CASE(others_have_their_turn) {
    asio::io_context io;
    pending operation;
    bool stop = false;
    int turns_of_the_other = 0;
    corun::spawn(
        io,
        [&] {
            operation.wait();
            while (!stop) corun::yield();
        },
        asio::detached);
    io.poll();
    corun::spawn(
        io,
        [&] {
            while (!stop) {
                corun::yield();
                ++turns_of_the_other;
            }
        },
        asio::detached);
    asio::post(io, [&] {
        operation.complete();
        asio::post(io, [&] { stop = true; });
    });
    io.run();
    BOOST_TEST(turns_of_the_other > 0);
    operation.drop();
}

BOOST_AUTO_TEST_SUITE_END()
