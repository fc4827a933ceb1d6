#include <corun/detail/run_queue.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <new>

using corun::detail::fcontext_t;
using corun::detail::fiber_record;
using corun::detail::run_queue;

namespace {

// The queue never looks behind the pointers.
fiber_record* fiber(std::uintptr_t n) { return reinterpret_cast<fiber_record*>(n * 64); }
fcontext_t stack(std::uintptr_t n) { return reinterpret_cast<fcontext_t>(n * 64 + 32); }

bool is(const corun::detail::ready_entry& entry, std::uintptr_t n) { return entry.fiber == fiber(n) && entry.sp == stack(n); }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(run_queue_, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(first_in_first_out) {
    run_queue queue;
    BOOST_TEST(queue.empty());
    for (std::uintptr_t i = 1; i <= 10; ++i) queue.push(fiber(i), stack(i));
    BOOST_TEST(queue.size() == 10U);
    for (std::uintptr_t i = 1; i <= 10; ++i) BOOST_TEST(is(queue.pop(), i));
    BOOST_TEST(queue.empty());
}

BOOST_AUTO_TEST_CASE(a_slot_is_filled_in_after_the_push) {
    run_queue queue;
    corun::detail::ready_entry& slot = queue.push(fiber(1), nullptr);
    slot.sp = stack(1);
    BOOST_TEST(is(queue.pop(), 1));
}

BOOST_AUTO_TEST_CASE(full_to_its_capacity_and_round_its_end) {
    run_queue queue;
    const std::size_t capacity = queue.capacity();
    std::uintptr_t in = 0, out = 0;
    for (int round = 0; round < 5; ++round) {
        while (queue.size() < capacity) queue.push(fiber(in), stack(in)), ++in;
        for (std::size_t i = 0; i < capacity / 3; ++i, ++out) BOOST_TEST(is(queue.pop(), out));
    }
    while (!queue.empty()) BOOST_TEST(is(queue.pop(), out++));
    BOOST_TEST(in == out);
}

BOOST_AUTO_TEST_CASE(growing_keeps_the_order_wherever_the_ring_begins) {
    for (std::size_t begin = 0; begin < 64; begin += 7) {
        run_queue queue;
        const std::size_t capacity = queue.capacity();
        for (std::size_t i = 0; i < begin; ++i) {
            queue.push(fiber(i), stack(i));
            (void)queue.pop();
        }
        for (std::uintptr_t i = 0; i < capacity; ++i) queue.push(fiber(i), stack(i));
        queue.reserve(capacity + 1);
        BOOST_TEST(queue.capacity() > capacity);
        queue.push(fiber(capacity), stack(capacity));
        for (std::uintptr_t i = 0; i <= capacity; ++i) BOOST_TEST(is(queue.pop(), i));
    }
}

BOOST_AUTO_TEST_CASE(what_is_brought_forward_is_next_and_the_others_keep_their_order) {
    run_queue queue;
    std::size_t place[6] = {};
    for (std::uintptr_t i = 1; i <= 5; ++i) {
        queue.push(fiber(i), stack(i));
        place[i] = queue.last_place();
    }
    BOOST_TEST(!queue.bring_forward(place[1], 5));  // it is the next one
    BOOST_TEST(queue.bring_forward(place[3], 5));
    BOOST_TEST(queue.bring_forward(place[5], 5));
    BOOST_TEST(queue.size() == 5U);
    std::uintptr_t taken = 0;
    while (!queue.empty()) {
        const corun::detail::ready_entry next = queue.pop();
        if (next.fiber == nullptr)
            queue.left_empty_place();
        else
            taken = taken * 10 + reinterpret_cast<std::uintptr_t>(next.fiber) / 64;
    }
    BOOST_TEST(taken == 53124U);
    BOOST_TEST(queue.size() == 0U);
}

// Empty places must not take the room of fibers that may become runnable.
BOOST_AUTO_TEST_CASE(nothing_is_brought_forward_where_all_live_fibers_would_not_fit) {
    run_queue queue;
    const std::size_t live = queue.capacity();
    for (std::uintptr_t i = 0; i < live; ++i) queue.push(fiber(i), stack(i));
    BOOST_TEST(!queue.bring_forward(queue.last_place(), live));
    BOOST_TEST(queue.bring_forward(queue.last_place() - 1, live - 1));
    BOOST_TEST(!queue.bring_forward(queue.last_place() - 5, live - 1));
    queue.reserve(live);
    BOOST_TEST(queue.capacity() > live);
    BOOST_TEST(is(queue.pop(), live - 2));
    for (std::uintptr_t i = 0; i < live - 2; ++i) BOOST_TEST(is(queue.pop(), i));
    BOOST_TEST((queue.pop().fiber == nullptr));
}

BOOST_AUTO_TEST_CASE(reserve_never_shrinks_and_gives_what_is_asked) {
    run_queue queue;
    queue.reserve(1);
    BOOST_TEST(queue.capacity() >= 64U);
    queue.reserve(100'000);
    const std::size_t capacity = queue.capacity();
    BOOST_TEST(capacity >= 100'000U);
    queue.reserve(10);
    BOOST_TEST(queue.capacity() == capacity);
}

BOOST_AUTO_TEST_CASE(without_memory_reserve_changes_nothing) {
    if (!corun_test::counts_allocations()) return;  // sanitizers have an operator new[] of their own
    run_queue queue;
    queue.push(fiber(1), stack(1));
    const std::size_t capacity = queue.capacity();
    bool refused = false;
    {
        const corun_test::failing_allocation memory{1};
        try {
            queue.reserve(capacity * 4);
        } catch (const std::bad_alloc&) {
            refused = true;
        }
    }
    BOOST_TEST(refused);
    BOOST_TEST(queue.capacity() == capacity);
    BOOST_TEST(is(queue.pop(), 1));
}

BOOST_AUTO_TEST_SUITE_END()
