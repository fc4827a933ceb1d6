// Random small programs on each primitive, explored in full and with sleep sets: the same outcomes must be reached. What a
// primitive does not declare to the simulation (detail::named_object) is missing here.
#include "support/leaks.hpp"
#include "support/primitive_kinds.hpp"

#include <corun.hpp>
#include <corun/sim.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <cstdlib>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace sim = corun::sim;
using namespace std::chrono_literals;
using namespace corun_test;

namespace {

struct conditions {
    static constexpr int acts = 3;
    corun::mutex m;
    corun::condition_variable changed;
    std::string act(int which) {
        if (which == 0) changed.notify_one();
        if (which == 1) changed.notify_all();
        if (which == 2) {
            auto held = corun::yield(m.lock());
            return {waited(changed.wait(held))};
        }
        return "";
    }
};

struct calls_once {
    static constexpr int acts = 3;
    corun::once o;
    std::string act(int which) {
        if (which == 0) return o.done() ? "1" : "0";
        try {
            return corun::yield(o.call([&] {
                corun::yield();
                if (which == 1) throw std::runtime_error{"not this time"};
            }))
                       ? "c"
                       : "-";
        } catch (const std::runtime_error&) {
            return "x";
        }
    }
};

struct rates {
    static constexpr int acts = 2;
    corun::rate_limiter l{1000.0, 2.0};
    std::string act(int which) {
        if (which == 0) return l.try_acquire() ? "t" : "f";
        return {waited(l.acquire(2))};
    }
};

struct selections {
    static constexpr int acts = 3;
    corun::channel<int> a{1}, b{1};
    std::string act(int which) {
        if (which == 0) return a.try_send(1) ? "t" : "f";
        if (which == 1) return {waited(b.send(1))};
        const auto chosen = corun::yield(corun::move_on_after(1ms, corun::select(a.receive(), b.receive())));
        return chosen ? std::to_string(chosen->index()) : "n";
    }
};

struct races {
    static constexpr int acts = 3;
    corun::concurrent_event a;
    corun::channel<int> b{1};
    std::string act(int which) {
        if (which == 0) a.set();
        if (which == 1) return b.try_send(1) ? "t" : "f";
        if (which == 2) {
            auto ended = corun::yield(corun::race(a.wait(), b.receive(), corun::sleep_for(1ms)));
            return std::to_string(ended.winner());
        }
        return "";
    }
};

struct supervisions {
    static constexpr bool spawns_fibers = true;  // so that programs are to be small
    static constexpr int acts = 2;
    corun::event over;
    std::string act(int which) {
        std::string saw;
        if (which == 0) over.set();
        if (which == 1) {
            const auto life = [&](char name, int lives) {
                return corun::child{.name = {name}, .function = [&saw, name, lives, n = 0]() mutable {
                                        saw += name;
                                        if (++n == lives) throw std::runtime_error{"the end"};
                                        corun::yield();
                                    }};
            };
            try {
                corun::yield(corun::move_on_after(
                    1ms, corun::supervise({.strategy = corun::rest_for_one, .max_restarts = 1}, life('a', 2), life('b', 1))));
            } catch (const corun::restarts_exhausted& e) {
                saw += e.last() ? 'F' : 'R';
            }
        }
        return saw;
    }
};

struct groups {
    static constexpr bool spawns_fibers = true;
    static constexpr int acts = 2;
    corun::event over;
    std::string act(int which) {
        if (which == 0) over.set();
        std::string saw;
        corun::yield(corun::with_group([&](corun::group& g) {
            for (char name : {'a', 'b'})
                g.spawn([&saw, name] {
                    corun::yield();
                    saw += name;
                });
        }));
        return over.is_set() ? "o" : "-";
    }
};

using program = std::vector<std::vector<int>>;  // by fiber: acts

template <class Kind>
program random_program(std::uint64_t seed) {
    std::mt19937_64 random{seed};
    constexpr bool spawns = requires { Kind::spawns_fibers; };
    program p(spawns ? 2 : 2 + random() % 2);
    for (auto& fiber : p)
        for (std::size_t i = spawns ? 1 : 1 + random() % (p.size() == 2 ? 3 : 2); i != 0; --i)
            fiber.push_back(static_cast<int>(random() % (Kind::acts + 1)));  // the last: a plain yield
    return p;
}

template <class Kind>
void interpret(const program& p, std::set<std::string>& outcomes) {
    Kind shared;
    std::vector<std::string> saw(p.size());
    std::vector<corun::fiber<>> fibers;
    for (std::size_t i = 0; i != p.size(); ++i)
        fibers.push_back(corun::spawn([&, i] {
            for (const int act : p[i]) {
                if (act == Kind::acts)
                    corun::yield();
                else
                    saw[i] += shared.act(act);
            }
        }));
    for (auto& f : fibers) corun::yield(f.join());
    std::string all;
    for (const auto& s : saw) all += s + " ";
    outcomes.insert(all);
}

using kinds = std::tuple<
    locks<corun::mutex>, locks<corun::concurrent_mutex>, reads_and_writes, permits<corun::semaphore>,
    permits<corun::concurrent_semaphore>, flags<corun::event, corun::event_reset::manual>,
    flags<corun::event, corun::event_reset::automatic>, flags<corun::concurrent_event, corun::event_reset::automatic>,
    latches<corun::latch>, latches<corun::concurrent_latch>, wait_groups<corun::wait_group>,
    wait_groups<corun::concurrent_wait_group>, barriers, channels<corun::channel<int>, 0>, channels<corun::channel<int>, 1>,
    channels<corun::concurrent_channel<int>, 0>, channels<corun::concurrent_channel<int>, 1>, broadcasts<corun::broadcast<int>>,
    broadcasts<corun::concurrent_broadcast<int>>, conditions, calls_once, rates, selections, races, supervisions, groups>;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(reduction_primitives, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE_TEMPLATE(reaches_the_same_outcomes_as_all_schedules, kind, kinds) {
    const char* given = std::getenv("CORUN_TEST_SEED");
#if defined(CORUN_SANITIZED)  // a switch takes some hundred times as long
    constexpr std::uint64_t usual = 3;
#else
    constexpr std::uint64_t usual = 30;
#endif
    const std::uint64_t first = given != nullptr ? std::strtoull(given, nullptr, 10) : 1, last = given != nullptr ? first : usual;
    std::size_t programs = 0;
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        const program p = random_program<kind>(seed);
        std::set<std::string> all, reduced;
        const sim::run_options run{.failures_may_be_unhandled = true, .fibers_may_be_left = true, .throws = false};
        const auto full = sim::explore({.max_runs = 4'000, .run = run}, [&] { interpret<kind>(p, all); });
        BOOST_TEST(full.passed(), full.what);
        if (!full.exhausted) continue;
        ++programs;
        const auto less =
            sim::explore({.reduction = sim::reduction::all_state_is_marked, .run = run}, [&] { interpret<kind>(p, reduced); });
        BOOST_TEST(less.exhausted);
        BOOST_TEST((reduced == all), "CORUN_TEST_SEED=" << seed << ": " << reduced.size() << " outcomes of " << all.size());
    }
    BOOST_TEST(programs > 0U);
    BOOST_TEST_MESSAGE(programs << " programs");
}

BOOST_AUTO_TEST_SUITE_END()
