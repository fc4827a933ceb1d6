// Groups end for every cause, at every moment, nested or not; and again where the loop is stopped and destroyed after each event.
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <optional>
#include <ostream>
#include <stdexcept>
#include <string>

using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

enum class cause { child_throws, body_throws, outer_cancels, timeout_fires };
// The body still runs; or the parent is parked for its children; or all children that it waited for have ended, and it is to run
// next.
enum class moment { before, parked, after };

struct scenario {
    cause by;
    moment at;
    bool nested;
    friend std::ostream& operator<<(std::ostream& out, const scenario& s) {
        constexpr const char* causes[] = {"child throws", "body throws", "outer cancels", "timeout fires"};
        constexpr const char* moments[] = {"before", "while parked", "after"};
        return out << causes[int(s.by)] << ", " << moments[int(s.at)] << (s.nested ? ", nested" : "");
    }
};

struct drop_counters {
    int made = 0, destroyed = 0;  // captures and locals of fibers, and what is deferred
    int acquired = 0, released = 0;  // by what was deferred, with a switch
    bool reached_in_time = false;  // all fibers came to where the scenario wants them before a timeout fired
    std::string outcome;  // empty: it did not come to that
};

// Counts its copies, too.
class counted {
public:
    explicit counted(drop_counters& all) noexcept : all_{all} { ++all_.made; }
    counted(const counted& other) noexcept : counted{other.all_} {}
    ~counted() { ++all_.destroyed; }

private:
    drop_counters& all_;
};

// Each is one event of the loop.
void take_steps(asio::io_context& io, int n) {
    for (; n != 0; --n) corun::yield(asio::post(io, asio::deferred));
}

class program {
public:
    program(asio::io_context& io, scenario s, std::chrono::milliseconds limit, drop_counters& all)
        : io_{io}, s_{s}, limit_{limit}, all_{all} {
        outermost_ = corun::spawn(io, [this] { conclude(); });
        if (s_.by == cause::outer_cancels && s_.at != moment::after)
            corun::spawn(io, [this] {
                take_steps(io_, 4);
                outermost_.cancel();
            });
    }

private:
    void conclude() {
        const counted local{all_};
        try {
            if (s_.by == cause::timeout_fires)
                corun::yield(corun::with_timeout(limit_, [this] { groups(); }));
            else
                groups();
            all_.outcome = "returned";
        } catch (const std::runtime_error& e) {
            all_.outcome = dynamic_cast<const corun::timed_out*>(&e) != nullptr ? "timed out" : e.what();
        } catch (const corun::cancelled& c) {
            all_.outcome = to_string(c.reason());
            throw;
        }
    }

    void groups() {
        if (!s_.nested) {
            tested_group();
            return;
        }
        corun::yield(corun::with_group([this](corun::group& outer) {
            acquire_in(outer);
            outer.spawn([this, mine = counted{all_}] { tested_group(); });
            outer.spawn([this, mine = counted{all_}] { wait_for_ever(); });
        }));
    }

    void tested_group() {
        corun::yield(corun::with_group([this](corun::group& g) {
            const counted local{all_};
            acquire_in(g);
            g.spawn([this, mine = counted{all_}] { s_.at == moment::after ? take_steps(io_, 2) : wait_for_ever(); });
            g.spawn([this, g, mine = counted{all_}]() mutable { act_as_child(g); });
            act_as_body(g);
        }));
    }

    void act_as_body(corun::group& g) {
        if (s_.by == cause::body_throws) {
            if (s_.at == moment::parked) take_steps(io_, 2);  // its children wait by now; it is parked while they unwind
            if (s_.at != moment::after) throw std::runtime_error{"body"};
            g.defer([mine = counted{all_}] { throw std::runtime_error{"body"}; });
        }
        if (s_.at == moment::before) wait_for_ever();
    }

