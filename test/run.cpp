#include <corun/run.hpp>

#include <corun/fiber.hpp>
#include <corun/sleep.hpp>
#include <corun/this_fiber.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

int forty_two() { return 42; }

struct rvalue_only {
    std::unique_ptr<int> value;
    std::unique_ptr<int> operator()() && { return std::move(value); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(run, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(returns_what_the_function_returns) {
    BOOST_TEST(corun::run([] { return 7; }) == 7);
    BOOST_TEST(corun::run(forty_two) == 42);
    BOOST_TEST(corun::run([] { return std::string(1000, 'x'); }).size() == 1000U);
    static_assert(std::is_void_v<decltype(corun::run([] {}))>);
}

BOOST_AUTO_TEST_CASE(takes_a_move_only_function_and_returns_a_move_only_value) {
    BOOST_TEST(*corun::run(rvalue_only{std::make_unique<int>(3)}) == 3);
}

BOOST_AUTO_TEST_CASE(copies_a_function_that_is_an_lvalue) {
    auto counter = [calls = 0]() mutable { return ++calls; };
    BOOST_TEST(corun::run(counter) == 1);
    BOOST_TEST(corun::run(counter) == 1);
}

BOOST_AUTO_TEST_CASE(rethrows_what_the_function_throws) {
    BOOST_CHECK_EXCEPTION(corun::run([]() -> int { throw std::out_of_range{"far"}; }), std::out_of_range,
                          [](const std::out_of_range& e) { return std::string{e.what()} == "far"; });
}

BOOST_AUTO_TEST_CASE(runs_on_the_calling_thread) {
    BOOST_TEST((corun::run([] {
                    corun::yield();
                    return std::this_thread::get_id();
                }) == std::this_thread::get_id()));
}

BOOST_AUTO_TEST_CASE(names_the_first_fiber) {
    const auto name = [] { return std::string{corun::this_fiber::name()}; };
    BOOST_TEST(corun::run(name) == "main");
    BOOST_TEST(corun::run(name, {.name = "boss"}) == "boss");
}

BOOST_AUTO_TEST_CASE(fibers_that_still_live_are_cancelled_and_run_to_their_end) {
    std::optional<corun::cancel_reason> reason;
    bool unwound = false;
    corun::run([&] {
        corun::spawn([&] {
            struct on_exit {
                bool& flag;
                ~on_exit() { flag = true; }
            } const guard{unwound};
            try {
                corun::yield(corun::sleep_for(1h));
            } catch (const corun::cancelled& c) {
                reason = c.reason();
                throw;
            }
        });
        corun::yield();
    });
    BOOST_TEST((reason == corun::cancel_reason::shutdown));
    BOOST_TEST(unwound);
}

BOOST_AUTO_TEST_CASE(a_fiber_that_never_ran_and_one_that_never_ends_do_not_keep_it) {
    bool began = false, ended = false;
    corun::run([&] {
        corun::spawn([&] {
            began = true;
            try {
                for (;;) corun::yield();
            } catch (const corun::cancelled&) {
                ended = true;
                throw;
            }
        });
    });
    BOOST_TEST(began);
    BOOST_TEST(ended);
}

BOOST_AUTO_TEST_CASE(captures_are_gone_when_it_returns) {
    auto held = std::make_shared<int>(1);
    corun::run([held] { corun::yield(); });
    BOOST_TEST(held.use_count() == 1);
}

BOOST_AUTO_TEST_CASE(is_refused_on_a_fiber_which_goes_on) {
    corun::run([] {
        BOOST_CHECK_THROW(corun::run([] {}), corun::switch_forbidden);
        corun::yield();
        BOOST_TEST(corun::this_fiber::exists());
    });
}

BOOST_AUTO_TEST_CASE(an_unhandled_failure_leaves_it_where_the_handler_rethrows) {
    std::optional<corun::cancel_reason> reason;
    const auto main = [&] {
        corun::spawn([] { throw std::domain_error{"lost"}; });
        try {
            corun::yield(corun::sleep_for(1h));
        } catch (const corun::cancelled& c) {
            reason = c.reason();
            throw;
        }
    };
    corun::run_options options;
    options.scheduler.on_unhandled = corun::rethrow_unhandled;
    BOOST_CHECK_THROW(corun::run(main, options), std::domain_error);
    BOOST_TEST((reason == corun::cancel_reason::shutdown));
}

BOOST_AUTO_TEST_CASE(takes_the_options_of_the_scheduler) {
    std::string named;
    corun::run_options options;
    options.scheduler.stack_size = 1024 * 1024;
    options.scheduler.on_unhandled = [&](const corun::unhandled_failure& f) { named = f.fiber; };
    corun::run(
        [] {
            volatile char deep[512 * 1024];  // more than the default stack
            for (auto& byte : deep) byte = 1;
            corun::spawn({.name = "victim"}, [] { throw 1; });
            corun::yield();
        },
        options);
    BOOST_TEST(named.find("'victim'") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_impossible_stack_size_is_refused) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1} << 40}) {
        corun::run_options options;
        options.scheduler.stack_size = size;
        bool ran = false;
        BOOST_CHECK_THROW(corun::run([&] { ran = true; }, options), corun::stack_unavailable);
        BOOST_TEST(!ran);
    }
}

BOOST_AUTO_TEST_CASE(several_threads_run_one_each) {
    std::atomic<int> sum{0};
    {
        std::vector<std::jthread> threads;
        for (int i = 1; i <= 4; ++i)
            threads.emplace_back([&sum, i] {
                sum += corun::run([i] {
                    auto half = corun::spawn([i] {
                        corun::yield(corun::sleep_for(1ms));
                        return i;
                    });
                    return corun::yield(half.join());
                });
            });
    }
    BOOST_TEST(sum == 10);
}

BOOST_AUTO_TEST_SUITE_END()
