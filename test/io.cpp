#include <corun/io.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/descriptors.hpp"
#include "support/leaks.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace asio = boost::asio;
using corun_test::pipe_pair;
using corun_test::socket_pair;
using namespace std::chrono_literals;

static_assert(corun::operation<corun::ready_operation>);

BOOST_FIXTURE_TEST_SUITE(io, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(waits_until_there_is_something_to_read) {
    corun::run([] {
        pipe_pair pipe;
        bool written = false;
        auto writer = corun::spawn([&] {
            corun::yield(corun::sleep_for(1ms));
            written = true;
            pipe.write("x");
        });
        corun::yield(corun::readable(pipe.out));
        BOOST_TEST(written);
        BOOST_TEST(pipe.read() == "x");
        corun::yield(writer.join());
    });
}

BOOST_AUTO_TEST_CASE(ready_at_once_does_not_switch) {
    bool others = false;
    corun::run([&] {
        socket_pair pair;
        corun::spawn([&] { others = true; });
        corun::yield(corun::writable(pair.one));
        pair.write(pair.two, "y");
        corun::yield(corun::readable(pair.one));
        BOOST_TEST(!others);
    });
}

BOOST_AUTO_TEST_CASE(waits_until_there_is_room_to_write) {
    corun::run([] {
        pipe_pair pipe;
        const std::size_t capacity = pipe.fill();
        std::size_t drained = 0;
        auto reader = corun::spawn([&] {
            corun::yield(corun::sleep_for(1ms));
            while (drained < capacity) drained += pipe.read().size();
        });
        corun::yield(corun::writable(pipe.in));
        BOOST_TEST(drained > 0U);
        pipe.write("z");
        corun::yield(reader.join());
    });
}

BOOST_AUTO_TEST_CASE(both_directions_of_one_descriptor_at_once) {
    corun::run([] {
        socket_pair pair;
        pair.fill(pair.one);
        std::string order;
        auto reader = corun::spawn([&] {
            corun::yield(corun::readable(pair.one));
            order += 'r';
        });
        auto writer = corun::spawn([&] {
            corun::yield(corun::writable(pair.one));
            order += 'w';
        });
        corun::yield();
        pair.write(pair.two, "one way");
        corun::yield(reader.join());
        BOOST_TEST(!writer.done());
        pair.drain(pair.two);
        corun::yield(writer.join());
        BOOST_TEST(order == "rw");

        order.clear();
        pair.drain(pair.one);
        pair.fill(pair.one);
        writer = corun::spawn([&] {
            corun::yield(corun::writable(pair.one));
            order += 'w';
        });
        reader = corun::spawn([&] {
            corun::yield(corun::readable(pair.one));
            order += 'r';
        });
        corun::yield();
        pair.drain(pair.two);
        corun::yield(writer.join());
        BOOST_TEST(!reader.done());
        pair.write(pair.two, "and the other");
        corun::yield(reader.join());
        BOOST_TEST(order == "wr");
    });
}

BOOST_AUTO_TEST_CASE(a_second_fiber_for_the_same_direction_is_refused) {
    corun::run([] {
        pipe_pair pipe;
        auto first = corun::spawn([&] { corun::yield(corun::readable(pipe.out)); });
        corun::yield();
        BOOST_CHECK_THROW(corun::yield(corun::readable(pipe.out)), std::logic_error);
        BOOST_TEST(!first.done());
        pipe.write("for the first");
        corun::yield(first.join());
        corun::yield(corun::readable(pipe.out));
    });
}

BOOST_AUTO_TEST_CASE(a_cancelled_wait_leaves_the_direction_free_and_the_other_one_waiting) {
    corun::run([] {
        socket_pair pair;
        pair.fill(pair.one);
        auto reader = corun::spawn([&] { corun::yield(corun::readable(pair.one)); });
        auto writer = corun::spawn([&] { corun::yield(corun::writable(pair.one)); });
        corun::yield();
        reader.cancel();
        BOOST_CHECK_THROW(corun::yield(reader.join()), corun::fiber_cancelled);
        pair.drain(pair.two);
        corun::yield(writer.join());
        pair.write(pair.two, "again");
        corun::yield(corun::readable(pair.one));
    });
}

BOOST_AUTO_TEST_CASE(a_number_that_is_closed_and_used_again) {
    corun::run([] {
        for (int round = 0; round < 3; ++round) {
            pipe_pair pipe;  // the same numbers each time
            auto reader = corun::spawn([&] { corun::yield(corun::readable(pipe.out)); });
            corun::yield();
            if (round == 1) {
                reader.cancel();
                BOOST_CHECK_THROW(corun::yield(reader.join()), corun::fiber_cancelled);
            } else {
                pipe.write("a");
                corun::yield(reader.join());
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(a_number_that_its_waiter_gave_up_for_another_file_of_the_same_number) {
    corun::run([] {
        pipe_pair first;
        auto reader = corun::spawn([&] { corun::yield(corun::readable(first.out)); });
        corun::yield();
        reader.cancel();
        pipe_pair second;
        BOOST_REQUIRE(::dup2(second.out, first.out) == first.out);
        BOOST_CHECK_THROW(corun::yield(reader.join()), corun::fiber_cancelled);
        reader = corun::spawn([&] { corun::yield(corun::readable(first.out)); });
        corun::yield();
        BOOST_TEST(!reader.done());
        second.write("b");
        corun::yield(reader.join());
    });
}

BOOST_AUTO_TEST_CASE(more_descriptors_than_one_call_reports) {
    corun::run([] {
        constexpr int count = 200;
        std::vector<pipe_pair> pipes(count);
        int woken = 0;
        std::vector<corun::fiber<>> fibers;
        for (auto& pipe : pipes)
            fibers.push_back(corun::spawn([&] {
                corun::yield(corun::readable(pipe.out));
                ++woken;
            }));
        corun::yield();
        for (auto& pipe : pipes) pipe.write("c");
        for (auto& f : fibers) corun::yield(f.join());
        BOOST_TEST(woken == count);
    });
}

BOOST_AUTO_TEST_CASE(written_to_by_another_thread) {
    asio::io_context context;
    pipe_pair there, back;
    corun::spawn(context, [&] {
        for (int i = 0; i < 200; ++i) {
            corun::yield(corun::readable(there.out));
            back.write(there.read());
        }
    });
    std::jthread other{[&] {
        for (int i = 0; i < 200; ++i) {
            there.write("d");
            back.read();  // blocks
        }
    }};
    context.run();
}

BOOST_AUTO_TEST_SUITE_END()
