// Random small programs on each primitive, explored in full and with sleep sets: the same outcomes must be reached. What a primitive
// does not declare to the simulation (detail::named_object) is missing here.
#include "support/leaks.hpp"

#include <corun.hpp>
#include <corun/sim.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace sim = corun::sim;
using namespace std::chrono_literals;

namespace {

// Waits, but not for ever: 'y' or 'n'.
template <class Op>
char waited(Op&& op) {
    const auto in_time = corun::yield(corun::move_on_after(1ms, std::forward<Op>(op)));
    return in_time ? 'y' : 'n';
}

// A kind has the functions that a program is made of. Each says what it saw. Nothing but the primitive is shared.
template <class Mutex>
struct locks {
    static constexpr int acts = 3;
    Mutex m;
    std::string act(int which) {
        if (which == 0) {
            const auto held = corun::yield(m.lock());
            corun::yield();
            return "l";
        }
        if (which == 1) {
            const auto held = m.try_lock();
            if (held) corun::yield();
            return held ? "t" : "f";
        }
        if constexpr (requires { m.is_locked(); }) return m.is_locked() ? "1" : "0";
        return {waited(m.lock())};
    }
};

struct reads_and_writes {
    static constexpr int acts = 4;
    corun::shared_mutex m;
    std::string act(int which) {
        if (which == 0) {
            const auto held = corun::yield(m.lock());
            corun::yield();
            return "w";
        }
        if (which == 1) {
            const auto held = corun::yield(m.lock_shared());
            corun::yield();
            return "r";
        }
        if (which == 2) return m.try_lock_shared() ? "t" : "f";
        return {waited(m.lock())};
    }
};

template <class Semaphore>
struct permits {
    static constexpr int acts = 5;
    Semaphore s{1};
    std::string act(int which) {
        if (which == 0) return std::to_string(s.permits());
        if (which == 1) return s.try_acquire() ? "t" : "f";
        if (which == 2) return {waited(s.acquire())};
        if (which == 3) return {waited(s.acquire(2))};
        s.release();
        return "r";
    }
};

template <class Event, corun::event_reset kind>
struct flags {
    static constexpr int acts = 5;
    Event e{kind};
    std::string act(int which) {
        if (which == 0) e.set();
        if (which == 1) e.reset();
        if (which == 2) return e.is_set() ? "1" : "0";
        if (which == 3) return e.try_wait() ? "t" : "f";
        if (which == 4) return {waited(e.wait())};
        return "";
    }
};

template <class Latch>
struct latches {
    static constexpr int acts = 3;
    Latch l{2};
    std::string act(int which) {
        if (which == 0 && !l.try_wait()) l.count_down();
        if (which == 1) return l.try_wait() ? "t" : "f";
        if (which == 2) return {waited(l.wait())};
        return "";
    }
};

template <class WaitGroup>
struct wait_groups {
    static constexpr int acts = 4;
    WaitGroup g;
    std::string act(int which) {
        if (which == 0) g.add(1);
        if (which == 1 && !g.try_wait()) g.done();
        if (which == 2) return g.try_wait() ? "t" : "f";
        if (which == 3) return {waited(g.wait())};
        return "";
    }
};

struct barriers {
    static constexpr int acts = 2;
    corun::barrier b{2};
    std::string act(int which) {
        if (which == 0) return {waited(b.arrive_and_wait())};
        if (const auto last = corun::yield(corun::move_on_after(1ms, b.arrive_and_wait()))) return *last ? "l" : "a";
        return "n";
    }
};

template <class Channel, std::size_t capacity>
struct channels {
    static constexpr int acts = 6;
    Channel c{capacity};
    int next = 0;
    std::string act(int which) {
        try {
            if (which == 0) return std::to_string(c.size());
            if (which == 1) return {waited(c.send(7))};
            if (which == 2) {
                const auto value = corun::yield(corun::move_on_after(1ms, c.receive()));
                return !value ? "n" : *value ? "v" : "e";
            }
            if (which == 3) return c.try_send(5) ? "t" : "f";
            if (which == 4) {
                const auto value = c.try_receive();
                return value ? std::to_string(*value) : "-";
            }
            c.close();
            return c.closed() ? "c" : "?";
        } catch (const corun::channel_closed&) {
            return "x";
        }
    }
};

template <class Broadcast>
struct broadcasts {
    static constexpr int acts = 3;
    Broadcast b{1};
    std::string act(int which) {
        if (which == 0) {
            b.send(1);
            return "";
        }
        auto mine = b.subscribe();
        if (which == 1) {
            corun::yield();
            if constexpr (requires { mine.pending(); }) return std::to_string(mine.pending());
        }
        const auto message = corun::yield(corun::move_on_after(1ms, mine.receive()));
        return !message ? "n" : !*message ? "e" : std::to_string((*message)->missed);
    }
};

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
                corun::yield(corun::move_on_after(1ms, corun::supervise({.strategy = corun::rest_for_one, .max_restarts = 1},
                                                                        life('a', 2), life('b', 1))));
            } catch (const corun::restarts_exhausted& e) {
                saw += e.last() ? 'F' : 'R';
            }
        }
        return saw;
    }
};

struct groups {
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
    program p(2 + random() % 2);
    for (auto& fiber : p)
        for (std::size_t i = 1 + random() % (p.size() == 2 ? 3 : 2); i != 0; --i)
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

using kinds = std::tuple<locks<corun::mutex>, locks<corun::concurrent_mutex>, reads_and_writes, permits<corun::semaphore>,
                         permits<corun::concurrent_semaphore>, flags<corun::event, corun::event_reset::manual>,
                         flags<corun::event, corun::event_reset::automatic>,
                         flags<corun::concurrent_event, corun::event_reset::automatic>, latches<corun::latch>,
                         latches<corun::concurrent_latch>, wait_groups<corun::wait_group>,
                         wait_groups<corun::concurrent_wait_group>, barriers, channels<corun::channel<int>, 0>,
                         channels<corun::channel<int>, 1>, channels<corun::concurrent_channel<int>, 0>,
                         channels<corun::concurrent_channel<int>, 1>, broadcasts<corun::broadcast<int>>,
                         broadcasts<corun::concurrent_broadcast<int>>, conditions, calls_once, rates, selections, races,
                         supervisions, groups>;

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
        const auto less = sim::explore({.reduction = sim::reduction::all_state_is_marked, .run = run},
                                       [&] { interpret<kind>(p, reduced); });
        BOOST_TEST(less.exhausted);
        BOOST_TEST((reduced == all), "CORUN_TEST_SEED=" << seed << ": " << reduced.size() << " outcomes of " << all.size());
    }
    BOOST_TEST(programs > 0U);
    BOOST_TEST_MESSAGE(programs << " programs");
}

BOOST_AUTO_TEST_SUITE_END()
