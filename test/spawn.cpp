#include <corun/spawn.hpp>

#include <corun/run.hpp>
#include <corun/this_fiber.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace asio = boost::asio;

BOOST_FIXTURE_TEST_SUITE(spawn, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(never_switches_and_fibers_begin_in_order) {
    std::string order;
    corun::run([&] {
        corun::spawn([&] { order += 'b'; });
        corun::spawn([&] { order += 'c'; });
        order += 'a';
        corun::yield();
        order += 'd';
    });
    BOOST_TEST(order == "abcd");
}

BOOST_AUTO_TEST_CASE(off_fibers_it_needs_a_target) {
    BOOST_CHECK_EXCEPTION(corun::spawn([] {}), corun::not_in_fiber, [](const corun::not_in_fiber& e) {
        return std::string{e.what()}.find("spawn.cpp") != std::string::npos;
    });
}

BOOST_AUTO_TEST_CASE(accepts_every_kind_of_target) {
    asio::io_context context;
    corun::scheduler more{context.get_executor()};
    const asio::any_io_executor any = context.get_executor();
    auto strand = asio::make_strand(context);
    int ran = 0;
    const auto count = [&ran] {
        corun::yield();
        ++ran;
    };
    corun::spawn(context, count);
    corun::spawn(context.get_executor(), count);
    corun::spawn(any, count);
    corun::spawn(strand, count);
    corun::spawn(more, count);
    corun::spawn(more.get_executor(), count);
    corun::spawn(corun::scheduler::of(context), count);
    corun::spawn(asio::any_io_executor{more.get_executor()}, count);
    corun::spawn(context, {.name = "with options"}, count);
    context.run();
    BOOST_TEST(ran == 9);
}

BOOST_AUTO_TEST_CASE(an_executor_of_a_context_means_the_own_scheduler_of_the_context) {
    for (const bool own_first : {true, false}) {
        asio::io_context context;
        if (own_first) BOOST_TEST(corun::scheduler::of(context).live_fibers() == 0U);
        bool same = false;
        corun::spawn(asio::any_io_executor{context.get_executor()},
                     [&] { same = corun::scheduler::of(context).get_executor().running_in_this_thread(); });
        corun::spawn(context, [] {});
        context.run();
        BOOST_TEST(same, "the scheduler existed before: " << own_first);
    }
}

BOOST_AUTO_TEST_CASE(does_nothing_before_the_context_runs) {
    asio::io_context context;
    bool ran = false;
    const auto handle = corun::spawn(context, [&] { ran = true; });
    BOOST_TEST(!ran);
    BOOST_TEST(!handle.done());
    context.run();
    BOOST_TEST(ran);
    BOOST_TEST(handle.done());
}

BOOST_AUTO_TEST_CASE(from_other_threads_while_the_context_runs) {
    asio::io_context context{1};
    auto work = asio::make_work_guard(context);
    constexpr int each = 200;
    int ran = 0;  // the fibers exclude each other
    std::jthread loop{[&] { context.run(); }};
    {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 3; ++t)
            threads.emplace_back([&] {
                for (int i = 0; i < each; ++i) corun::spawn(context, [&] { ++ran; });
            });
    }
    work.reset();
    loop.join();
    BOOST_TEST(ran == 3 * each);
}

BOOST_AUTO_TEST_CASE(fibers_of_one_strand_exclude_each_other_and_its_functions) {
    asio::thread_pool pool{3};
    auto strand = asio::make_strand(pool);
    int plain = 0;  // ThreadSanitizer, or a lost increment, would tell
    for (int i = 0; i < 8; ++i) {
        corun::spawn(strand, [&] {
            for (int k = 0; k < 100; ++k) {
                ++plain;
                corun::yield();
            }
        });
        asio::post(strand, [&] { ++plain; });
    }
    pool.join();
    BOOST_TEST(plain == 808);
}

BOOST_AUTO_TEST_CASE(the_name_is_copied) {
    asio::io_context context;
    std::string text = "a name that is too long for a small string, and soon gone";
    const std::string expected = text;
    std::string seen;
    auto handle = corun::spawn(context, {.name = text}, [&] { seen = corun::this_fiber::name(); });
    text.assign(text.size(), 'x');
    context.run();
    BOOST_TEST(seen == expected);
    BOOST_TEST(handle.name() == expected);
}

BOOST_AUTO_TEST_CASE(captures_end_with_the_fiber_and_not_with_its_handle) {
    corun::run([] {
        auto held = std::make_shared<int>(1);
        auto handle = corun::spawn([held] { corun::yield(); });
        BOOST_TEST(held.use_count() == 2);
        corun::yield(handle.join());
        BOOST_TEST(held.use_count() == 1);
    });
}

BOOST_AUTO_TEST_CASE(takes_move_only_functions_and_copies_lvalues) {
    corun::run([] {
        auto owner = corun::spawn([value = std::make_unique<int>(5)]() mutable { return std::move(value); });
        BOOST_TEST(*corun::yield(owner.join()) == 5);
        auto function = [text = std::string(100, 'a')] { return text.size(); };
        auto copy = corun::spawn(function);
        BOOST_TEST(function() == 100U);
        BOOST_TEST(corun::yield(copy.join()) == 100U);
    });
}

BOOST_AUTO_TEST_CASE(a_dropped_handle_detaches) {
    bool ran = false;
    corun::run([&] {
        corun::spawn([&] {
            corun::yield();
            ran = true;
        });
        for (int i = 0; i < 3; ++i) corun::yield();
    });
    BOOST_TEST(ran);
}

BOOST_AUTO_TEST_CASE(without_memory_it_throws_and_nothing_is_spawned) {
    if (!corun_test::can_fail_allocations()) return;
    asio::io_context context;
    BOOST_TEST(corun::scheduler::of(context).live_fibers() == 0U);  // it is made now
    bool refused = false, ran = false;
    {
        const corun_test::failing_allocation memory{1};
        try {
            corun::spawn(context, [&] { ran = true; });
        } catch (const std::bad_alloc&) {
            refused = true;
        }
    }
    BOOST_TEST(refused);
    context.run();
    BOOST_TEST(!ran);
}

BOOST_AUTO_TEST_SUITE_END()
