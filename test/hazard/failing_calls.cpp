// Allocation, mapping and guard fail at each n-th call in turn: an error in the right place, and everything goes on.
#include "../../lib/guarded_memory.hpp"
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/test/unit_test.hpp>

#include <cerrno>
#include <chrono>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;
using corun::detail::memory_calls;

namespace {

int calls_until_failure = 0;

bool fails_now() noexcept {
    if (calls_until_failure == 0 || --calls_until_failure != 0) return false;
    errno = ENOMEM;
    return true;
}

struct failing_memory {
    static inline corun::detail::guarded_memory real;
    failing_memory() {
        real = memory_calls;
        memory_calls.map = [](std::size_t bytes) noexcept -> void* { return fails_now() ? nullptr : real.map(bytes); };
        memory_calls.guard_light = [](void* page, std::size_t bytes) noexcept {
            return !fails_now() && real.guard_light(page, bytes);
        };
        memory_calls.guard_heavy = [](void* page, std::size_t bytes) noexcept {
            errno = ENOMEM;
            (void)page, (void)bytes;
            return false;
        };
    }
    ~failing_memory() { memory_calls = real; }
};

// A small program; returns how many of its parts failed for want of a resource.
int program() {
    return corun::run([] {
        int failed = 0;
        for (int round = 0; round != 3; ++round) try {
                auto sleeper = corun::spawn({.stack_size = std::size_t{64 * 1024} << round}, [] {
                    corun::yield(corun::sleep_for(1us));
                    return 1;
                });
                auto runner = corun::spawn([] {
                    corun::yield();
                    return 2;
                });
                if (corun::yield(runner.join()) != 2 || corun::yield(sleeper.join()) != 1) throw std::logic_error{"wrong"};
            } catch (const std::bad_alloc&) {
                ++failed;
            } catch (const corun::stack_unavailable&) {
                ++failed;
            }
        return failed;
    });
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(failing_calls, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(each_mapping_and_guard_in_turn) {
    failing_memory replaced;
    int seen = 0, n = 0;
    do {
        calls_until_failure = ++n;
        try {
            seen += program();
        } catch (const corun::stack_unavailable&) {
            ++seen;  // the first fiber's own stack
        }
    } while (calls_until_failure == 0);
    BOOST_TEST(n > 5);
    BOOST_TEST(seen > 0);
    calls_until_failure = 0;
}

// The child fails while its joiner is being left for it, and wakes it then; the joiner has parked before, and others are runnable.
BOOST_AUTO_TEST_CASE(a_child_without_a_stack_wakes_its_joiner) {
    failing_memory replaced;
    corun::run([] {
        int others = 0;
        corun::yield(corun::sleep_for(1us));
        memory_calls.map = [](std::size_t) noexcept -> void* { return nullptr; };
        for (int round = 0; round != 20; ++round) {
            auto child = corun::spawn({.stack_size = 1 << 20}, [] {});
            if (round % 2 == 0) corun::spawn([&others] { ++others; });
            BOOST_CHECK_THROW(corun::yield(child.join()), corun::stack_unavailable);
        }
        corun::yield();
        BOOST_TEST(others == 10);
    });
    calls_until_failure = 0;
}

BOOST_AUTO_TEST_CASE(a_supervised_child_without_a_stack_has_failed_and_is_started_anew_as_often_as_any) {
    failing_memory replaced;
    corun::run(
        [] {
            corun::yield(corun::sleep_for(1us));
            memory_calls.map = [](std::size_t) noexcept -> void* { return nullptr; };
            auto supervision = corun::spawn([] {
                corun::yield(corun::supervise({.max_restarts = 2}, corun::child{.name = "big",
                                                                                .function = [] { BOOST_ERROR("it began"); },
                                                                                .restart = corun::restart::transient,
                                                                                .stack_size = 1 << 20}));
            });
            for (int i = 0; i != 100'000 && !supervision.done(); ++i) corun::yield();
            BOOST_TEST(supervision.done());
            supervision.cancel();
            BOOST_CHECK_EXCEPTION(corun::yield(supervision.join()), corun::restarts_exhausted, [](const auto& e) {
                BOOST_CHECK_THROW(std::rethrow_exception(e.last()), corun::stack_unavailable);
                return true;
            });
        },
        {.scheduler = {.on_unhandled = [](const corun::unhandled_failure&) {}}});
    calls_until_failure = 0;
}

// What it has captured ends outside of the switch to it, on the loop's stack.
BOOST_AUTO_TEST_CASE(the_captures_of_a_child_without_a_stack_may_spawn) {
    failing_memory replaced;
    corun::run([] {
        int turns = 0, spawned = 0;
        corun::yield(corun::sleep_for(1us));
        memory_calls.map = [](std::size_t) noexcept -> void* { return nullptr; };
        const auto spawn_many = [&, executor = corun::this_fiber::executor()](int* value) {
            delete value;
            for (int i = 0; i != 200; ++i) corun::spawn(executor, [&spawned] { ++spawned; });
        };
        auto other = corun::spawn([&turns] {
            for (; turns != 10; ++turns) corun::yield();
        });
        auto child = corun::spawn({.stack_size = 1 << 20}, [captured = std::shared_ptr<int>{new int, spawn_many}] {});
        corun::yield();
        BOOST_CHECK_THROW(corun::yield(child.join()), corun::stack_unavailable);
        corun::yield(other.join());
        while (spawned != 200) corun::yield();
        BOOST_TEST(turns == 10);
    });
    calls_until_failure = 0;
}

BOOST_AUTO_TEST_CASE(each_allocation_in_turn) {
    if (!corun_test::can_fail_allocations()) return;
    int seen = 0;
    const std::size_t first = corun_test::allocations_of_a_context();
    std::size_t n = first;
    for (bool happened = true; happened;) {
        corun_test::failing_allocation failing{++n};
        try {
            seen += program();
        } catch (const std::bad_alloc&) {
            ++seen;
        }
        happened = failing.happened();
    }
    BOOST_TEST(n > first + 5);
    BOOST_TEST(seen > 0);
}

BOOST_AUTO_TEST_SUITE_END()
