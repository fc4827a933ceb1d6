// One simulated run: fibers in virtual time, in an order that a seed decides.
#pragma once

#include <corun/clock.hpp>
#include <corun/sim/report.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <string_view>
#include <type_traits>

namespace corun::sim {

/// How the next fiber is chosen among those that are runnable.
struct policy {
    int depth = 0;  ///< 0: each with the same probability, at each turn; else PCT's depth
};
inline constexpr policy random{};
/// Probabilistic concurrency testing (Burckhardt et al., ASPLOS 2010): fibers have random priorities, which change at depth - 1
/// random places. Finds a bug that needs `depth` orderings with a probability that does not shrink with the length of the run.
[[nodiscard]] constexpr policy pct(int depth) noexcept { return {depth}; }

struct run_options {
    std::uint64_t seed = 0;
    sim::policy policy = random;
    std::size_t max_steps = 10'000'000;  ///< turns; a run that takes more has failed (explore: is cut)
    std::size_t patience = 1'000;  ///< turns of others after which a runnable fiber gets its own, whatever the schedule says
    std::size_t starvation =
        0;  ///< turns of others after which a fiber that waits, but not for a time, counts as starved; 0: never
    bool failures_may_be_unhandled = false;  ///< those that nobody receives are noted in the trace, and the run goes on
    bool fibers_may_be_left = false;  ///< fibers that live when the body has returned are cancelled, as by corun::run
    std::optional<clock::duration> blocking_delay =
        {};  ///< functions given to `blocking` run in the simulation, after a random delay up
        ///< to this; without it they are an error that names the place
    std::size_t stack_size = 128 * 1024;
    bool throws = true;  ///< a failed run throws; otherwise it is returned
};

namespace detail {

// A function or function object that is called many times and outlives the calls.
class body_ref {
public:
    template <class Body>
    explicit body_ref(Body& body) noexcept : call_{[](body_ref self) { (void)self.as<Body>()(); }} {
        if constexpr (std::is_function_v<Body>)
            function_ = reinterpret_cast<void (*)()>(&body);
        else
            object_ = const_cast<void*>(static_cast<const void*>(&body));
    }
    void operator()() const { call_(*this); }

private:
    template <class Body>
    Body& as() const noexcept {
        if constexpr (std::is_function_v<Body>)
            return *reinterpret_cast<Body*>(function_);
        else
            return *static_cast<Body*>(object_);
    }

    union {
        void* object_;
        void (*function_)();
    };
    void (*call_)(body_ref);
};

report run(const run_options& options, body_ref body, std::source_location at);

}  // namespace detail

/// Runs a function as the first fiber of a scheduler of its own, without real I/O, on the calling thread. Time (corun::clock)
/// stands still while any fiber is runnable, and jumps to the next timer when none is: sleeps take no time. Which runnable fiber is
/// next is decided by the seed, at every yield; a yield on an operation that is ready at once may give way, too.
///
/// When the function has returned, the other fibers go on as long as they need no time; then none may be left.
///
/// Throws what the function throws; sim::failure for everything else that failure_kind names; switch_forbidden on a fiber.
/// @param body  called once; what it returns is dropped
template <class Body>
    requires std::invocable<Body&>
report run(const run_options& options, Body&& body, std::source_location at = std::source_location::current()) {
    return detail::run(options, detail::body_ref{body}, at);
}

/// Whether the caller is inside of a simulation. Any thread.
[[nodiscard]] bool is_simulated() noexcept;

/// A decision of the run: a number below n. 0 where nothing else was decided; explore tries each. Throws std::logic_error outside
/// of a simulation.
[[nodiscard]] std::size_t choose(std::size_t n);

/// A number that the seed decides. Outside of a simulation from std::random_device.
[[nodiscard]] std::uint64_t random_number();

/// Throws std::logic_error with the text, and the place, unless the condition holds. For tests without a test framework's macros.
void require(bool condition, std::string_view text = "a requirement does not hold",
             std::source_location where = std::source_location::current());

}  // namespace corun::sim
