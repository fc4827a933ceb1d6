// A lock of threads that is held across a yield is told, with both places; all other locks are not.
#include "support/leaks.hpp"

#include <corun.hpp>
#include <corun/checked_mutex.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

struct told {
    told() {
        corun::on_held_lock([this](const corun::held_lock& found) { all.push_back(found); });
    }
    ~told() { corun::on_held_lock(corun::report_held_lock); }
    std::vector<corun::held_lock> all;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(checked_mutex, told)

BOOST_AUTO_TEST_CASE(a_yield_under_a_lock_guard_is_told_with_both_places) {
    corun::checked_mutex<> m;
    int yields = 0;
    corun::run([&] {
        auto holder = corun::spawn({.name = "holder"}, [&] {
            const std::lock_guard hold{m};
            yields = __LINE__ + 1;
            corun::yield();
        });
        corun::yield(holder.join());
    });
    BOOST_REQUIRE_EQUAL(all.size(), 1u);
    BOOST_TEST(all[0].name == "holder");
    BOOST_TEST(all[0].yield.line() == static_cast<unsigned>(yields));
    BOOST_TEST(all[0].lock == &m);
    BOOST_TEST(!all[0].locked_at.empty());
}

BOOST_AUTO_TEST_CASE(each_pair_of_places_is_told_once) {
    corun::checked_mutex<> m;
    corun::run([&] {
        for (int i = 0; i != 3; ++i) {
            const std::lock_guard hold{m};
            corun::yield();
        }
        const std::lock_guard hold{m};
        corun::yield();
        corun::yield();
    });
    BOOST_TEST(all.size() == 3u);
}

BOOST_AUTO_TEST_CASE(every_kind_of_lock_and_of_yield) {
    corun::checked_mutex<std::recursive_mutex> a;
    corun::checked_mutex<> b;
    corun::run([&] {
        std::unique_lock twice{a};
        {
            const std::lock_guard again{a};
        }
        corun::yield(corun::sleep_for(1ms));
        BOOST_TEST(all.size() == 1u);
        twice.unlock();
        corun::yield();
        BOOST_TEST(all.size() == 1u);
        const std::scoped_lock both{a, b};
        corun::yield();
        BOOST_TEST(all.size() == 3u);
    });
}

BOOST_AUTO_TEST_CASE(released_before_the_yield_off_fibers_or_by_another_fiber_it_is_not) {
    corun::checked_mutex<> m;
    m.lock();
    m.unlock();
    corun::run([&] {
        {
            const std::lock_guard hold{m};
        }
        corun::yield();
        auto other = corun::spawn([] { corun::yield(); });
        const std::unique_lock tried{m, std::try_to_lock};
        BOOST_TEST(tried.owns_lock());
        const std::unique_lock refused{m, std::defer_lock};
        (void)other;
    });
    std::thread{[&] {
        const std::lock_guard hold{m};
        corun::run([] { corun::yield(); });  // the thread holds it, no fiber
    }}.join();
    BOOST_TEST(all.empty());
}

BOOST_AUTO_TEST_CASE(what_the_handler_throws_leaves_the_yield) {
    corun::on_held_lock([](const corun::held_lock& found) { throw std::runtime_error{found.name}; });
    corun::checked_mutex<> m;
    corun::run([&] {
        const std::lock_guard hold{m};
        BOOST_CHECK_THROW(corun::yield(), std::runtime_error);
    });
}

// Locks nothing: no real one may be left locked.
struct pretended {
    void lock() {}
    void unlock() {}
};

BOOST_AUTO_TEST_CASE(a_fiber_that_ends_while_it_holds_one_leaves_nothing_behind) {
    corun::checked_mutex<pretended> m;
    corun::run([&] {
        corun::yield(corun::spawn([&] { m.lock(); }).join());
        // One of these may be where that one was.
        for (int i = 0; i != 300; ++i) corun::yield(corun::spawn([] { corun::yield(); }).join());
    });
    BOOST_TEST(all.empty());
}

BOOST_AUTO_TEST_SUITE_END()
