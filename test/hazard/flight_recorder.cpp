// Crashes while a trace is recorded: the file is written, and the crash goes on as if there had been none.
#include "support/child_process.hpp"
#include "support/leaks.hpp"
#include "support/trace_file.hpp"

#include <corun.hpp>

#include <boost/test/unit_test.hpp>

#include <sys/mman.h>
#include <unistd.h>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>

namespace {

using corun_test::trace_scratch;

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

void fault() {
    // A page that may not be touched: no sanitizer has an opinion of it, as it has of null.
    auto* page = static_cast<volatile char*>(::mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    *page = 1;
}

__attribute__((noinline)) int recurse(int depth) {
    volatile char frame[256] = {static_cast<char>(depth)};
    return frame[0] == 'x' && depth < 0 ? 0 : recurse(depth + 1) + frame[0];
}

void fail() { throw std::runtime_error{"nobody catches it"}; }
void quiet() noexcept { fail(); }

void users_handler(int) {
    static constexpr char said[] = "the user's handler\n";
    [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, said, sizeof said - 1);
    ::_exit(7);
}

// Runs a fiber that crashes so, with a sibling that waits; the file tells of both.
corun_test::child_end crash(const std::string& path, const std::function<void()>& before, const std::function<void()>& how) {
    return corun_test::in_child([&] {
        for (const int number : {SIGSEGV, SIGBUS, SIGABRT}) std::signal(number, SIG_DFL);  // sanitizers have theirs
        before();
        const corun::trace recorder{path, {.only_on_crash = true}};
        corun::run([&] {
            corun::event never;
            auto waiter = corun::spawn({.name = "waiter"}, [&] { corun::yield(never.wait()); });
            corun::yield(corun::spawn({.name = "culprit"}, [&] {
                             corun::yield();
                             how();
                         }).join());
        });
    });
}

void check_file(const std::string& path, const std::string& signal) {
    const corun_test::trace_file seen{path};
    BOOST_REQUIRE(seen.instants.size() == 1U);
    BOOST_TEST(seen.instants[0] == signal);
    bool has_waiter = false, has_culprit = false;
    for (const auto& [track, name] : seen.names) {
        has_waiter |= contains(name, " waiter") && seen.slices.at(track).back().name.starts_with("waiting: ");
        has_culprit |= contains(name, " culprit") && seen.slices.at(track).back().name == "running";
    }
    BOOST_TEST(has_waiter);
    BOOST_TEST(has_culprit);
}

void nothing() {}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(flight_recorder, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_fault) {
    const trace_scratch file;
    BOOST_TEST(crash(file.path, nothing, fault).signal == SIGSEGV);
    check_file(file.path, "SIGSEGV");
}

BOOST_AUTO_TEST_CASE(an_abort) {
    const trace_scratch file;
    BOOST_TEST(crash(file.path, nothing, std::abort).signal == SIGABRT);
    check_file(file.path, "SIGABRT");
}

BOOST_AUTO_TEST_CASE(a_terminate) {
    const trace_scratch file;
    const auto end = crash(file.path, nothing, [] { quiet(); });
    BOOST_TEST(end.signal == SIGABRT);
    BOOST_TEST(contains(end.error_output, "nobody catches it"), end.error_output);
    check_file(file.path, "SIGABRT");
}

BOOST_AUTO_TEST_CASE(a_signal_that_was_sent) {
    const trace_scratch file;
    BOOST_TEST(crash(file.path, nothing, [] { ::raise(SIGFPE); }).signal == SIGFPE);
    check_file(file.path, "SIGFPE");
}

BOOST_AUTO_TEST_CASE(the_users_handler_comes_after_it) {
    const trace_scratch file;
    const auto end = crash(file.path, [] { std::signal(SIGSEGV, users_handler); }, fault);
    BOOST_TEST(end.exit_code == 7);
    BOOST_TEST(end.error_output == "the user's handler\n");
    check_file(file.path, "SIGSEGV");
}

BOOST_AUTO_TEST_CASE(an_overflow_that_is_reported_too_whichever_was_asked_for_first) {
    for (const bool report_first : {false, true}) {
        const trace_scratch file;
        const auto overflow = [&] {
            if (!report_first) corun::report_overflows();
            (void)recurse(0);
        };
        const auto end = crash(file.path, report_first ? corun::report_overflows : nothing, overflow);
        BOOST_TEST(contains(end.error_output, "stack overflow: fiber 'culprit' #"), end.error_output);
        BOOST_TEST((end.signal == SIGSEGV || end.signal == SIGBUS));
        check_file(file.path, end.signal == SIGSEGV ? "SIGSEGV" : "SIGBUS");
    }
}

// Ends a fiber's process in the middle of a trace.
corun_test::child_end end_by(int number, const std::string& path, bool only_on_crash, void (*handler)(int)) {
    return corun_test::in_child([&] {
        std::signal(number, handler);
        const corun::trace recorded{path, {.only_on_crash = only_on_crash}};
        corun::run([&] {
            corun::yield();
            ::raise(number);
        });
    });
}

BOOST_AUTO_TEST_CASE(a_signal_that_ends_the_process_ends_the_trace_first) {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        const trace_scratch file;
        BOOST_TEST(end_by(number, file.path, false, SIG_DFL).signal == number);
        const corun_test::trace_file seen{file.path};
        BOOST_TEST(!seen.slices.empty());
        BOOST_TEST(seen.instants.empty());
    }
}

BOOST_AUTO_TEST_CASE(it_is_no_crash_and_no_matter_of_the_trace_where_the_program_has_a_handler) {
    const trace_scratch file;
    BOOST_TEST(end_by(SIGTERM, file.path, true, SIG_DFL).signal == SIGTERM);
    BOOST_TEST(!std::filesystem::exists(file.path));
    BOOST_TEST(end_by(SIGTERM, file.path, false, users_handler).exit_code == 7);
    BOOST_TEST(end_by(SIGTERM, file.path, false, SIG_IGN).exit_code == 0);
    const corun_test::trace_file seen{file.path};  // as ever
}

BOOST_AUTO_TEST_CASE(while_other_threads_record) {
    const trace_scratch file;
    const auto end = corun_test::in_child([&] {
        std::signal(SIGSEGV, SIG_DFL);
        const corun::trace recorder{file.path, {.events = 512, .only_on_crash = true}};
        corun::runtime cores{{.threads = 3}};
        for (std::size_t i = 0; i != 3; ++i)
            cores.spawn_on(i, {.name = "busy"}, [] {
                for (;;) corun::yield(corun::spawn([] { corun::yield(); }).join());
            });
        while (recorder.dropped() < 5000) std::this_thread::yield();
        fault();
    });
    BOOST_TEST(end.signal == SIGSEGV);
    const corun_test::trace_file seen{file.path};
    BOOST_TEST(seen.dropped >= 5000U);
    BOOST_TEST(!seen.slices.empty());
}

BOOST_AUTO_TEST_CASE(after_the_trace_has_ended_the_handlers_are_as_before) {
    const trace_scratch file;
    const auto end = corun_test::in_child([&] {
        std::signal(SIGSEGV, users_handler);
        {
            const corun::trace recorder{file.path, {.only_on_crash = true}};
        }
        struct sigaction present{};
        ::sigaction(SIGSEGV, nullptr, &present);
        if (present.sa_handler != users_handler) throw std::runtime_error{"another handler"};
    });
    BOOST_TEST(end.exit_code == 0);
}

BOOST_AUTO_TEST_SUITE_END()
