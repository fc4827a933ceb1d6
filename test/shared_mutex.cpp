#include <corun/shared_mutex.hpp>

#include <corun/event.hpp>
#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/select.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <variant>

BOOST_FIXTURE_TEST_SUITE(shared_mutex, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(readers_share_it_and_writers_do_not) {
    corun::run([] {
        corun::shared_mutex m;
        {
            const auto one = corun::yield(m.lock_shared());
            const auto two = corun::yield(m.lock_shared());
            BOOST_TEST(m.try_lock_shared().owns());
            BOOST_TEST(!m.try_lock().owns());
        }
        const auto alone = corun::yield(m.lock());
        BOOST_TEST(!m.try_lock_shared().owns());
        BOOST_TEST(!m.try_lock().owns());
    });
}

BOOST_AUTO_TEST_CASE(a_waiting_writer_is_not_overtaken_by_readers) {
    corun::run([] {
        corun::shared_mutex m;
        std::string order;
        auto reading = corun::yield(m.lock_shared());
        auto writer = corun::spawn([&] {
            const auto held = corun::yield(m.lock());
            order += 'w';
            corun::yield();
        });
        auto readers = corun::spawn([&] {
            auto other = corun::spawn([&] {
                const auto held = corun::yield(m.lock_shared());
                order += 'r';
                corun::yield();
                order += '.';
            });
            const auto held = corun::yield(m.lock_shared());
            order += 'r';
            corun::yield();
            order += '.';
            corun::yield(other.join());
        });
        corun::yield();
        corun::yield();
        BOOST_TEST(!m.try_lock_shared().owns());
        reading.unlock();
        corun::yield(readers.join());
        BOOST_TEST(order == "wrr..");
    });
}

BOOST_AUTO_TEST_CASE(a_writer_that_gives_up_lets_the_readers_behind_it_pass) {
    corun::run([] {
        corun::shared_mutex m;
        const auto reading = corun::yield(m.lock_shared());
        auto writer = corun::spawn([&] { (void)corun::yield(m.lock()); });
        auto reader = corun::spawn([&] { (void)corun::yield(m.lock_shared()); });
        corun::yield();
        BOOST_TEST(!reader.done());
        writer.cancel();
        corun::yield(reader.join());
    });
}

BOOST_AUTO_TEST_CASE(a_select_that_waited_for_a_lock_holds_it) {
    corun::run([] {
        corun::shared_mutex m;
        corun::event never;
        auto held = corun::yield(m.lock());
        auto selecting = corun::spawn([&] {
            auto result = corun::yield(corun::select(never.wait(), m.lock()));
            BOOST_TEST(std::get<1>(result).owns());
            BOOST_TEST(!m.try_lock_shared().owns());
        });
        corun::yield();
        held.unlock();
        corun::yield(selecting.join());
        BOOST_TEST(m.try_lock().owns());
    });
}

BOOST_AUTO_TEST_SUITE_END()
