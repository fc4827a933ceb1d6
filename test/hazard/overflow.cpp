// A fiber that overflows its stack is named; an ordinary fault reaches the user's handler.
#include "support/child_process.hpp"
#include "support/leaks.hpp"

#include <corun.hpp>
#include <corun/overflow.hpp>

#include <boost/test/unit_test.hpp>

#include <unistd.h>
#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>

namespace {

// Each call takes a frame that the next one needs.
__attribute__((noinline)) int descend(int depth) {
    volatile char frame[256];
    frame[0] = static_cast<char>(depth);
    return depth == 0 ? frame[0] : descend(depth + 1) + frame[0];
}

constexpr int spawn_line = __LINE__ + 3;
void overflow() {
    corun::run([] {
        auto deep = corun::spawn({.name = "parser"}, [] {
            corun::yield();
            descend(1);
        });
        corun::yield(deep.join());
    });
}

void fault() {
    static volatile std::uintptr_t nowhere = 16;  // no null pointer: that would be UBSan's affair
    *reinterpret_cast<volatile int*>(nowhere) = 1;
}

void users_handler(int number) {
    static constexpr char text[] = "the user's handler\n";
    [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, text, sizeof text - 1);
    ::_exit(number == SIGSEGV ? 7 : 8);
}

bool contains(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

std::size_t count(const std::string& text, char c) { return static_cast<std::size_t>(std::count(text.begin(), text.end(), c)); }

// ASan takes the faults of a program that has no handler for itself; without one of the user's it ends with exit(1).
bool ended_by_fault(const corun_test::child_end& end) {
#if defined(CORUN_SANITIZED)
    return end.exit_code != 0;
#else
    return end.signal == SIGSEGV;
#endif
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(overflow_, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(of_a_fiber_is_reported_with_name_size_places_and_backtrace) {
    const auto end = corun_test::in_child([] {
        corun::report_overflows();
        overflow();
    });
    BOOST_TEST(ended_by_fault(end), end.error_output);
    BOOST_TEST(contains(end.error_output, "stack overflow: fiber 'parser' #"), end.error_output);
    BOOST_TEST(contains(end.error_output, "131072 bytes"));
    BOOST_TEST(contains(end.error_output, ("overflow.cpp:" + std::to_string(spawn_line) + ", yielded last at").c_str()),
               end.error_output);
    BOOST_TEST(contains(end.error_output, ("overflow.cpp:" + std::to_string(spawn_line + 1) + "\n").c_str()), end.error_output);
    BOOST_TEST(contains(end.error_output, " times\n"), end.error_output);
    BOOST_TEST(count(end.error_output, '\n') > 6U, end.error_output);
    BOOST_TEST(count(end.error_output, '\n') < 60U, end.error_output);
}

BOOST_AUTO_TEST_CASE(on_another_thread_which_ran_fibers_before_it_was_asked_for) {
    const auto end = corun_test::in_child([] {
        std::thread{[] {
            corun::run([] { corun::yield(); });
            std::thread{[] { corun::report_overflows(); }}.join();
            overflow();
        }}.join();
    });
    BOOST_TEST(contains(end.error_output, "stack overflow: fiber 'parser' #"), end.error_output);
}

BOOST_AUTO_TEST_CASE(is_passed_on_to_the_handler_that_was_there_before) {
    const auto end = corun_test::in_child([] {
        std::signal(SIGSEGV, users_handler);
        // It has no alternate stack of its own to run on: the one that we gave the thread is for handlers that ask for it.
        struct sigaction action{};
        action.sa_handler = users_handler;
        action.sa_flags = SA_ONSTACK;
        ::sigaction(SIGSEGV, &action, nullptr);
        corun::report_overflows();
        overflow();
    });
    BOOST_TEST(end.exit_code == 7);
    BOOST_TEST(contains(end.error_output, "stack overflow: fiber 'parser' #"), end.error_output);
    BOOST_TEST(contains(end.error_output, "the user's handler"));
}

BOOST_AUTO_TEST_CASE(an_ordinary_fault_on_a_fiber_reaches_the_users_handler_without_a_word_of_ours) {
    const auto end = corun_test::in_child([] {
        std::signal(SIGSEGV, users_handler);
        corun::report_overflows();
        corun::run([] { fault(); });
    });
    BOOST_TEST(end.exit_code == 7);
    BOOST_TEST(end.error_output == "the user's handler\n");
}

BOOST_AUTO_TEST_CASE(a_fault_that_was_sent_is_passed_on_too) {
    const auto end = corun_test::in_child([] {
        std::signal(SIGSEGV, users_handler);
        corun::report_overflows();
        ::raise(SIGSEGV);
    });
    BOOST_TEST(end.exit_code == 7);
}

BOOST_AUTO_TEST_CASE(an_ordinary_fault_off_fibers_ends_the_process_as_ever) {
    const auto end = corun_test::in_child([] {
        corun::report_overflows();
        fault();
    });
    BOOST_TEST(ended_by_fault(end), end.error_output);
    BOOST_TEST(!contains(end.error_output, "corun:"), end.error_output);
}

BOOST_AUTO_TEST_SUITE_END()