    void act_as_child(corun::group& g) {
        const counted local{all_};
        take_steps(io_, 3);
        all_.reached_in_time = s_.by != cause::timeout_fires || corun::clock::now() < corun::this_fiber::deadline();
        if (s_.at != moment::after) {
            if (s_.by == cause::child_throws) throw std::runtime_error{"child"};
            wait_for_ever();
        }
        // It is the last child; what follows until it has ended is one turn.
        if (s_.by == cause::child_throws)
            corun::spawn([g, this]() mutable {  // runs between the end of the last child and the parent
                try {
                    g.spawn([mine = counted{all_}] { throw std::runtime_error{"child"}; });
                } catch (const corun::group_ended&) {  // the loop was stopped in between, and destroyed
                }
            });
        if (s_.by == cause::outer_cancels) outermost_.cancel();
        if (s_.by == cause::timeout_fires)
            for (const auto late = corun::this_fiber::deadline(); corun::clock::now() < late;) {
            }
    }

    void wait_for_ever() {
        const counted local{all_};
        corun::yield(corun::sleep_for(24h));
    }

    void acquire_in(corun::group& g) {
        g.defer([this, mine = counted{all_}] {
            corun::yield();
            ++all_.released;
        });
        ++all_.acquired;
    }

    asio::io_context& io_;
    const scenario s_;
    const std::chrono::milliseconds limit_;
    drop_counters& all_;
    corun::fiber<> outermost_;
};

// What comes out of the outermost block. Where all children had ended by themselves, completion wins over a cancellation; in the
// nested case it has cut a sibling.
std::string expected(const scenario& s) {
    if (s.by == cause::child_throws) return "child";
    if (s.by == cause::body_throws) return "body";
    if (s.at == moment::after && !s.nested) return "returned";
    return s.by == cause::outer_cancels ? "requested" : "timed out";
}

template <class Check>
void for_each_scenario(Check check) {
    for (const cause by : {cause::child_throws, cause::body_throws, cause::outer_cancels, cause::timeout_fires})
        for (const moment at : {moment::before, moment::parked, moment::after})
            for (const bool nested : {false, true}) check(scenario{by, at, nested});
}

drop_counters run_to_its_end(const scenario& s, std::chrono::milliseconds limit) {
    drop_counters all;
    {
        asio::io_context io;
        const program running{io, s, limit, all};
        io.run();
        BOOST_TEST(corun::scheduler::of(io).live_fibers() == 0u, s);
    }
    return all;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(group_endings, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(every_cause_at_every_moment_ends_in_its_exception_with_everything_released) {
    for_each_scenario([](const scenario& s) {
        drop_counters all = run_to_its_end(s, 1ms);
        // A slow machine may need more than the limit for the way there.
        for (auto limit = 2ms; s.by == cause::timeout_fires && !all.reached_in_time && limit < 1min; limit *= 2)
            all = run_to_its_end(s, limit);
        BOOST_TEST(all.outcome == expected(s), s << ": " << all.outcome);
        BOOST_TEST(all.made == all.destroyed, s << ": made " << all.made << ", destroyed " << all.destroyed);
        BOOST_TEST(all.acquired == (s.nested ? 2 : 1), s);
        BOOST_TEST(all.released == all.acquired, s << ": acquired " << all.acquired << ", released " << all.released);
    });
}

BOOST_AUTO_TEST_CASE(stopped_after_every_number_of_events_everything_is_released_once) {
    for_each_scenario([](const scenario& s) {
        bool ran_through = false;
        std::size_t stop_after = 0;
        for (; !ran_through; ++stop_after) {
            drop_counters all;
            {
                std::optional<program> running;  // its fibers end with the context
                asio::io_context io;
                running.emplace(io, s, 1ms, all);
                std::size_t events = 0;
                while (events != stop_after && io.run_one() != 0) ++events;
                ran_through = events != stop_after;
            }
            BOOST_TEST(all.made == all.destroyed,
                       s << ", stopped after " << stop_after << ": made " << all.made << ", destroyed " << all.destroyed);
            BOOST_TEST(all.released == all.acquired,
                       s << ", stopped after " << stop_after << ": acquired " << all.acquired << ", released " << all.released);
        }
        BOOST_TEST(stop_after > 1u, s);
    });
}

BOOST_AUTO_TEST_SUITE_END()
