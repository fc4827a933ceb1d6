// Threads of corun's own: where fibers run, and who may wait for them.
#include <corun/runtime.hpp>

#include <corun/blocking.hpp>
#include <corun/this_fiber.hpp>
#include <corun/token.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <pthread.h>
#include <sched.h>
#include <atomic>
#include <latch>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>

namespace asio = boost::asio;
using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(runtime, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(has_as_many_threads_as_processors_unless_it_is_told) {
    BOOST_TEST(corun::runtime{}.size() == std::max(1U, std::thread::hardware_concurrency()));
    BOOST_TEST(corun::runtime{{.threads = 3}}.size() == 3U);
}

BOOST_AUTO_TEST_CASE(its_threads_run_in_parallel) {
    corun::runtime cores{{.threads = 3}};
    std::latch all_inside{3};  // blocks the threads: passed only where each fiber has one
    for (std::size_t i = 0; i < 3; ++i) cores.spawn_on(i, [&] { all_inside.arrive_and_wait(); });
    cores.join();
}

BOOST_AUTO_TEST_CASE(a_fiber_stays_on_its_thread) {
    corun::runtime cores{{.threads = 2}};
    std::atomic<int> moves{0};
    for (std::size_t i = 0; i < 20; ++i)
        cores.spawn_on(i % 2, [&] {
            const auto home = std::this_thread::get_id();
            for (int k = 0; k < 20; ++k) {
                if (k % 3 == 0)
                    corun::yield(corun::sleep_for(1us));
                else if (k % 3 == 1)
                    corun::yield();
                else
                    corun::yield(corun::blocking([] {}));
                if (std::this_thread::get_id() != home) ++moves;
            }
        });
    cores.join();
    BOOST_TEST(moves == 0);
}

BOOST_AUTO_TEST_CASE(spawn_takes_the_thread_with_the_fewest_fibers) {
    corun::runtime cores{{.threads = 3}};
    std::mutex lock;
    std::map<pthread_t, int> per_thread;
    std::latch counted{31};
    cores.spawn_on(1, [&] { corun::yield(corun::blocking([&] { counted.wait(); })); });
    for (int i = 0; i < 29; ++i)
        cores.spawn([&] {
            {
                const std::lock_guard hold{lock};
                ++per_thread[::pthread_self()];
            }
            counted.count_down();
            corun::yield(corun::blocking([&] { counted.wait(); }));
        });
    counted.count_down(2);
    cores.join();
    std::multiset<int> sizes;
    for (const auto& [thread, size] : per_thread) sizes.insert(size);
    BOOST_TEST((sizes == std::multiset<int>{9, 10, 10}));
}

BOOST_AUTO_TEST_CASE(a_plain_thread_gets_results_and_failures) {
    corun::runtime cores{{.threads = 2}};
    auto value = cores.spawn([] { return std::make_unique<int>(5); });
    auto failure = cores.spawn_on(1, {.name = "bad"}, []() -> int { throw std::out_of_range{"fiber"}; });
    BOOST_TEST(*value.get() == 5);
    BOOST_CHECK_THROW(failure.get(), std::out_of_range);
}

BOOST_AUTO_TEST_CASE(fibers_of_several_threads_join_each_other) {
    corun::runtime cores{{.threads = 3}};
    const auto sum = cores
                         .spawn([&] {
                             int total = 0;
                             for (int i = 0; i < 300; ++i) {
                                 auto child = cores.spawn_on(static_cast<std::size_t>(i) % 3, [=] {
                                     corun::yield();
                                     return i;
                                 });
                                 total += corun::yield(child.join());
                             }
                             return total;
                         })
                         .get();
    BOOST_TEST(sum == 299 * 300 / 2);
}

BOOST_AUTO_TEST_CASE(join_waits_for_what_fibers_spawn_on_threads_that_have_nothing_to_do) {
    for (int round = 0; round < 50; ++round) {
        corun::runtime cores{{.threads = 3}};
        std::atomic<int> ended{0};
        struct hop {
            static void to(corun::runtime& cores, std::atomic<int>& ended, std::size_t left) {
                ++ended;
                if (left == 0) return;
                corun::yield(corun::sleep_for(10us));
                corun::spawn(cores.scheduler_at(left % 3), [&cores, &ended, left] { to(cores, ended, left - 1); }, asio::detached);
            }
        };
        cores.spawn_on(0, [&] { hop::to(cores, ended, 20); });
        cores.join();
        BOOST_TEST(ended == 21);
    }
}

BOOST_AUTO_TEST_CASE(pinned_each_thread_has_a_processor_of_those_allowed) {
    cpu_set_t allowed;
    BOOST_REQUIRE(::sched_getaffinity(0, sizeof allowed, &allowed) == 0);
    corun::runtime cores{{.threads = 3, .pin = true}};
    for (std::size_t i = 0; i < 3; ++i) {
        // The main thread pins them, maybe after they have begun.
        const auto mine = cores
                              .spawn_on(i,
                                        [] {
                                            cpu_set_t set;
                                            do ::sched_getaffinity(0, sizeof set, &set);
                                            while (CPU_COUNT(&set) != 1);
                                            return set;
                                        })
                              .get();
        cpu_set_t both;
        CPU_AND(&both, &mine, &allowed);
        BOOST_TEST(CPU_COUNT(&both) == 1);
    }
}

BOOST_AUTO_TEST_SUITE_END()
