#include <corun/event.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

BOOST_FIXTURE_TEST_SUITE(event, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(manual_it_lets_everyone_through_until_it_is_reset) {
    corun::run([] {
        corun::event e;
        std::vector<corun::fiber<>> fibers;
        for (int i = 0; i < 3; ++i) fibers.push_back(corun::spawn([&] { corun::yield(e.wait()); }));
        corun::yield();
        e.set();
        e.reset();  // too late for those
        for (auto& f : fibers) corun::yield(f.join());
        BOOST_TEST(!e.try_wait());
        e.set();
        corun::yield(e.wait());
        BOOST_TEST(e.try_wait());
        BOOST_TEST(e.is_set());
    });
}

BOOST_AUTO_TEST_CASE(automatic_each_set_lets_one_through_in_their_order) {
    corun::run([] {
        corun::event e{corun::event_reset::automatic};
        std::vector<int> passed;
        std::vector<corun::fiber<>> fibers;
        for (int i = 0; i < 3; ++i)
            fibers.push_back(corun::spawn([&, i] {
                corun::yield(e.wait());
                passed.push_back(i);
            }));
        corun::yield();
        e.set();
        e.set();
        BOOST_TEST(!e.is_set());
        corun::yield();
        BOOST_TEST(passed == (std::vector<int>{0, 1}));
        e.set();
        for (auto& f : fibers) corun::yield(f.join());
        e.set();
        e.set();
        BOOST_TEST(e.try_wait());
        BOOST_TEST(!e.try_wait());
    });
}

BOOST_AUTO_TEST_CASE(a_set_is_not_lost_with_one_who_gave_up) {
    corun::run([] {
        corun::event e{corun::event_reset::automatic};
        auto waiting = corun::spawn([&] { corun::yield(e.wait()); });
        corun::yield();
        waiting.cancel();
        BOOST_CHECK_THROW(corun::yield(waiting.join()), corun::fiber_cancelled);
        e.set();
        BOOST_TEST(e.is_set());
    });
}

BOOST_AUTO_TEST_CASE(those_who_wait_when_it_ends_can_still_be_cancelled) {
    bool unwound = false;
    corun::run([&] {
        corun::event e;
        corun::spawn([&e, &unwound] {
            try {
                corun::yield(e.wait());
            } catch (const corun::cancelled&) {
                unwound = true;
                throw;
            }
        });
        corun::yield();
    });  // the event ends here, and then its waiter
    BOOST_TEST(unwound);
}

BOOST_AUTO_TEST_SUITE_END()
