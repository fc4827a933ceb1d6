// A fiber begins on the stack that another one has just left: it meets nothing of that one.
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdint>
#include <exception>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

// Where the calling function's stack is; the same for fibers that began in the same place.
__attribute__((noinline)) std::uintptr_t stack_depth() { return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)); }

__attribute__((noinline)) int touch_deep(int depth) {
    std::array<char, 512> frame;
    for (char& byte : frame) byte = static_cast<char>(depth);
    asm volatile("" : : "r"(frame.data()) : "memory");
    return depth == 0 ? frame[0] : touch_deep(depth - 1) + frame[0];
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(left_stack, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(fibers_that_do_not_wait_need_few_stacks) {
    corun::run([] {
        std::set<std::uintptr_t> stacks;
        std::vector<corun::fiber<>> all;
        for (int i = 0; i != 100; ++i) all.push_back(corun::spawn([&stacks] { stacks.insert(stack_depth()); }));
        for (auto& fiber : all) corun::yield(fiber.join());
        BOOST_TEST(stacks.size() < 5u);
    });
}

BOOST_AUTO_TEST_CASE(each_has_its_own_identity_result_and_failure) {
    corun::run([] {
        std::vector<corun::fiber<std::uint64_t>> all;
        for (int i = 0; i != 50; ++i)
            all.push_back(corun::spawn({.name = "n" + std::to_string(i)}, [i] {
                if (i % 3 == 0) throw std::runtime_error{std::to_string(i)};
                BOOST_TEST(corun::this_fiber::name() == "n" + std::to_string(i));
                if (i % 3 == 1) corun::yield();
                return corun::this_fiber::id();
            }));
        for (int i = 0; i != 50; ++i) {
            auto& fiber = all[static_cast<std::size_t>(i)];
            if (i % 3 != 0)
                BOOST_TEST(corun::yield(fiber.join()) == fiber.id());
            else
                BOOST_CHECK_EXCEPTION(corun::yield(fiber.join()), std::runtime_error,
                                      [&](const std::runtime_error& e) { return e.what() == std::to_string(i); });
        }
    });
}

BOOST_AUTO_TEST_CASE(no_exception_is_under_way_at_its_begin) {
    corun::run([] {
        std::vector<corun::fiber<>> all;
        for (int i = 0; i != 20; ++i)
            all.push_back(corun::spawn([] {
                BOOST_TEST(std::uncaught_exceptions() == 0);
                BOOST_TEST((std::current_exception() == nullptr));
                throw std::runtime_error{"left behind"};
            }));
        for (auto& fiber : all) BOOST_CHECK_THROW(corun::yield(fiber.join()), std::runtime_error);
    });
}

BOOST_AUTO_TEST_CASE(what_waits_later_keeps_the_stack_to_itself) {
    corun::run([] {
        corun::event go;
        std::vector<corun::fiber<int>> all;
        for (int i = 0; i != 40; ++i)
            all.push_back(corun::spawn([i, &go] {
                int mine = i;
                int* const address = &mine;
                if (i % 2 == 0) corun::yield(go.wait());  // the odd ones end, and leave their stacks to others
                touch_deep(i);
                return *address;
            }));
        corun::yield();
        go.set();
        for (int i = 0; i != 40; ++i) BOOST_TEST(corun::yield(all[static_cast<std::size_t>(i)].join()) == i);
    });
}

BOOST_AUTO_TEST_CASE(a_wanted_size_is_not_traded_for_a_stack_that_is_at_hand) {
    corun::run([] {
        std::vector<corun::fiber<int>> all;
        for (int i = 0; i != 20; ++i) {
            const bool is_deep = i % 2 == 1;
            all.push_back(corun::spawn({.stack_size = is_deep ? std::size_t{1} << 20 : corun::spawn_options::inherit_stack_size},
                                       [is_deep] { return touch_deep(is_deep ? 1000 : 1); }));
        }
        for (auto& fiber : all) corun::yield(fiber.join());
    });
}

BOOST_AUTO_TEST_CASE(a_captures_destructor_that_yields_is_done_before_the_next_one_begins) {
    struct yields_at_its_end {
        int* ended;
        explicit yields_at_its_end(int& count) : ended{&count} {}
        yields_at_its_end(yields_at_its_end&& other) noexcept : ended{std::exchange(other.ended, nullptr)} {}
        ~yields_at_its_end() {
            if (ended == nullptr) return;
            corun::yield();
            ++*ended;
        }
    };
    corun::run([] {
        int ended = 0;
        std::vector<corun::fiber<>> all;
        for (int i = 0; i != 30; ++i) all.push_back(corun::spawn([guard = yields_at_its_end{ended}] {}));
        for (auto& fiber : all) corun::yield(fiber.join());
        BOOST_TEST(ended == 30);
    });
}

BOOST_AUTO_TEST_CASE(it_goes_on_when_the_budget_ends_between_two) {
    boost::asio::io_context io;
    int ran = 0;
    corun::spawn(io, [&] {
        std::vector<corun::fiber<>> all;
        for (int i = 0; i != 5000; ++i) all.push_back(corun::spawn([&ran] { ++ran; }));
        for (auto& fiber : all) corun::yield(fiber.join());
    });
    int turns_of_the_loop = 0;
    while (io.run_one() != 0) ++turns_of_the_loop;
    BOOST_TEST(ran == 5000);
    BOOST_TEST(turns_of_the_loop > 5);
}

BOOST_AUTO_TEST_SUITE_END()
