// Random small programs, explored in full and with sleep sets: the same outcomes must be reached.
#include "support/leaks.hpp"

#include <corun.hpp>
#include <corun/sim.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace sim = corun::sim;
using namespace std::chrono_literals;

namespace {

enum class act { read, write, add, yield, sleep, spawn, join, cancel, ask_done, choose, group, time_out };

struct step {
    act what;
    std::size_t which;  // variable or fiber
};
using program = std::vector<std::vector<step>>;  // by fiber

program random_program(std::uint64_t seed) {
    std::mt19937_64 random{seed};
    const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
    constexpr act acts[] = {act::read,   act::read,     act::read,   act::write, act::write,   act::write, act::add,
                            act::add,    act::yield,    act::yield,  act::yield, act::sleep,   act::spawn, act::join,
                            act::cancel, act::ask_done, act::choose, act::group, act::time_out};
    program p(2 + below(2));
    for (auto& fiber : p)
        for (std::size_t i = 2 + below(p.size() == 2 ? 4 : 3); i != 0; --i) {
            const act what = acts[below(std::size(acts))];
            fiber.push_back({what, below(what == act::read || what == act::write || what == act::add ? 2 : p.size())});
        }
    return p;
}

// What the run came to: the variables, and what each fiber saw.
class interpreter {
public:
    interpreter(const program& p, std::set<std::string>& outcomes)
        : program_{p}, outcomes_{outcomes}, fibers_(p.size()), saw_(p.size()) {}

    void run() {
        for (std::size_t i = 0; i != program_.size(); ++i) fibers_[i] = corun::spawn([this, i] { run(i); });
        for (auto& f : fibers_) join(f, 0, 'C');
        for (auto& f : children_) join(f, 0, 'C');
        std::string outcome = std::to_string(variables_[0].read()) + " " + std::to_string(variables_[1].read());
        for (const auto& s : saw_) outcome += " " + s;
        if (!corun::this_fiber::cancelled()) outcomes_.insert(outcome);  // not of a run that was given up
    }

private:
    void join(const corun::fiber<>& f, std::size_t self, char if_cancelled) {
        try {
            corun::yield(f.join());
        } catch (const corun::fiber_cancelled&) {
            saw_[self] += if_cancelled;
        }
    }

    // The first failure cancels the other child, at whichever of its yields that finds it.
    void run_group(std::size_t self) {
        try {
            corun::yield(corun::with_group([&](corun::group& g) {
                g.spawn([this, self] {
                    if (variables_[self % 2].read() % 2 != 0) throw std::runtime_error{"odd"};
                });
                g.spawn([this] {
                    corun::yield();
                    ++variables_[0];
                });
            }));
            saw_[self] += 'g';
        } catch (const std::runtime_error&) {
            saw_[self] += 'G';
        }
    }

    void run(std::size_t self) {
        int local = static_cast<int>(self) + 1;
        for (const auto& [what, which] : program_[self]) {
            switch (what) {
                case act::read: saw_[self] += std::to_string(local = variables_[which]); break;
                case act::write: variables_[which] = local * 2 + 1; break;
                case act::add: variables_[which] += local; break;
                case act::yield: corun::yield(); break;
                case act::sleep: corun::yield(corun::sleep_for(which * 1ms)); break;
                case act::spawn:
                    children_.push_back(corun::spawn([this, self] { ++variables_[self % 2]; }));
                    corun::yield(children_.back().join());
                    break;
                case act::join:
                    if (which > self) join(fibers_[which], self, 'c');
                    break;
                case act::cancel: saw_[self] += fibers_[which].cancel() ? 'y' : 'n'; break;
                case act::ask_done: saw_[self] += fibers_[which].done() ? 'd' : '-'; break;
                case act::group: run_group(self); break;
                case act::time_out:
                    try {
                        corun::yield(corun::with_timeout(which * 1ms, corun::sleep_for(1ms)));
                        saw_[self] += 't';
                    } catch (const corun::timed_out&) {
                        saw_[self] += 'T';
                    }
                    break;
                case act::choose: saw_[self] += static_cast<char>('0' + sim::choose(2)); break;
            }
        }
    }

    const program& program_;
    std::set<std::string>& outcomes_;
    std::array<corun::shared<int>, 2> variables_;
    std::vector<corun::fiber<>> fibers_;
    std::vector<corun::fiber<>> children_;
    std::vector<std::string> saw_;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(reduction, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(reaches_the_same_outcomes_as_all_schedules) {
    const char* given = std::getenv("CORUN_TEST_SEED");
#if defined(CORUN_TSAN)  // a switch takes some hundred times as long
    constexpr std::uint64_t usual = 10;
#elif defined(CORUN_SANITIZED)
    constexpr std::uint64_t usual = 50;
#else
    constexpr std::uint64_t usual = 250;
#endif
    const std::uint64_t first = given != nullptr ? std::strtoull(given, nullptr, 10) : 1, last = given != nullptr ? first : usual;
    std::size_t reduced_runs = 0, all_runs = 0, programs = 0;
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        const program p = random_program(seed);
        std::set<std::string> all, reduced;
        const auto full = sim::explore({.max_runs = 4'000}, [&] { interpreter{p, all}.run(); });
        if (!full.exhausted) continue;
        const auto less = sim::explore({.reduction = sim::reduction::all_state_is_marked}, [&] { interpreter{p, reduced}.run(); });
        BOOST_TEST(less.exhausted);
        BOOST_TEST((reduced == all), "CORUN_TEST_SEED=" << seed << ": " << reduced.size() << " outcomes of " << all.size());
        ++programs;
        reduced_runs += less.runs;
        all_runs += full.runs;
    }
    BOOST_TEST_MESSAGE(programs << " programs, " << reduced_runs << " runs instead of " << all_runs);
    BOOST_TEST(reduced_runs < all_runs);
}

BOOST_AUTO_TEST_SUITE_END()
