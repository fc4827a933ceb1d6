// What a scheduler's executor promises.
#include <corun/scheduler.hpp>

#include <corun/spawn.hpp>
#include <corun/this_fiber.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>
#include <boost/test/unit_test.hpp>

namespace asio = boost::asio;
namespace execution = boost::asio::execution;

BOOST_FIXTURE_TEST_SUITE(scheduler_executor, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(its_executor_models_the_concepts_of_asio) {
    using executor = corun::scheduler::executor_type;
    static_assert(execution::is_executor<executor>::value);
    static_assert(asio::can_require<executor, execution::blocking_t::never_t>::value);
    static_assert(asio::can_query<executor, execution::context_t>::value);
    asio::io_context context;
    auto& own = corun::scheduler::of(context);
    const auto plain = own.get_executor();
    const auto never = asio::require(plain, execution::blocking.never);
    BOOST_TEST((asio::query(plain, execution::blocking) == execution::blocking.possibly));
    BOOST_TEST((asio::query(never, execution::blocking) == execution::blocking.never));
    BOOST_TEST((asio::require(never, execution::blocking.possibly) == plain));
    const asio::any_io_executor erased{plain};
    BOOST_TEST((erased == asio::any_io_executor{own.get_executor()}));
    BOOST_TEST((&asio::query(erased, execution::context) == &context));
}

BOOST_AUTO_TEST_CASE(its_executor_dispatches_in_place_inside_and_posts_later) {
    asio::io_context context;
    const auto ex = corun::scheduler::of(context).get_executor();
    BOOST_TEST(!ex.running_in_this_thread());
    bool in_place = false, posted = false, inside = false;
    corun::spawn(
        context,
        [&] {
            asio::dispatch(ex, [&] { in_place = true; });
            BOOST_TEST(in_place);
            asio::post(ex, [&] {
                posted = true;
                inside = ex.running_in_this_thread() && !corun::this_fiber::exists();
            });
            BOOST_TEST(!posted);
            corun::yield();
        },
        asio::detached);
    context.run();
    BOOST_TEST(posted);
    BOOST_TEST(inside);
}

BOOST_AUTO_TEST_SUITE_END()
