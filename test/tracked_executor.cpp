// A scheduler's executor keeps its context running where it is asked to: Asio's property outstanding_work.
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>

namespace asio = boost::asio;
namespace execution = asio::execution;
using namespace std::chrono_literals;

namespace {

using plain = corun::scheduler::executor_type;
using tracked = corun::scheduler::tracked_executor_type;

// It runs out of work only where nothing keeps it.
bool is_kept(asio::io_context& context) {
    context.restart();
    context.poll();
    return !context.stopped();
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(tracked_executor, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(it_models_the_concepts_and_converts_both_ways) {
    static_assert(execution::is_executor<tracked>::value);
    static_assert(std::is_same_v<asio::prefer_result<plain, execution::outstanding_work_t::tracked_t>::type, tracked>);
    static_assert(std::is_same_v<asio::require_result<tracked, execution::outstanding_work_t::untracked_t>::type, plain>);
    static_assert(std::is_trivially_copyable_v<plain> && sizeof(tracked) == sizeof(plain));
    asio::io_context context;
    const auto own = corun::scheduler::of(context).get_executor();
    const tracked works = asio::require(own, execution::outstanding_work.tracked);
    BOOST_TEST((asio::query(own, execution::outstanding_work) == execution::outstanding_work.untracked));
    BOOST_TEST((asio::query(works, execution::outstanding_work) == execution::outstanding_work.tracked));
    BOOST_TEST((&asio::query(works, execution::context) == &context));
    BOOST_TEST((asio::require(works, execution::outstanding_work.untracked) == own));
    BOOST_TEST((works == asio::prefer(own, execution::outstanding_work.tracked)));
    const auto never = asio::require(works, execution::blocking.never);
    BOOST_TEST((asio::query(never, execution::blocking) == execution::blocking.never));
    BOOST_TEST((never != works));
    BOOST_TEST((asio::any_io_executor{works} == asio::any_io_executor{tracked{works}}));
}

BOOST_AUTO_TEST_CASE(the_context_runs_on_while_one_or_a_copy_is_left) {
    asio::io_context context;
    const auto own = corun::scheduler::of(context).get_executor();
    BOOST_TEST(!is_kept(context));
    std::optional<tracked> first{asio::prefer(own, execution::outstanding_work.tracked)};
    std::optional<tracked> copy{*first};
    std::optional<tracked> moved{std::move(*copy)};
    first.reset();
    copy.reset();
    BOOST_TEST(is_kept(context));
    moved.reset();
    BOOST_TEST(!is_kept(context));
    auto guard = asio::make_work_guard(own);
    BOOST_TEST(is_kept(context));
    guard.reset();
    BOOST_TEST(!is_kept(context));
}

BOOST_AUTO_TEST_CASE(behind_any_io_executor_too) {
    asio::io_context context;
    asio::any_io_executor any{corun::scheduler::of(context).get_executor()};
    BOOST_TEST(!is_kept(context));
    any = asio::prefer(any, execution::outstanding_work.tracked);
    BOOST_TEST(is_kept(context));
    bool ran = false;
    corun::spawn(any, [&] { ran = corun::this_fiber::executor() == corun::scheduler::of(context).get_executor(); });
    BOOST_TEST(is_kept(context));
    BOOST_TEST(ran);
    any = asio::prefer(any, execution::outstanding_work.untracked);
    BOOST_TEST(!is_kept(context));
}

BOOST_AUTO_TEST_CASE(of_a_scheduler_on_a_strand_and_of_one_on_a_thread_pool) {
    asio::io_context context;
    corun::scheduler on_strand{asio::make_strand(context)};
    auto guard = asio::make_work_guard(on_strand.get_executor());
    BOOST_TEST(is_kept(context));
    guard.reset();
    BOOST_TEST(!is_kept(context));

    asio::thread_pool pool{1};
    bool called = false;
    auto promised = asio::require(corun::scheduler::of(pool).get_executor(), execution::outstanding_work.tracked);
    std::thread late{[&, promised = std::optional{std::move(promised)}]() mutable {
        std::this_thread::sleep_for(10ms);
        asio::post(*promised, [&] { called = true; });
        promised.reset();
    }};
    pool.join();
    late.join();
    BOOST_TEST(called);
}

BOOST_AUTO_TEST_CASE(a_completion_handler_that_is_bound_to_it_is_waited_for) {
    asio::io_context mine, other;
    auto guard = asio::make_work_guard(other);
    std::thread runs_other{[&] { other.run(); }};
    bool called = false;
    corun::spawn(
        other, [] { corun::yield(corun::sleep_for(20ms)); },
        asio::bind_executor(corun::scheduler::of(mine).get_executor(), [&](std::exception_ptr) { called = true; }));
    mine.run();
    BOOST_TEST(called);
    guard.reset();
    runs_other.join();
}

// Whatever waits for a fiber's operation counts on the fiber, which keeps the context itself.
BOOST_AUTO_TEST_CASE(the_executor_of_a_fibers_handler_counts_nothing) {
    asio::io_context context;
    std::optional<tracked> works;
    corun::spawn(context, [&] {
        corun::yield(asio::async_initiate<const asio::deferred_t, void()>(
            [&](auto handler) {
                const auto associated = asio::get_associated_executor(handler);
                BOOST_TEST((associated == corun::this_fiber::executor()));
                works = asio::prefer(asio::require(associated, execution::blocking.never), execution::outstanding_work.tracked);
                std::move(handler)();
            },
            asio::deferred));
    });
    context.run();
    BOOST_TEST(works.has_value());
    BOOST_TEST(!is_kept(context));
}

BOOST_AUTO_TEST_CASE(one_may_outlive_its_context) {
    std::optional<tracked> works, copy;
    {
        asio::io_context context;
        works = asio::prefer(corun::scheduler::of(context).get_executor(), execution::outstanding_work.tracked);
    }
    copy = works;
    works.reset();
}

BOOST_AUTO_TEST_CASE(many_threads_count_at_the_same_time) {
    asio::io_context context;
    const auto own = corun::scheduler::of(context).get_executor();
    const auto count = [&] {
        for (int i = 0; i != 2'000; ++i) {
            const tracked works = asio::prefer(own, execution::outstanding_work.tracked);
            const tracked copy = works;
            BOOST_REQUIRE((copy == works));
        }
    };
    std::thread other{[&] {
        for (int i = 0; i != 2'000; ++i) (void)asio::prefer(own, execution::outstanding_work.tracked);
    }};
    count();
    other.join();
    BOOST_TEST(!is_kept(context));
}

BOOST_AUTO_TEST_SUITE_END()
