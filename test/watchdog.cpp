// Fibers that run for too long are named, with the place where they are; those that give way are not.
#include "support/leaks.hpp"

#include <corun.hpp>
#include <corun/watchdog.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

#if defined(__SANITIZE_THREAD__)
constexpr bool signals_come_late = true;
#else
constexpr bool signals_come_late = false;
#endif

// What was reported, for other threads.
class reports {
public:
    void add(const corun::long_run& found) {
        const std::lock_guard hold{lock_};
        last_ = found;
        ++count_;
    }
    int count() const {
        const std::lock_guard hold{lock_};
        return count_;
    }
    corun::long_run last() const {
        const std::lock_guard hold{lock_};
        return last_.value();
    }

private:
    mutable std::mutex lock_;
    std::optional<corun::long_run> last_;
    int count_ = 0;
};

corun::watchdog_options telling(reports& to, std::chrono::nanoseconds limit) {
    return {.limit = limit, .on_long_run = [&to](const corun::long_run& found) { to.add(found); }};
}

// Only of the fiber of that name: on a busy machine any other one may be kept from its next yield for as long.
corun::watchdog_options telling_of(const std::string& name, reports& to) {
    return {.limit = 5ms, .on_long_run = [&to, name](const corun::long_run& found) {
                if (found.is_known ? found.name == name : signals_come_late) to.add(found);
            }};
}

[[gnu::noinline]] void spin_until_reported(const reports& told, int count) {
    while (told.count() < count) std::this_thread::yield();
}

