// Yields where none may be, joins of oneself, impossible stacks, loops inside fibers, strands: typed errors that say where.
#include "support/child_process.hpp"
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <unistd.h>
#include <chrono>
#include <csignal>
#include <memory>
#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>

using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

// The error is of the type, and its message has every part.
template <class Error, class Function>
void throws_saying(Function f, std::initializer_list<const char*> parts) {
    BOOST_CHECK_EXCEPTION(f(), Error, [&](const Error& e) {
        for (const char* part : parts)
            if (std::string{e.what()}.find(part) == std::string::npos) {
                BOOST_TEST_MESSAGE("no '" << part << "' in: " << e.what());
                return false;
            }
        return true;
    });
}

constexpr const char* here = "misuse.cpp:";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(misuse, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(yield_outside_of_fibers) {
    throws_saying<corun::not_in_fiber>([] { corun::yield(); }, {"not on a fiber", here});
    throws_saying<corun::not_in_fiber>([] { corun::yield(corun::sleep_for(1s)); }, {here});
    throws_saying<corun::not_in_fiber>([] { (void)corun::this_fiber::id(); }, {here});
    throws_saying<corun::not_in_fiber>([] { corun::spawn([] {}); }, {here});
    asio::io_context io;
    asio::steady_timer timer{io};
    throws_saying<corun::not_in_fiber>([&] { corun::yield(timer.async_wait(asio::deferred)); }, {here});
    asio::post(io, [] { throws_saying<corun::not_in_fiber>([] { corun::yield(); }, {here}); });
    BOOST_TEST(io.run() == 1);
}

BOOST_AUTO_TEST_CASE(yield_inside_no_yield_even_where_ready) {
    corun::run([] {
        auto ready = corun::spawn([] {});
        corun::yield();
        {
            corun::no_yield guard{"the table is being rehashed"};
            throws_saying<corun::switch_forbidden>([] { corun::yield(); }, {"the table is being rehashed", here});
            throws_saying<corun::switch_forbidden>([&] { corun::yield(ready.join()); }, {"rehashed", here});
            {
                corun::no_yield inner{"inner"};
                throws_saying<corun::switch_forbidden>([] { corun::yield(); }, {"inner"});
            }
            throws_saying<corun::switch_forbidden>([] { corun::yield(); }, {"rehashed"});
        }
        corun::yield(ready.join());
    });
    corun::no_yield guard{"outside of fibers it does nothing"};
}

BOOST_AUTO_TEST_CASE(join_on_oneself) {
    corun::run([] {
        corun::fiber<> me;
        me = corun::spawn({.name = "narcissus"}, [&me] {
            throws_saying<corun::switch_forbidden>([&] { corun::yield(me.join()); }, {"'narcissus'", here});
        });
        corun::yield(me.join());
    });
}

BOOST_AUTO_TEST_CASE(blocking_the_thread_on_a_fiber) {
    corun::run([] {
        auto fiber = corun::spawn([] {});
        throws_saying<corun::switch_forbidden>([&] { fiber.get(); }, {"get()"});
        throws_saying<corun::switch_forbidden>([] { corun::run([] {}); }, {"corun::run()", here});
        corun::yield(fiber.join());
    });
}

BOOST_AUTO_TEST_CASE(impossible_stack_sizes) {
    corun::run([] {
        for (std::size_t bytes : {std::size_t{0}, std::size_t{1}, std::size_t{1} << 40})
            throws_saying<corun::stack_unavailable>([&] { corun::spawn({.stack_size = bytes}, [] {}); },
                                                    {std::to_string(bytes).c_str(), here});
    });
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{1} << 40}) {
        const char* const trouble = bytes == 0 ? "of 0 bytes is too small" : "is too large";
        const corun::scheduler_options impossible{.stack_size = bytes};
        asio::io_context io;
        throws_saying<corun::stack_unavailable>([&] { corun::run([] {}, {.scheduler = impossible}); }, {trouble, here});
        throws_saying<corun::stack_unavailable>([&] { corun::scheduler{io.get_executor(), impossible}; }, {trouble, here});
        throws_saying<corun::stack_unavailable>([&] { corun::scheduler::of(io).stack_size(bytes); }, {trouble, here});
        throws_saying<corun::stack_unavailable>([&] { corun::runtime{{.scheduler = impossible}}; }, {trouble, here});
        throws_saying<corun::stack_unavailable>([&] { corun::spawn(io, {.stack_size = bytes}, [] {}); }, {trouble, here});
        const auto spawn_detached = [&] { corun::spawn(io, {.stack_size = bytes}, [] {}, asio::detached); };
        throws_saying<corun::stack_unavailable>(spawn_detached, {trouble, here});
        BOOST_TEST(io.run() == 0);  // nothing was spawned
    }
}

BOOST_AUTO_TEST_CASE(an_executor_that_is_empty) {
    BOOST_CHECK_THROW(corun::spawn(asio::any_io_executor{}, [] {}), asio::execution::bad_executor);
    BOOST_CHECK_THROW(corun::scheduler{asio::any_io_executor{}}, asio::execution::bad_executor);
}

