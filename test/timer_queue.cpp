#include <corun/detail/timer_queue.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <chrono>
#include <deque>
#include <new>
#include <random>
#include <vector>

using corun::detail::timer_queue;
using time_point = timer_queue::time_point;

namespace {

struct timer final : corun::detail::timer_node {
    void expired() noexcept override {}
    time_point when;
    int order = 0;
};

time_point at(int n) { return time_point{std::chrono::nanoseconds{n}}; }

// A time makes room for the spans after it.
struct roomy_queue : timer_queue {
    roomy_queue() {
        timer first;
        add(first, at(1));
        remove(first);
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(timer_queue_, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(empty_it_has_nothing_to_take) {
    timer_queue queue;
    BOOST_TEST(queue.empty());
    BOOST_TEST(queue.take_expired(time_point::max()) == nullptr);
}

BOOST_AUTO_TEST_CASE(takes_what_is_not_after_now) {
    timer_queue queue;
    timer node;
    queue.add(node, at(5));
    BOOST_TEST(node.is_waiting());
    BOOST_TEST((queue.earliest() == at(5)));
    BOOST_TEST(queue.take_expired(at(4)) == nullptr);
    BOOST_TEST(queue.take_expired(at(5)) == &node);
    BOOST_TEST(!node.is_waiting());
    BOOST_TEST(queue.empty());
}

BOOST_AUTO_TEST_CASE(a_span_begins_when_it_is_asked_to) {
    roomy_queue queue;
    timer node;
    BOOST_TEST(queue.add_span(node, std::chrono::hours{1}));
    const auto before = std::chrono::steady_clock::now();
    queue.begin_spans();
    const auto after = std::chrono::steady_clock::now();
    BOOST_TEST((queue.earliest() >= before + std::chrono::hours{1}));
    BOOST_TEST((queue.earliest() <= after + std::chrono::hours{1}));
    BOOST_TEST(queue.take_expired(queue.earliest()) == &node);
}

BOOST_AUTO_TEST_CASE(a_span_that_was_withdrawn_leaves_its_place_to_a_time) {
    roomy_queue queue;
    timer node, other;
    BOOST_TEST(queue.add_span(node, std::chrono::hours{1}));
    queue.remove(node);
    BOOST_TEST(queue.empty());
    queue.add(other, at(5));
    BOOST_TEST((queue.earliest() == at(5)));
    BOOST_TEST(queue.take_expired(at(5)) == &other);
}

BOOST_AUTO_TEST_CASE(the_longest_span_ends_at_the_end_of_time) {
    roomy_queue queue;
    timer node;
    BOOST_TEST(queue.add_span(node, time_point::duration::max()));
    BOOST_TEST((queue.earliest() == time_point::max()));
    queue.remove(node);
    BOOST_TEST(queue.empty());
}

BOOST_AUTO_TEST_CASE(a_span_does_not_make_room_but_a_time_does) {
    timer_queue queue;
    timer node;
    BOOST_TEST(!queue.add_span(node, std::chrono::hours{1}));
    BOOST_TEST(!node.is_waiting());
    BOOST_TEST(queue.empty());
    std::vector<timer> nodes(1000);
    for (auto& n : nodes)
        if (!queue.add_span(n, std::chrono::hours{1})) queue.add(n, at(1));
    BOOST_TEST(queue.size() == nodes.size());
    std::size_t refused = 0;
    for (; queue.take_expired(at(1)) != nullptr; ++refused) BOOST_TEST(refused < nodes.size());
    BOOST_TEST(refused < nodes.size() / 10);
    BOOST_TEST(queue.size() == nodes.size() - refused);
}

BOOST_AUTO_TEST_CASE(equal_times_in_the_order_of_adding) {
    timer_queue queue;
    std::vector<timer> nodes(100);
    for (auto& n : nodes) queue.add(n, at(1));
    for (auto& n : nodes) BOOST_TEST(queue.take_expired(at(1)) == &n);
}

BOOST_AUTO_TEST_CASE(removing_what_is_not_there_does_nothing) {
    timer_queue queue;
    timer one, other;
    queue.add(one, at(1));
    queue.remove(other);
    queue.remove(one);
    queue.remove(one);
    BOOST_TEST(queue.empty());
}

BOOST_AUTO_TEST_CASE(against_a_sorted_list_whatever_is_added_and_removed) {
    std::mt19937 random{12345};
    timer_queue queue;
    std::deque<timer> nodes(300);
    std::vector<timer*> model;  // what waits
    int order = 0;
    const auto sorted = [&] {
        std::sort(model.begin(), model.end(),
                  [](const timer* a, const timer* b) { return a->when != b->when ? a->when < b->when : a->order < b->order; });
    };
    std::size_t wrong = 0;
    for (int step = 0; step < 20'000; ++step) {
        timer& node = nodes[random() % nodes.size()];
        const auto place = std::find(model.begin(), model.end(), &node);
        if (random() % 4 == 0) {
            sorted();
            const auto now = at(static_cast<int>(random() % 100));
            timer* expected = !model.empty() && model.front()->when <= now ? model.front() : nullptr;
            wrong += queue.take_expired(now) != expected;
            if (expected != nullptr) model.erase(model.begin());
        } else if (place != model.end()) {
            queue.remove(node);
            model.erase(place);
        } else {
            node.when = at(static_cast<int>(random() % 100));
            node.order = order++;
            queue.add(node, node.when);
            model.push_back(&node);
        }
        wrong += queue.size() != model.size();
    }
    sorted();
    for (timer* expected : model) wrong += queue.take_expired(time_point::max()) != expected;
    BOOST_TEST(wrong == 0U);
    BOOST_TEST(queue.empty());
}

BOOST_AUTO_TEST_CASE(it_knows_whether_all_are_long) {
    roomy_queue queue;
    timer long_time, short_time, long_span, short_span;
    const auto all_are_long = [&] {
        (void)queue.earliest();
        return queue.all_are_long();
    };
    queue.add(long_time, at(1), true);
    BOOST_TEST(queue.add_span(long_span, std::chrono::seconds{1}));
    BOOST_TEST(all_are_long());
    queue.add(short_time, at(2), false);
    BOOST_TEST(!all_are_long());
    BOOST_TEST(queue.add_span(short_span, std::chrono::milliseconds{999}));
    queue.remove(short_time);
    BOOST_TEST(!all_are_long());
    BOOST_TEST(queue.take_expired(time_point::max()) == &long_time);
    BOOST_TEST(queue.take_expired(time_point::max()) == &short_span);
    BOOST_TEST(all_are_long());
    queue.remove(long_span);
}

BOOST_AUTO_TEST_CASE(without_memory_nothing_is_added_or_lost) {
    if (!corun_test::can_fail_allocations()) return;
    timer_queue queue;
    std::vector<timer> nodes(40);
    std::size_t added = 0, refused = 0;
    for (auto& n : nodes) {
        const corun_test::failing_allocation memory{1};
        try {
            queue.add(n, at(static_cast<int>(added)));
            ++added;
        } catch (const std::bad_alloc&) {
            ++refused;
            corun_test::fail_allocation_after(0);
            queue.add(n, at(static_cast<int>(added)));
            ++added;
        }
    }
    BOOST_TEST(refused > 0U);
    for (auto& n : nodes) BOOST_TEST(queue.take_expired(time_point::max()) == &n);
}

BOOST_AUTO_TEST_SUITE_END()
