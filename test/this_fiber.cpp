#include <corun/this_fiber.hpp>

#include <corun/error.hpp>
#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <thread>

namespace asio = boost::asio;
namespace this_fiber = corun::this_fiber;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(own_view, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(off_fibers_there_is_none) {
    BOOST_TEST(!this_fiber::exists());
    BOOST_CHECK_THROW((void)this_fiber::id(), corun::not_in_fiber);
    BOOST_CHECK_THROW((void)this_fiber::name(), corun::not_in_fiber);
    BOOST_CHECK_EXCEPTION((void)this_fiber::cancelled(), corun::not_in_fiber, [](const corun::not_in_fiber& e) {
        return std::string{e.what()}.find("this_fiber.cpp") != std::string::npos;
    });
}

BOOST_AUTO_TEST_CASE(on_a_fiber_there_is_one_but_not_on_another_thread_meanwhile) {
    corun::run([] {
        BOOST_TEST(this_fiber::exists());
        bool elsewhere = true;
        std::jthread{[&] { elsewhere = this_fiber::exists(); }}.join();
        BOOST_TEST(!elsewhere);
    });
    BOOST_TEST(!this_fiber::exists());
}

BOOST_AUTO_TEST_CASE(a_handler_that_runs_between_fibers_is_on_none) {
    asio::io_context context;
    int checked = 0;
    corun::spawn(context, [&] {
        asio::post(context, [&] { checked += !this_fiber::exists(); });
        asio::post(corun::scheduler::of(context).get_executor(), [&] { checked += !this_fiber::exists(); });
        corun::yield(corun::sleep_for(1ms));
        BOOST_TEST(this_fiber::exists());
    });
    context.run();
    BOOST_TEST(checked == 2);
}

BOOST_AUTO_TEST_CASE(name_and_id_are_those_of_the_handle_before_and_after_switches) {
    corun::run([] {
        auto f = corun::spawn({.name = "subject"}, [&] {
            const auto id = this_fiber::id();
            BOOST_TEST(this_fiber::name() == "subject");
            corun::yield();
            BOOST_TEST(this_fiber::name() == "subject");
            BOOST_TEST(this_fiber::id() == id);
            return id;
        });
        corun::yield();
        const auto id = f.id();
        BOOST_TEST(corun::yield(f.join()) == id);
        BOOST_TEST(this_fiber::id() != id);
        BOOST_TEST(corun::yield(corun::spawn([] { return std::string{this_fiber::name()}; }).join()).empty());
    });
}

BOOST_AUTO_TEST_CASE(a_loop_that_computes_sees_its_cancellation) {
    corun::run([] {
        corun::fiber<> f;
        f = corun::spawn([&] {
            BOOST_TEST(!this_fiber::cancelled());
            f.cancel();
            BOOST_TEST(this_fiber::cancelled());
            BOOST_CHECK_THROW(corun::yield(), corun::cancelled);
            BOOST_TEST(this_fiber::cancelled());
        });
        corun::yield(f.join());
    });
}

BOOST_AUTO_TEST_CASE(it_says_what_yields_do_also_while_an_exception_unwinds) {
    corun::run([] {
        int looked = 0;
        struct looks {
            int& count;
            ~looks() {
                BOOST_TEST(!this_fiber::cancelled());
                corun::yield();  // does not throw
                ++count;
            }
        };
        auto f = corun::spawn([&] {
            const looks guard{looked};
            corun::yield(corun::sleep_for(1h));
        });
        corun::yield();
        f.cancel();
        BOOST_CHECK_THROW(corun::yield(f.join()), corun::fiber_cancelled);
        BOOST_TEST(looked == 1);
    });
}

BOOST_AUTO_TEST_SUITE_END()
