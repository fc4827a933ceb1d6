// Allocation fails at each n-th call in turn, in a program of groups, timeouts, shields and what is deferred: every fiber ends,
// every object is destroyed once, and what was deferred runs.
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstddef>
#include <new>
#include <stdexcept>

using namespace std::chrono_literals;

namespace {

struct drop_counters {
    int made = 0, destroyed = 0;
    int acquired = 0, released = 0;
};

class counted {
public:
    explicit counted(drop_counters& all) noexcept : all_{all} { ++all_.made; }
    counted(const counted& other) noexcept : counted{other.all_} {}
    ~counted() { ++all_.destroyed; }

private:
    drop_counters& all_;
};

void acquire_in(corun::group& g, drop_counters& all) {
    g.defer([&all, mine = counted{all}] {
        ++all.released;
        corun::yield();
    });
    ++all.acquired;
}

const auto wait_for_ever = [] { corun::yield(corun::sleep_for(24h)); };

void parts(drop_counters& all, corun::failure_policy policy) {
    const auto siblings = [&](corun::group& g) {
        acquire_in(g, all);
        for (int i = 0; i != 3; ++i)
            g.spawn({.name = "a name that is long enough to be allocated"}, [mine = counted{all}] { wait_for_ever(); });
        acquire_in(g, all);
        corun::yield();
        g.spawn([mine = counted{all}] { throw std::runtime_error{"child"}; });
        wait_for_ever();
    };
    try {
        corun::yield(corun::with_timeout(2ms, corun::with_group({.failure = policy, .max_concurrency = 2}, siblings)));
    } catch (const std::exception&) {  // which one depends on what could be allocated
    }
    const auto shielded = [mine = counted{all}] { corun::yield(corun::move_on_after(100us, wait_for_ever)); };
    const auto token = corun::this_fiber::stop_token();
    corun::yield(corun::with_shield(1ms, shielded));
}

// True: it went through. Otherwise it threw std::bad_alloc, or was without its fiber.
bool program(drop_counters& all, corun::failure_policy policy) {
    return corun::run(
        [&] {
            try {
                auto cut = corun::spawn({.name = "a name that is long enough to be allocated"}, [&] { parts(all, policy); });
                corun::yield();
                cut.cancel();
                parts(all, policy);
                corun::yield(cut.join());
            } catch (const corun::fiber_cancelled&) {
                return true;
            } catch (const std::bad_alloc&) {
            }
            return false;
        },
        {.scheduler = {.on_unhandled = [](const corun::unhandled_failure&) {}}});
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(failing_groups, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(each_allocation_in_turn) {
    if (!corun_test::can_fail_allocations()) return;
    for (const auto policy : {corun::fail_fast, corun::collect, corun::isolate}) {
        int failed = 0;
        std::size_t n = corun_test::allocations_of_a_context();
        for (bool happened = true; happened;) {
            drop_counters all;
            {
                corun_test::failing_allocation failing{++n};
                try {
                    failed += !program(all, policy);
                } catch (const std::bad_alloc&) {
                    ++failed;
                }
                happened = failing.happened();
            }
            BOOST_TEST(all.made == all.destroyed,
                       "allocation " << n << ": " << all.made << " made, " << all.destroyed << " destroyed");
            BOOST_TEST(all.acquired == all.released, "allocation " << n << ": " << all.released << " of " << all.acquired);
        }
        BOOST_TEST(n > 20u);
        BOOST_TEST(failed > 0);
    }
}

BOOST_AUTO_TEST_SUITE_END()
