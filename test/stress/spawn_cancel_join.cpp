// Fibers that are spawned, cancelled and joined again and again leave nothing behind: neither stacks nor allocations nor memory
// grow.
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string>

using namespace std::chrono_literals;

namespace {

// CORUN_CYCLES for more or fewer.
int cycles() {
    const char* asked = std::getenv("CORUN_CYCLES");
#if defined(CORUN_TSAN)  // it has one thread to watch, and takes its time
    constexpr int usual = 50'000;
#else
    constexpr int usual = 1'000'000;
#endif
    return asked != nullptr ? std::atoi(asked) : usual;
}

std::size_t resident_bytes() {
    std::size_t size = 0, resident = 0;
    std::ifstream{"/proc/self/statm"} >> size >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

const auto wait_for_ever = [] { corun::yield(corun::sleep_for(24h)); };

void cancel_a_fiber() {
    auto fiber = corun::spawn(wait_for_ever);
    corun::yield();
    fiber.cancel();
    corun::yield(fiber.wait());
}

// Two children parked, one that never had a turn, one that waits for its turn.
void cancel_a_group() {
    corun::yield(corun::with_group({.max_concurrency = 3}, [](corun::group& g) {
        for (int i = 0; i != 2; ++i) g.spawn(wait_for_ever);
        corun::yield();
        for (int i = 0; i != 2; ++i) g.spawn(wait_for_ever);
        g.defer([] {});
        g.cancel();
    }));
}

void expire() {
    corun::yield(corun::move_on_after(0s, [] { corun::yield(corun::with_shield(1h, [] { corun::yield(); })); }));
}

struct footprint {
    std::size_t allocations = corun_test::live_allocations();
    std::size_t stacks = corun_test::mapped_stack_bytes();
    std::size_t resident = resident_bytes();
};

template <class Cycle>
void repeat_without_growth(int times, Cycle cycle) {
    ::alarm(280);  // the fixture's guard against hangs allows less than a million cycles may take under ASan
    corun::run([&] {
        for (int i = 0; i != times / 10; ++i) cycle();  // pools, arenas and the sanitizers' quarantine fill
        const footprint before;
        for (int i = 0; i != times; ++i) cycle();
        const footprint after;
        BOOST_TEST(after.allocations == before.allocations);
        BOOST_TEST(after.stacks == before.stacks);
        // A leak of one byte a cycle is a megabyte for a million; what ASan keeps of freed blocks is bounded, but large.
        const std::size_t slack = corun_test::counts_allocations() ? std::size_t{1} << 20 : std::size_t{320} << 20;
        BOOST_TEST(after.resident <= before.resident + slack, before.resident << " bytes became " << after.resident);
    });
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(spawn_cancel_join, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(of_a_fiber) { repeat_without_growth(cycles(), cancel_a_fiber); }
BOOST_AUTO_TEST_CASE(of_a_group_with_four_children) { repeat_without_growth(cycles() / 20, cancel_a_group); }
BOOST_AUTO_TEST_CASE(of_timeouts_and_shields) { repeat_without_growth(cycles() / 20, expire); }

BOOST_AUTO_TEST_SUITE_END()
