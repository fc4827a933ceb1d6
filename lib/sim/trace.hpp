// What happened in a simulated run: the fibers, and their turns.
#pragma once

#include <corun/clock.hpp>
#include <corun/detail/record.hpp>
#include <corun/detail/wait_info.hpp>

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string>
#include <vector>

namespace corun::detail {

// A fiber of the run. Its number is its place in run_trace::fibers; 0 is the loop, 1 the body's.
struct traced_fiber {
    fiber_record* record = nullptr;  // null once it has ended
    std::string name;
    std::source_location where;      // of its last yield, or of its spawn
    std::size_t since = 0;           // the turn in which it became runnable
    std::size_t left = 0;            // the turn that was its last
    std::uint32_t objects = 0;       // that it has named
    bool is_runnable = false;
};

class run_trace {
public:
    struct decision {
        std::size_t place = 0;    // among the run's decisions
        std::size_t choice = 0;
        std::size_t choices = 1;  // 1: nothing was to be decided
    };

    void clear(clock::time_point begin, bool keeps_turns);
    void add_fiber(fiber_record& fresh);

    // The hash is over what does not differ between processes: numbers, lines, the time.
    void turn(std::uint64_t number, const std::source_location& from, const decision& by, clock::time_point now);
    void event(std::uint64_t number, const char* text, clock::time_point now);
    void time(clock::time_point now) noexcept { mix(static_cast<std::uint64_t>(now.time_since_epoch().count())); }

    [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }
    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::string name_of(std::uint64_t number) const;        // 'name' (#3)
    [[nodiscard]] std::string wait_of(const traced_fiber& fiber) const;   // "in join of 'a' (#2) at x.cpp:12"

    std::vector<traced_fiber> fibers;
    std::size_t count = 0;  // of `fibers`, whose strings are used again by the next run

private:
    // What a fiber stood still in, kept for when it no longer does.
    struct wait {
        const wait_kind* kind = nullptr;  // null: in nothing, it gave way
        wait_info info;
        std::uint64_t holder = 0;  // the number of info.holder, who may have ended
    };
    enum class line_kind : std::uint8_t { ends, gives_way, waits, event };
    struct line {
        clock::time_point when;
        std::uint64_t number;
        line_kind kind;
        std::source_location from, to;
        const char* event;
        wait what;
        decision by;
    };
    void mix(std::uint64_t value) noexcept { hash_ = (hash_ ^ value) * 0x9fb21c651e98df25U, hash_ ^= hash_ >> 32; }

    clock::time_point begin_{};
    bool keeps_turns_ = false;
    std::uint64_t hash_ = 0;
    std::vector<line> lines_;  // the first ones and, round and round, the last ones
    std::size_t lines_added_ = 0;

    line& add_line();
    [[nodiscard]] static wait wait_now(const traced_fiber& fiber);
    [[nodiscard]] std::string describe(const wait& what, const std::source_location& where) const;
    [[nodiscard]] std::string describe(const line& l) const;
};

}  // namespace corun::detail
