#include <corun/yield.hpp>

#include <corun/channel.hpp>
#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/token.hpp>

#include "support/leaks.hpp"
#include "support/operations.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <source_location>
#include <string>

namespace asio = boost::asio;
using boost::system::error_code;
using corun_test::ready_value;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(yield, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(gives_every_other_runnable_fiber_a_turn) {
    std::string turns;
    corun::run([&] {
        for (const char name : {'a', 'b', 'c'})
            corun::spawn([&turns, name] {
                for (int i = 0; i < 3; ++i) {
                    turns += name;
                    corun::yield();
                }
            });
        for (int i = 0; i < 3; ++i) {
            turns += 'm';
            corun::yield();
        }
    });
    BOOST_TEST(turns == "mabcmabcmabc");
}

BOOST_AUTO_TEST_CASE(alone_it_returns) {
    corun::run([] {
        for (int i = 0; i < 10'000; ++i) corun::yield();
    });
}

BOOST_AUTO_TEST_CASE(fibers_that_yield_for_ever_starve_neither_handlers_nor_timers) {
    asio::io_context context;
    bool stop = false, posted = false;
    for (int i = 0; i < 2; ++i)
        corun::spawn(context, [&] {
            while (!stop) corun::yield();
        });
    corun::spawn(context, [&] {
        corun::yield(corun::sleep_for(1ms));
        asio::post(context, [&] { posted = true; });
        asio::steady_timer timer{context, 1ms};
        corun::yield(timer.async_wait(asio::deferred));
        while (!posted) corun::yield();
        stop = true;
    });
    context.run();
    BOOST_TEST(stop);
}

BOOST_AUTO_TEST_CASE(operations_that_are_ready_at_once_starve_nobody) {
    asio::io_context context;
    bool stop = false;
    corun::spawn(context, [&] {
        while (!stop) corun::yield(ready_value{1});
    });
    corun::spawn(context, [&] {
        asio::steady_timer timer{context, 1ms};
        corun::yield(timer.async_wait(asio::deferred));
        stop = true;
    });
    context.run();
    BOOST_TEST(stop);
}

BOOST_AUTO_TEST_CASE(returns_the_value_of_the_operation) {
    corun::run([] {
        BOOST_TEST(corun::yield(ready_value{5}) == 5);
        ready_value lvalue{std::string{"text"}};
        BOOST_TEST(corun::yield(lvalue) == "text");
        BOOST_TEST(*corun::yield(ready_value{std::make_unique<int>(6)}) == 6);
        static_assert(std::is_void_v<decltype(corun::yield(corun::sleep_for(1ms)))>);
    });
}

BOOST_AUTO_TEST_CASE(an_operation_may_return_a_reference) {
    corun::run([] {
        int target = 1;
        corun_test::ready_reference op{target};
        static_assert(std::is_same_v<decltype(corun::yield(op)), int&>);
        corun::yield(op) = 2;
        BOOST_TEST(target == 2);
    });
}

BOOST_AUTO_TEST_CASE(with_ec_a_system_error_is_reported_and_the_value_empty) {
    corun::run([] {
        error_code ec;
        BOOST_TEST(corun::yield(corun_test::fails_with{asio::error::eof}, ec) == 0);
        BOOST_TEST((ec == asio::error::eof));
        BOOST_TEST(corun::yield(ready_value{5}, ec) == 5);
        BOOST_TEST(!ec);
        BOOST_CHECK_THROW(corun::yield(corun_test::fails_with{asio::error::eof}), boost::system::system_error);
    });
}

BOOST_AUTO_TEST_CASE(with_ec_other_exceptions_pass) {
    corun::run([] {
        error_code ec = asio::error::eof;
        BOOST_CHECK_THROW(corun::yield(corun_test::throws<int>{3}, ec), int);
        BOOST_TEST(!ec);
    });
}

BOOST_AUTO_TEST_CASE(is_refused_off_fibers_in_every_form) {
    asio::io_context context;
    asio::steady_timer timer{context, 1h};
    error_code ec;
    BOOST_CHECK_THROW(corun::yield(), corun::not_in_fiber);
    BOOST_CHECK_THROW(corun::yield(ready_value{1}), corun::not_in_fiber);
    BOOST_CHECK_THROW(corun::yield(ready_value{1}, ec), corun::not_in_fiber);
    BOOST_CHECK_THROW(corun::yield(timer.async_wait(asio::deferred)), corun::not_in_fiber);
    BOOST_CHECK_THROW(corun::yield(timer.async_wait(asio::deferred), ec), corun::not_in_fiber);
    BOOST_CHECK_THROW(timer.async_wait(corun::yield), corun::not_in_fiber);
    BOOST_CHECK_THROW(timer.async_wait(corun::yield[ec]), corun::not_in_fiber);
    asio::post(context, [] { BOOST_CHECK_THROW(corun::yield(), corun::not_in_fiber); });
    asio::post(corun::scheduler::of(context).get_executor(), [] { BOOST_CHECK_THROW(corun::yield(), corun::not_in_fiber); });
    context.poll();
}

BOOST_AUTO_TEST_CASE(inside_a_function_of_a_strand_it_is_refused_and_the_strand_lives_on) {
    asio::io_context context;
    auto strand = asio::make_strand(context);
    std::string refusal;
    bool lives_on = false;
    corun::spawn(context, {.name = "dispatcher"}, [&] {
        asio::dispatch(strand, [&] {
            try {
                corun::yield();
            } catch (const corun::switch_forbidden& e) {
                refusal = e.what();
            }
        });
        corun::yield();
        asio::post(strand, [&] { lives_on = true; });
    });
    context.run();
    BOOST_TEST(refusal.find("'dispatcher'") != std::string::npos, refusal);
    BOOST_TEST(refusal.find("yield.cpp") != std::string::npos, refusal);
    BOOST_TEST(lives_on);
}

BOOST_AUTO_TEST_CASE(inside_a_function_of_a_strand_what_need_not_wait_goes_on_without_a_switch) {
    asio::io_context context;
    auto strand = asio::make_strand(context);
    corun::channel<int> values{corun::unbounded}, empty;
    bool others_ran = false, refused = false;
    corun::spawn(context, [&] {
        auto other = corun::spawn([&] { others_ran = true; });
        asio::dispatch(strand, [&] {
            for (int i = 0; i < 1000; ++i) corun::yield(values.send(i));  // more than a fiber's turn has
            BOOST_TEST(!others_ran);
            try {
                (void)corun::yield(empty.receive());
            } catch (const corun::switch_forbidden&) {
                refused = true;
            }
        });
        BOOST_TEST(values.size() == 1000U);
        BOOST_TEST(!empty.try_send(1));  // nobody was left waiting
        corun::yield(other.join());
    });
    context.run();
    BOOST_TEST(refused);
    BOOST_TEST(others_ran);
}

BOOST_AUTO_TEST_CASE(on_a_fiber_that_a_strand_runs_it_is_allowed) {
    asio::io_context context;
    auto strand = asio::make_strand(context);
    int turns = 0;
    corun::spawn(strand, [&] {
        for (; turns < 3; ++turns) corun::yield();
        corun::yield(corun::sleep_for(1ms));
    });
    context.run();
    BOOST_TEST(turns == 3);
}

BOOST_AUTO_TEST_CASE(cancelled_knows_the_line_of_each_form) {
    asio::io_context context;
    const auto line_of = [](auto&& yields) {
        try {
            yields();
        } catch (const corun::cancelled& c) {
            return c.where().line();
        }
        return 0U;
    };
    const auto here = [](std::source_location at = std::source_location::current()) { return at.line(); };
    const auto f = corun::spawn(context, [&] {
        error_code ec;
        asio::steady_timer timer{context, 1h};
        BOOST_TEST(line_of([] { corun::yield(); }) == here());
        BOOST_TEST(line_of([] { corun::yield(ready_value{1}); }) == here());
        BOOST_TEST(line_of([&] { corun::yield(ready_value{1}, ec); }) == here());
        BOOST_TEST(line_of([&] { corun::yield(timer.async_wait(asio::deferred)); }) == here());
        BOOST_TEST(line_of([&] { corun::yield(timer.async_wait(asio::deferred), ec); }) == here());
        BOOST_TEST(line_of([&] { corun::yield([]() -> asio::awaitable<void> { co_return; }()); }) == here());
    });
    f.cancel();
    context.run();
    f.get();
}

BOOST_AUTO_TEST_SUITE_END()