// In runs of which each may be reported: the thread may have come too late to the signal in the last one.
[[gnu::noinline]] void spin_in_runs_until_reported(const reports& told) {
    while (told.count() == 0) {
        corun::yield();
        const auto until = std::chrono::steady_clock::now() + 1s;
        while (told.count() == 0 && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    }
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(watchdog, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(names_the_fiber_how_long_its_last_yield_and_where_it_is) {
    reports told;
    const corun::watchdog dog{telling_of("hog", told)};
    int spawned = 0;
    corun::run([&] {
        spawned = __LINE__ + 1;
        auto hog = corun::spawn({.name = "hog"}, [&] { spin_in_runs_until_reported(told); });
        corun::yield(hog.join());
    });
    const corun::long_run found = told.last();
    BOOST_TEST((found.so_far >= 5ms));
    if (!found.is_known) return;  // ThreadSanitizer
    BOOST_TEST(found.spawned_at.line() == static_cast<unsigned>(spawned));
    BOOST_TEST(std::string{found.last_yield.file_name()} == __FILE__);
    BOOST_TEST(!found.frames.empty());
}

BOOST_AUTO_TEST_CASE(one_run_is_reported_once_and_the_next_one_again) {
    // Not of the run before the first yield, nor of what follows the fiber's end: the machine may let those wait, too.
    const auto is_of_these = [](const corun::long_run& found) {
        return !found.is_known || (found.name == "main" && found.last_yield.line() != found.spawned_at.line());
    };
    reports told;
    const auto limit = signals_come_late ? 200ms : 5ms;
    const corun::watchdog dog{{.limit = limit, .on_long_run = [&](const corun::long_run& found) {
                                   if (is_of_these(found)) told.add(found);
                               }}};
    corun::run([&] {
        corun::yield();
        spin_until_reported(told, 1);
        const auto until = std::chrono::steady_clock::now() + 5 * limit;  // long enough to be seen many times over
        while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
        BOOST_TEST(told.count() == 1);
        corun::yield();
        spin_until_reported(told, 2);
    });
    BOOST_TEST(told.count() == 2);
}

BOOST_AUTO_TEST_CASE(who_yields_or_sleeps_or_idles_is_left_alone) {
    reports told;
    const corun::watchdog dog{telling(told, 10min)};  // no machine is that slow
    corun::run([&] {
        auto other = corun::spawn([] {
            for (int i = 0; i != 1000; ++i) corun::yield();
        });
        corun::yield(corun::sleep_for(10ms));
        corun::yield(other.join());
    });
    BOOST_TEST(told.count() == 0);
}

// A sleep is no run: however short the limit is, time that passes in the loop is nobody's. Looked at where the machine let the
// fiber come to its yields in time.
BOOST_AUTO_TEST_CASE(time_that_passes_while_all_wait_is_nobodys_run) {
    for (int attempt = 0; attempt != 50; ++attempt) {
        reports told;
        const corun::watchdog dog{telling(told, 20ms)};
        std::chrono::nanoseconds longest{};
        corun::run([&] {
            corun::yield(corun::sleep_for(100ms));
            longest = dog.lengths().quantile(1);
        });
        if (longest > 4ms) continue;
        BOOST_TEST(told.count() == 0);
        return;
    }
    BOOST_TEST_MESSAGE("the machine was too busy to tell");
}

BOOST_AUTO_TEST_CASE(a_function_that_the_scheduler_runs_is_found_too) {
    reports told;
    const corun::watchdog dog{telling_of("", told)};
    corun::run([&] {  // its fiber is called main
        while (told.count() == 0) {
            asio::post(corun::this_fiber::executor(), [&] {
                const auto until = std::chrono::steady_clock::now() + 1s;
                while (told.count() == 0 && std::chrono::steady_clock::now() < until) std::this_thread::yield();
            });
            corun::yield(corun::sleep_for(1ms));
        }
    });
    BOOST_TEST(told.last().id == 0u);
}

// Both in one turn of the loop: the fiber's run begins when the function has ended.
BOOST_AUTO_TEST_CASE(a_fiber_that_runs_after_a_slow_function_is_found_for_itself) {
    reports told;
    const corun::watchdog dog{telling(told, 5ms)};
    asio::io_context io;
    asio::post(corun::scheduler::of(io).get_executor(), [&] { spin_until_reported(told, 1); });
    corun::spawn(
        io, {.name = "hog"},
        [&] {
            const auto until = std::chrono::steady_clock::now() + 20s;
            while (told.count() < 2 && std::chrono::steady_clock::now() < until) std::this_thread::yield();
        },
        asio::detached);
    io.run();
    BOOST_REQUIRE(told.count() >= 2);
    BOOST_TEST((told.last().name == "hog" || signals_come_late));
}

BOOST_AUTO_TEST_CASE(schedulers_of_other_threads_are_watched) {
    reports told;
    const corun::watchdog dog{telling_of("far", told)};
    std::thread other{[&] {
        corun::run([&] { corun::yield(corun::spawn({.name = "far"}, [&] { spin_in_runs_until_reported(told); }).join()); });
    }};
    other.join();
    BOOST_TEST(told.count() >= 1);
}

BOOST_AUTO_TEST_CASE(run_lengths_are_counted_by_powers_of_two) {
    reports told;
    const corun::watchdog dog{telling(told, 10min)};
    corun::run([&] {
        for (int i = 0; i != 100; ++i) corun::yield();
        const auto began = std::chrono::steady_clock::now();
        while (std::chrono::steady_clock::now() - began < 3ms) std::this_thread::yield();
        corun::yield();
        const corun::run_lengths seen = dog.lengths();
        BOOST_TEST(seen.count() >= 101u);
        BOOST_TEST((seen.quantile(1) >= 3ms));
        BOOST_TEST((seen.quantile(0.1) < seen.quantile(1)));
        std::ostringstream table;
        table << seen;
        BOOST_TEST(table.str().find("shorter than") != std::string::npos, table.str());
    });
}

BOOST_AUTO_TEST_CASE(there_is_one_at_a_time) {
    const corun::watchdog dog;
    BOOST_CHECK_THROW(corun::watchdog{}, std::logic_error);
}

BOOST_AUTO_TEST_CASE(a_limit_that_cannot_be_kept_is_refused) {
    BOOST_CHECK_THROW((corun::watchdog{{.limit = 1us}}), std::logic_error);
    const corun::watchdog still_possible;
}

BOOST_AUTO_TEST_SUITE_END()
