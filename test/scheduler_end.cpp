// The end of a scheduler, and what its fibers still do.
#include <corun/scheduler.hpp>

#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/token.hpp>

#include "support/leaks.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace asio = boost::asio;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(scheduler_end, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(destroyed_its_parked_fibers_run_to_their_end) {
    asio::io_context context;
    std::string order;
    struct says {
        std::string& to;
        const char* what;
        ~says() { to += what; }
    };
    auto own = std::make_optional<corun::scheduler>(context.get_executor());
    auto sleeper = corun::spawn(*own, [&] {
        const says last{order, "sleeper;"};
        corun::yield(corun::sleep_for(1h));
    });
    auto joiner = corun::spawn(*own, [&] {
        const says last{order, "joiner;"};
        corun::yield(sleeper.join());
    });
    auto elsewhere = corun::spawn(context, [&] { corun::yield(joiner.join()); });
    context.poll();
    BOOST_TEST(order.empty());
    own.reset();
    BOOST_TEST(order.size() == 15U, order);
    BOOST_TEST(joiner.done());
    BOOST_TEST(!elsewhere.done());
    context.run();
    BOOST_CHECK_THROW(elsewhere.get(), corun::fiber_cancelled);
}

BOOST_AUTO_TEST_CASE(destroyed_a_fiber_that_never_ran_comes_as_far_as_its_first_yield) {
    asio::io_context context;
    std::string steps;
    {
        corun::scheduler own{context.get_executor()};
        corun::spawn(
            own,
            [&] {
                steps += "a";
                corun::yield();
                steps += "b";
            },
            asio::detached);
    }
    BOOST_TEST(steps == "a");
    context.run();
}

BOOST_AUTO_TEST_CASE(destroyed_a_fiber_that_waits_for_an_operation_of_the_context_ends_with_it) {
    asio::io_context context;
    asio::steady_timer timer{context, 1h};
    auto own = std::make_optional<corun::scheduler>(context.get_executor());
    auto f = corun::spawn(*own, [&] { timer.async_wait(corun::yield); });
    context.poll();
    own.reset();
    context.run();  // returns: the operation was asked to stop
    BOOST_TEST(f.done());
}

BOOST_AUTO_TEST_CASE(on_one_whose_context_has_gone_a_fiber_comes_as_far_as_its_first_yield) {
    std::optional<corun::scheduler> own;
    {
        asio::io_context context;
        own.emplace(context.get_executor());
    }
    bool has_begun = false, has_gone_on = false;
    const auto f = corun::spawn(*own, [&] {
        has_begun = true;
        corun::yield();
        has_gone_on = true;
    });
    own.reset();
    BOOST_TEST(f.done());
    BOOST_TEST(has_begun);
    BOOST_TEST(!has_gone_on);
}

BOOST_AUTO_TEST_SUITE_END()
