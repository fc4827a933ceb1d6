#include "../lib/stack_pool.hpp"

#include "../lib/guarded_memory.hpp"

#include <corun/scheduler.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/child_process.hpp"
#include "support/leaks.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <utility>
#include <vector>

using corun::detail::memory_calls;
using corun::detail::slot_size;
using corun::detail::stack;
using corun::detail::stack_pool;

namespace {

constexpr std::size_t size = 64 * 1024;
#if defined(CORUN_SANITIZED)
constexpr bool measures_memory = false;  // a sanitizer's own memory would be measured with it
#else
constexpr bool measures_memory = true;
#endif

std::byte& lowest(const stack& s) { return *static_cast<std::byte*>(s.span.base); }

std::vector<stack> take(stack_pool& pool, std::size_t n) {
    std::vector<stack> taken;
    while (taken.size() < n) taken.push_back(pool.take());
    return taken;
}

void give(stack_pool& pool, const std::vector<stack>& stacks) {
    for (const stack& s : stacks) pool.give(s.span);
}

void mark(const std::vector<stack>& stacks) {
    for (const stack& s : stacks) lowest(s) = std::byte{1};
}

// How many still hold the memory that was marked.
std::size_t marked(const std::vector<stack>& stacks) {
    return static_cast<std::size_t>(std::ranges::count_if(stacks, [](const stack& s) { return lowest(s) == std::byte{1}; }));
}

std::size_t resident_bytes() {
    std::size_t all = 0, resident = 0;
    std::ifstream{"/proc/self/statm"} >> all >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// Without light guards each stack takes two of the system's mappings, and 65,530 is all there are.
bool has_light_guards() {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    void* probe = memory_calls.map(page);
    const bool light = memory_calls.guard_light(probe, page);
    memory_calls.unmap(probe, page);
    return light;
}

// Counts calls of `drop` in its scope.
class drops_counted {
public:
    drops_counted() {
        calls = 0;
        memory_calls.drop = [](void* base, std::size_t bytes) noexcept {
            ++calls;
            system_drop(base, bytes);
        };
    }
    ~drops_counted() { memory_calls.drop = system_drop; }
    drops_counted(const drops_counted&) = delete;
    drops_counted& operator=(const drops_counted&) = delete;

    static inline std::size_t calls = 0;

private:
    static inline void (*const system_drop)(void*, std::size_t) noexcept = memory_calls.drop;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(stack_pool_, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(sizes_are_rounded_up_and_impossible_ones_refused) {
    BOOST_TEST(slot_size(size) == size);
    BOOST_TEST(slot_size(size + 1) == 2 * size);
    BOOST_TEST(slot_size(std::size_t{1} << 30) == std::size_t{1} << 30);
    BOOST_CHECK_THROW((void)slot_size(0), corun::stack_unavailable);
    BOOST_CHECK_THROW((void)slot_size((std::size_t{1} << 30) + 1), corun::stack_unavailable);
}

BOOST_AUTO_TEST_CASE(stacks_do_not_overlap_and_may_be_written_throughout) {
    stack_pool pool{size};
    std::set<std::pair<std::byte*, std::byte*>> ranges;
    for (const stack& s : take(pool, 200)) {
        auto* const base = static_cast<std::byte*>(s.span.base);
        auto* const top = static_cast<std::byte*>(s.top);
        std::fill(base, top, std::byte{1});
        BOOST_TEST(reinterpret_cast<std::uintptr_t>(top) % 16 == 0U);
        BOOST_TEST((base < top && top <= base + s.span.size));
        ranges.emplace(base, base + s.span.size);
    }
    BOOST_TEST(ranges.size() == 200U);
    for (auto r = ranges.begin(), next = std::next(r); next != ranges.end(); ++r, ++next) BOOST_TEST((r->second < next->first));
}

BOOST_AUTO_TEST_CASE(tops_of_neighbours_lie_in_different_cache_sets) {
    stack_pool pool{size};
    std::set<std::uintptr_t> offsets;
    for (const stack& s : take(pool, 16)) offsets.insert(reinterpret_cast<std::uintptr_t>(s.top) % 4096);
    BOOST_TEST(offsets.size() == 16U);
}

BOOST_AUTO_TEST_CASE(the_last_used_is_taken_first) {
    stack_pool pool{size};
    const auto stacks = take(pool, 5);
    give(pool, stacks);
    for (auto s = stacks.rbegin(); s != stacks.rend(); ++s) BOOST_TEST(pool.take().span.base == s->span.base);
    BOOST_TEST(pool.carved() == 5U);
}

BOOST_AUTO_TEST_CASE(trim_leaves_the_warm_ones_their_memory) {
    stack_pool pool{size};
    const auto stacks = take(pool, 1'000);
    mark(stacks);
    give(pool, stacks);
    BOOST_TEST(pool.has_surplus());
    pool.trim();
    BOOST_TEST(!pool.has_surplus());
    const auto warm = take(pool, stack_pool::warm_limit);
    BOOST_TEST(marked(warm) == warm.size());
    const auto cold = take(pool, stacks.size() - warm.size());
    BOOST_TEST(marked(cold) == 0U);
    BOOST_TEST(pool.carved() == stacks.size());
}

BOOST_AUTO_TEST_CASE(trim_unused_leaves_what_was_in_use_since_the_last_call) {
    stack_pool pool{size};
    const auto stacks = take(pool, 1'000);
    mark(stacks);
    give(pool, stacks);
    pool.trim_unused();  // all were in use until now
    give(pool, take(pool, 600));
    pool.trim_unused();  // 400 were not
    const auto all = take(pool, stacks.size());
    BOOST_TEST(marked(all) == 600 + stack_pool::warm_limit);
}

BOOST_AUTO_TEST_CASE(used_again_after_a_trim_and_trimmed_again) {
    stack_pool pool{size};
    for (int round = 0; round < 3; ++round) {
        const auto stacks = take(pool, 1'000);
        mark(stacks);
        give(pool, stacks);
        pool.trim();
        const auto again = take(pool, stacks.size());
        BOOST_TEST(marked(again) == stack_pool::warm_limit);
        give(pool, again);
    }
    BOOST_TEST(pool.carved() == 1'000U);
}

BOOST_AUTO_TEST_CASE(trim_asks_the_system_once_for_neighbours_in_any_order) {
    stack_pool pool{size};
    auto stacks = take(pool, 1'000);
    std::ranges::reverse(stacks);
    std::ranges::rotate(stacks, stacks.begin() + 300);
    give(pool, stacks);
    const drops_counted count;
    pool.trim();
    BOOST_TEST(drops_counted::calls < 20U);  // one for each run of neighbours: arenas, and the edges of the warm
    pool.trim();
    BOOST_TEST(drops_counted::calls < 20U);
}

BOOST_AUTO_TEST_CASE(guards_outlive_a_trim) {
    const auto end = corun_test::in_child([] {
        stack_pool pool{size};
        const auto stacks = take(pool, 1'000);
        give(pool, stacks);
        pool.trim();
        lowest(stacks[10]) = std::byte{1};  // still good
        *(static_cast<volatile std::byte*>(stacks[10].span.base) - 1) = std::byte{1};
    });
    BOOST_TEST((end.signal == SIGSEGV || end.error_output.find("SEGV") != std::string::npos), end.error_output);
}

BOOST_AUTO_TEST_CASE(after_a_burst_of_fibers_that_go_deep_the_memory_goes_back) {
    if (!measures_memory) return;
    const std::size_t burst = has_light_guards() ? 100'000 : 20'000;
    constexpr std::size_t depth = 12 * 1024;
    boost::asio::io_context context;
    corun::scheduler own{context.get_executor(), {.stack_size = size}};
    const std::size_t before = resident_bytes();
    std::size_t at_peak = 0, deep = 0;
    for (std::size_t i = 0; i < burst; ++i)
        corun::spawn(
            own,
            [&] {
                volatile std::byte frame[depth];
                std::fill(std::begin(frame), std::end(frame), std::byte{1});
                if (++deep == burst) at_peak = resident_bytes();
                corun::yield();
                frame[0] = std::byte{2};
            },
            boost::asio::detached);
    context.run();
    const std::size_t after = resident_bytes();
    BOOST_TEST(deep == burst);
    BOOST_TEST(at_peak >= before + burst * depth);
    BOOST_TEST(after <= before + stack_pool::warm_limit * size + burst * 1024);  // the heap may keep what the fibers' records took
}

BOOST_AUTO_TEST_SUITE_END()
