#include <corun/fiber.hpp>

#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/this_fiber.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <future>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

static_assert(std::is_nothrow_move_constructible_v<corun::fiber<int>> && std::is_nothrow_move_assignable_v<corun::fiber<int>>);
static_assert(!std::is_copy_constructible_v<corun::fiber<int>>);
static_assert(corun::operation<decltype(std::declval<corun::fiber<int>>().join())>);

namespace {

// An io_context with a thread of its own.
struct other_thread {
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(context);
    std::jthread thread{[this] { context.run(); }};
    ~other_thread() { work.reset(); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(fiber, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_join_waits_and_has_the_value) {
    corun::run([] {
        auto f = corun::spawn([] {
            corun::yield(corun::sleep_for(1ms));
            return 11;
        });
        BOOST_TEST(!f.done());
        BOOST_TEST(corun::yield(f.join()) == 11);
        BOOST_TEST(f.done());
    });
}

BOOST_AUTO_TEST_CASE(a_join_of_one_that_has_ended_is_ready_at_once) {
    bool others_ran = false;
    corun::run([&] {
        auto f = corun::spawn([] { return 1; });
        corun::yield();
        BOOST_TEST(f.done());
        corun::spawn([&] { others_ran = true; });
        BOOST_TEST(corun::yield(f.join()) == 1);
        BOOST_TEST(!others_ran);
    });
}

BOOST_AUTO_TEST_CASE(a_join_does_nothing_until_it_is_yielded_on) {
    corun::run([] {
        auto f = corun::spawn([] { return 1; });
        auto join = f.join();
        (void)f.join();
        BOOST_TEST(!join.ready());
        BOOST_TEST(corun::yield(join) == 1);
    });
}

BOOST_AUTO_TEST_CASE(the_value_is_moved_out_once) {
    corun::run([] {
        auto f = corun::spawn([] { return std::make_unique<int>(4); });
        BOOST_TEST(*corun::yield(f.join()) == 4);
        BOOST_CHECK_EXCEPTION(corun::yield(f.join()), std::future_error,
                              [](const std::future_error& e) { return e.code() == std::future_errc::future_already_retrieved; });
        BOOST_CHECK_THROW(f.join().get(), std::future_error);
    });
}

BOOST_AUTO_TEST_CASE(many_may_join_a_void_fiber_and_again_later) {
    corun::run([] {
        int joined = 0;
        auto f = corun::spawn([] { corun::yield(corun::sleep_for(1ms)); });
        std::vector<corun::fiber<>> joiners;
        for (int i = 0; i < 5; ++i)
            joiners.push_back(corun::spawn([&] {
                corun::yield(f.join());
                ++joined;
            }));
        for (auto& j : joiners) corun::yield(j.join());
        BOOST_TEST(joined == 5);
        corun::yield(f.join());
    });
}

BOOST_AUTO_TEST_CASE(a_join_throws_what_the_function_threw_to_each_joiner) {
    corun::run([] {
        auto f = corun::spawn([]() -> int { throw std::domain_error{"bad"}; });
        for (int i = 0; i < 2; ++i) BOOST_CHECK_THROW(corun::yield(f.join()), std::domain_error);
        auto g = corun::spawn([] { throw 7; });
        BOOST_CHECK_EXCEPTION(corun::yield(g.join()), int, [](int i) { return i == 7; });
    });
}

BOOST_AUTO_TEST_CASE(joining_oneself_is_refused_with_name_and_place) {
    std::string what;
    corun::run([&] {
        corun::fiber<> self;
        self = corun::spawn({.name = "ouroboros"}, [&] {
            try {
                corun::yield(self.join());
            } catch (const corun::switch_forbidden& e) {
                what = e.what();
            }
        });
        corun::yield(self.join());
    });
    BOOST_TEST(what.find("'ouroboros'") != std::string::npos, what);
    BOOST_TEST(what.find("fiber.cpp") != std::string::npos, what);
}

BOOST_AUTO_TEST_CASE(a_join_from_another_scheduler_on_another_thread) {
    other_thread other;
    corun::run([&] {
        for (int i = 0; i < 200; ++i) {
            auto f = corun::spawn(other.context, [i] {
                if (i % 2 == 0) corun::yield();
                return std::vector<int>(3, i);
            });
            BOOST_TEST(corun::yield(f.join()).at(2) == i);
        }
    });
}

BOOST_AUTO_TEST_CASE(get_blocks_a_plain_thread) {
    other_thread other;
    auto value = corun::spawn(other.context, [] {
        corun::yield(corun::sleep_for(1ms));
        return 21;
    });
    auto failure = corun::spawn(other.context, [] { throw std::domain_error{"get"}; });
    BOOST_TEST(value.get() == 21);
    BOOST_TEST(value.done());
    BOOST_CHECK_THROW(value.get(), std::future_error);
    BOOST_CHECK_THROW(failure.get(), std::domain_error);
    BOOST_CHECK_THROW(failure.get(), std::domain_error);
}

BOOST_AUTO_TEST_CASE(get_on_a_fiber_is_refused) {
    corun::run([] {
        auto f = corun::spawn([] { return 3; });
        BOOST_CHECK_THROW(f.get(), corun::switch_forbidden);
        BOOST_TEST(corun::yield(f.join()) == 3);
    });
}

BOOST_AUTO_TEST_CASE(ids_are_unique_and_not_zero) {
    corun::run([] {
        std::set<std::uint64_t> ids{0, corun::this_fiber::id()};
        for (int i = 0; i < 10; ++i) {
            std::uint64_t own = 0;
            auto f = corun::spawn([&] { own = corun::this_fiber::id(); });
            corun::yield(f.join());
            BOOST_TEST(f.id() == own);
            ids.insert(own);
        }
        BOOST_TEST(ids.size() == 12U);
    });
}

BOOST_AUTO_TEST_CASE(no_fiber_and_one_that_was_moved_from) {
    corun::run([] {
        corun::fiber<int> none;
        BOOST_TEST(!none);
        auto f = corun::spawn({.name = "one"}, [] { return 1; });
        BOOST_TEST(!!f);
        none = std::move(f);
        BOOST_TEST(!f);
        BOOST_TEST(none.name() == "one");
        corun::fiber<int> third{std::move(none)};
        BOOST_TEST(!none);
        BOOST_TEST(corun::yield(third.join()) == 1);
    });
}

BOOST_AUTO_TEST_CASE(assigning_over_a_handle_detaches) {
    int ran = 0;
    corun::run([&] {
        auto f = corun::spawn([&] { ++ran; });
        f = corun::spawn([&] { ++ran; });
        corun::yield(f.join());
    });
    BOOST_TEST(ran == 2);
}

BOOST_AUTO_TEST_CASE(the_result_outlives_the_scheduler) {
    corun::fiber<std::string> f;
    {
        asio::io_context context;
        f = corun::spawn(context, {.name = "long gone"}, [] { return std::string(100, 'r'); });
        context.run();
    }
    BOOST_TEST(f.done());
    BOOST_TEST(!f.cancel());
    BOOST_TEST(f.name() == "long gone");
    BOOST_TEST(f.get() == std::string(100, 'r'));
}

BOOST_AUTO_TEST_CASE(its_status_tells_completed_failed_and_cancelled_apart) {
    corun::run([] {
        auto completes = corun::spawn([] { return 1; });
        auto fails = corun::spawn([] { throw std::runtime_error{"failed"}; });
        auto waits = corun::spawn([] { corun::yield(corun::sleep_for(1h)); });
        BOOST_TEST((completes.status() == corun::fiber_status::live));
        corun::yield();
        waits.cancel();
        BOOST_TEST((waits.status() == corun::fiber_status::live));
        corun::yield();
        BOOST_TEST((completes.status() == corun::fiber_status::completed));
        BOOST_TEST((fails.status() == corun::fiber_status::failed));
        BOOST_TEST((waits.status() == corun::fiber_status::cancelled));
        BOOST_CHECK_THROW(corun::yield(fails.join()), std::runtime_error);
    });
}

BOOST_AUTO_TEST_SUITE_END()
