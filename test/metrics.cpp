// The figures of a scheduler, and their text for Prometheus.
#include "support/leaks.hpp"
#include "support/locales.hpp"

#include <corun.hpp>
#include <corun/metrics.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <unistd.h>
#include <atomic>
#include <chrono>
#include <iomanip>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

// Of the only scheduler in which there are fibers.
corun::scheduler_metrics figures() {
    for (corun::scheduler_metrics& m : corun::metrics(10s))
        if (m.live != 0) return m;
    return {};
}

std::size_t waiting(const corun::scheduler_metrics& m, const std::string& cause) {
    std::size_t sum = 0;
    for (const auto& [name, count] : m.waiting)
        if (name.find(cause) != std::string::npos) sum += count;
    return sum;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(metrics, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(fibers_by_what_they_wait_for) {
    corun::run([] {
        corun::mutex m;
        const auto held = corun::yield(m.lock());
        std::vector<corun::fiber<>> all;
        for (int i = 0; i != 3; ++i) all.push_back(corun::spawn([&] { (void)corun::yield(m.lock()); }));
        for (int i = 0; i != 2; ++i) all.push_back(corun::spawn([] { corun::yield(corun::sleep_for(1h)); }));
        corun::yield();
        auto fresh = corun::spawn([] {});
        const auto seen = figures();
        BOOST_TEST(seen.is_complete);
        BOOST_TEST(seen.live == 7u);
        BOOST_TEST(seen.ready == 1u);
        BOOST_TEST(waiting(seen, "mutex::lock_operation") == 3u);
        BOOST_TEST(waiting(seen, "sleep_operation") == 2u);
        BOOST_TEST(seen.spawned == 7u);
        BOOST_TEST(seen.stacks_in_use == 6u);
        for (auto& f : all) f.cancel();
        for (auto& f : all) corun::yield(f.wait());
        BOOST_TEST(figures().cancellations == 5u);
    });
}

BOOST_AUTO_TEST_CASE(what_is_counted_grows_by_what_was_done) {
    corun::run([] {
        auto other = corun::spawn([] {
            for (int i = 0; i != 100; ++i) corun::yield();
        });
        corun::event e;
        auto waits = corun::spawn([&] { corun::yield(e.wait()); });
        corun::yield();
        const auto before = figures();
        for (int i = 0; i != 50; ++i) corun::yield();  // this fiber and the other one take turns
        const auto after = figures();
        BOOST_TEST(after.switches - before.switches == 100u);
        BOOST_TEST(after.waits - before.waits == 0u);
        e.set();
        corun::yield(waits.join());
        corun::yield(corun::sleep_for(1ms));
        BOOST_TEST(figures().waits - after.waits >= 1u);
        corun::yield(other.join());
        BOOST_TEST(figures().stacks_cached >= 1u);
    });
}

BOOST_AUTO_TEST_CASE(switches_are_counted_also_when_the_queue_grows) {
    corun::run([] {
        const auto before = figures().switches;
        std::vector<corun::fiber<>> all;
        for (int i = 0; i != 1000; ++i) all.push_back(corun::spawn([] { corun::yield(); }));
        for (auto& f : all) corun::yield(f.join());
        const auto grown = figures().switches - before;
        BOOST_TEST(grown >= 2000u);
        BOOST_TEST(grown < 4100u);
    });
}

BOOST_AUTO_TEST_CASE(times_are_measured_only_while_they_are_wanted) {
    corun::run([] {
        corun::yield(corun::sleep_for(1ms));
        const auto without = figures();
        BOOST_TEST(without.in_fibers.count() == 0);
        BOOST_TEST(without.runs.count() == 0u);
        {
            const corun::run_times wanted;
            corun::yield(corun::sleep_for(5ms));
            const auto until = std::chrono::steady_clock::now() + 5ms;
            while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
            corun::yield(corun::sleep_for(1ms));
            for (int i = 0; i != 600; ++i) corun::yield();
        }
        const auto with = figures();
        BOOST_TEST((with.in_fibers >= 5ms));
        BOOST_TEST((with.elsewhere > 0ms));
        BOOST_TEST(with.runs.count() > 0u);
        BOOST_TEST((with.longest_lag >= with.last_lag));
        corun::yield(corun::sleep_for(1ms));
        BOOST_TEST(figures().runs.count() == with.runs.count());
    });
}

// Each loop goes on until the figure that it is about has grown: a figure that does not is a test without end.
BOOST_AUTO_TEST_CASE(time_in_the_program_in_the_kernel_and_idle_are_told_apart) {
    corun::run([] {
        const auto unmeasured = figures();
        BOOST_TEST(unmeasured.thread == 0u);
        BOOST_TEST(unmeasured.thread_age.count() == 0);
        const corun::run_times wanted;
        corun::yield(corun::sleep_for(1ms));
        const auto first = figures();
        BOOST_TEST(first.thread == static_cast<std::uint64_t>(::gettid()));
        std::atomic<std::uint64_t> sum = 0;
        while (figures().thread_user - first.thread_user < 50ms)
            for (int i = 0; i != 1'000'000; ++i) sum.fetch_add(1, std::memory_order_relaxed);
        const int zero = ::open("/dev/zero", O_RDONLY);
        std::vector<char> buffer(1 << 20);
        while (figures().thread_kernel - first.thread_kernel < 50ms)
            for (int i = 0; i != 20; ++i) BOOST_REQUIRE(::read(zero, buffer.data(), buffer.size()) > 0);
        ::close(zero);
        const auto before = figures();
        corun::yield(corun::sleep_for(50ms));
        const auto after = figures();
        BOOST_TEST((after.thread_age - before.thread_age >= 50ms));
        while (figures().thread_idle() - before.thread_idle() < 50ms) corun::yield(corun::sleep_for(10ms));
        BOOST_TEST((after.thread_user >= before.thread_user));
    });
}

BOOST_AUTO_TEST_CASE(from_another_thread_while_the_fibers_run) {
    std::atomic<bool> ends{false};
    std::atomic<int> turns{0};
    const auto take_turns = [&] {
        for (; !ends; ++turns) corun::yield();
    };
    std::thread other{[&] {
        corun::run([&] {
            auto partner = corun::spawn(take_turns);
            take_turns();
            corun::yield(partner.join());
        });
    }};
    std::uint64_t last = 0;
    for (int looks = 0; looks != 20; ++looks) {
        // Looking keeps the fibers from running: without their turns in between, looks could follow each other for ever.
        for (const int before = turns; turns < before + 2;) std::this_thread::yield();
        const auto seen = figures();
        BOOST_TEST(seen.switches > last);
        last = seen.switches;
    }
    ends = true;
    other.join();
    BOOST_TEST(last > 0u);
}

BOOST_AUTO_TEST_CASE(of_a_fiber_that_does_not_yield_it_says_so) {
    std::atomic<bool> spins{false}, ends{false};
    std::thread other{[&] {
        corun::run([&] {
            spins = true;
            while (!ends) std::this_thread::yield();
        });
    }};
    while (!spins) std::this_thread::yield();
    bool is_incomplete = false;
    for (const auto& m : corun::metrics(1ms)) is_incomplete |= !m.is_complete;
    ends = true;
    other.join();
    BOOST_TEST(is_incomplete);
}

BOOST_AUTO_TEST_CASE(the_text_for_prometheus_has_a_type_for_each_name_and_escapes_labels) {
    corun::scheduler_metrics m;
    m.scheduler = 7;
    m.live = 3;
    m.waiting["a \"quoted\\\nname"] = 2;
    m.thread = 12;
    m.thread_kernel = 1500ms;
    m.in_fibers = 1234567h + 891us;
    m.runs.runs[5] = 4;
    m.runs.runs[20] = 1;
    std::ostringstream out;
    out.imbue(corun_test::grouping_locale());
    out << std::hex << std::setprecision(2);
    corun::write_prometheus(out, {m, corun::scheduler_metrics{}});
    std::istringstream lines{out.str()};
    const std::regex sample{R"re(([a-z_]+?)(_bucket|_sum|_count)?\{(?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)+\} [0-9.e+-]+)re"};
    std::set<std::string> typed, sampled;
    for (std::string line; std::getline(lines, line);) {
        std::smatch parts;
        if (line.starts_with("# TYPE ")) {
            BOOST_TEST(typed.insert(line.substr(7, line.find(' ', 7) - 7)).second, line);
        } else if (!line.starts_with("# HELP ")) {
            BOOST_REQUIRE_MESSAGE(std::regex_match(line, parts, sample), line);
            sampled.insert(parts[1]);
        }
    }
    BOOST_TEST((typed == sampled), out.str());
    const auto has = [&](const char* line) { return out.str().find(line) != std::string::npos; };
    BOOST_TEST(has("corun_fibers_live{scheduler=\"7\"} 3\n"));
    BOOST_TEST(has("cause=\"a \\\"quoted\\\\\\nname\"} 2\n"), out.str());
    BOOST_TEST(has("corun_thread_cpu_seconds_total{scheduler=\"7\",thread=\"12\",mode=\"kernel\"} 1.5\n"), out.str());
    BOOST_TEST(has("corun_fiber_seconds_total{scheduler=\"7\"} 4444441200.00089\n"), out.str());
    BOOST_TEST(has("corun_run_seconds_bucket{scheduler=\"7\",le=\"+Inf\"} 5\n"), out.str());
}

BOOST_AUTO_TEST_SUITE_END()