// Functions that know no line of their own name the fiber and its last yield.
BOOST_AUTO_TEST_CASE(functions_without_a_line) {
    corun::run([] {
        corun::yield(
            corun::spawn({.name = "fresh"}, [] {
                corun::channel<int> closed{1};
                closed.close();
                throws_saying<corun::channel_closed>([&] { (void)closed.try_send(1); }, {"closed", "'fresh'", "spawned at", here});
                const std::string line = here + std::to_string(std::source_location::current().line() + 1);
                throws_saying<corun::channel_closed>([&] { corun::yield(closed.send(1)); },
                                                     {"'fresh'", "last yield at", line.c_str()});
                corun::latch latch{0};
                throws_saying<std::logic_error>([&] { latch.count_down(); }, {"below zero", "'fresh'", line.c_str()});
                corun::wait_group empty;
                throws_saying<std::logic_error>([&] { empty.done(); }, {"'fresh'", line.c_str()});
                corun::concurrent_latch shared{0};
                throws_saying<std::logic_error>([&] { shared.count_down(); }, {"'fresh'", line.c_str()});
                corun::mutex mutex;
                throws_saying<std::logic_error>([&] { mutex.unlock(); }, {"a mutex", "nobody holds", "'fresh'", line.c_str()});
                corun::shared_mutex either;
                throws_saying<std::logic_error>([&] { either.unlock(); }, {"nobody holds alone", line.c_str()});
                throws_saying<std::logic_error>([&] { either.unlock_shared(); }, {"nobody shares", line.c_str()});
                corun::concurrent_mutex anywhere;
                throws_saying<std::logic_error>([&] { anywhere.unlock(); }, {"a concurrent_mutex", line.c_str()});
                BOOST_TEST((mutex.try_lock() && either.try_lock() && anywhere.try_lock()));  // as before
                corun::fiber<> other = corun::spawn([] {});
                throws_saying<corun::switch_forbidden>([&] { other.get(); }, {"get()", "'fresh'", line.c_str()});
                asio::io_context inner;
                corun::spawn(inner, [] {}, asio::detached);
                throws_saying<corun::switch_forbidden>([&] { inner.run(); }, {"event loop", "'fresh'", line.c_str()});
            }).join());
    });
    corun::concurrent_channel<int> closed{1};
    closed.close();
    throws_saying<corun::channel_closed>([&] { closed.blocking_send(1); }, {"corun: the channel is closed"});
}

BOOST_AUTO_TEST_CASE(two_that_wait_for_one_direction) {
    corun::run([] {
        int ends[2];
        BOOST_REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
        auto first = corun::spawn({.name = "first"}, [&] { corun::yield(corun::readable(ends[0])); });
        corun::yield();
        throws_saying<std::logic_error>([&] { corun::yield(corun::readable(ends[0])); },
                                        {("descriptor " + std::to_string(ends[0])).c_str(), "last yield at", "'first'", here});
        first.cancel();
        BOOST_CHECK_THROW(corun::yield(first.join()), corun::fiber_cancelled);
        ::close(ends[0]);
        ::close(ends[1]);
    });
}

// It would wait for itself: it ends in a message, not in a hang.
BOOST_AUTO_TEST_CASE(a_scheduler_a_context_or_a_runtime_that_its_own_fiber_destroys) {
    const auto aborts_saying = [](const std::string& what, auto body) {
        const auto child = corun_test::in_child(body);
        BOOST_TEST(child.signal == SIGABRT, what);
        BOOST_TEST(child.error_output.find(what + " was destroyed") != std::string::npos, child.error_output);
    };
    aborts_saying("a scheduler", [] {
        asio::io_context io;
        auto own = std::make_unique<corun::scheduler>(io.get_executor());
        corun::spawn(*own, [&] { own.reset(); });
        io.run();
    });
    aborts_saying("an execution context", [] {
        auto own = std::make_unique<asio::io_context>();
        corun::spawn(*own, [&] { own.reset(); });
        own->run();
    });
    aborts_saying("a runtime", [] {
        auto own = std::make_unique<corun::runtime>(corun::runtime_options{.threads = 1});
        corun::spawn(own->scheduler_at(0), [&] { own.reset(); });
        own->join();
    });
}

BOOST_AUTO_TEST_CASE(an_event_loop_run_on_a_fiber) {
    asio::io_context io;
    bool refused = false, went_on = false;
    corun::spawn(io, {.name = "reckless"}, [&] {
        corun::spawn([&] {
            corun::yield(corun::sleep_for(1ms));
            went_on = true;
        });
        corun::yield();
        throws_saying<corun::switch_forbidden>([&] { io.run(); }, {"'reckless'"});
        refused = true;
    });
    io.run();
    BOOST_TEST(refused);
    BOOST_TEST(went_on);
}

BOOST_AUTO_TEST_CASE(yield_inside_a_function_that_a_strand_runs) {
    asio::io_context io;
    auto strand = asio::make_strand(io);
    asio::io_context::strand io_strand{io};
    bool refused = false;
    corun::spawn(io, [&] {
        const auto yields = [&] {
            throws_saying<corun::switch_forbidden>([] { corun::yield(); }, {"strand", here});
            throws_saying<corun::switch_forbidden>([] { corun::yield(corun::sleep_for(1ms)); }, {"strand", here});
            refused = true;
        };
        asio::dispatch(strand, yields);
        BOOST_TEST(std::exchange(refused, false));
        asio::dispatch(io_strand, yields);
        corun::yield(corun::sleep_for(1ms));
        BOOST_TEST(!strand.running_in_this_thread());
    });
    io.run();
    BOOST_TEST(refused);
}

BOOST_AUTO_TEST_CASE(a_fiber_on_a_strand_may_yield) {
    asio::io_context io;
    auto strand = asio::make_strand(io);
    int turns = 0;
    corun::spawn(strand, [&] {
        for (int i = 0; i != 3; ++i) {
            BOOST_TEST(strand.running_in_this_thread());
            asio::dispatch(strand, [&] { ++turns; });
            corun::yield(corun::sleep_for(1ms));
        }
    });
    io.run();
    BOOST_TEST(turns == 3);
}

BOOST_AUTO_TEST_SUITE_END()
