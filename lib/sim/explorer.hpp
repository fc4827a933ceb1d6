// The tree of decisions, walked depth first without memory of states: each run repeats the decisions that lead to its leaf.
#pragma once

#include "loop.hpp"

#include <corun/sim/explore.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace corun::detail {

// What makes it sound to leave out runs with sleep sets, where that was asked for:
// - A transition is a fiber's turn: from one yield to the next, with the handlers and wake-ups that it causes. Between two turns
//   nothing happens, except that time passes, which it does only when no fiber can run; so it never competes with a turn.
// - Two turns commute if neither writes what the other one reads or writes. The runtime declares what it touches itself: a fiber's
//   record is read by its own turns (is it cancelled?) and by joins and done(), and written by its end, by cancel() and by waking it;
//   the numbering of fibers is written by each spawn. Turns that are followed by handlers from Asio or the simulated network count
//   as touching everything, since nobody declares what those do.
// - What remains is the program's own memory. It declares with corun::shared<T>, or the claim reduction::all_state_is_marked is
//   wrong.
// - Names of objects are the same in every order of commuting turns: made of the creating fiber and its count of objects.
// - A fiber that sleeps would only repeat a run that was explored before. It is removed as soon as a turn that does not commute
//   with
//   its next one has run. The footprint of that next turn is what it touched when it was explored, with all outcomes of sim::choose.
class explorer final : public chooser {
public:
    explicit explorer(const sim::explore_options& options) noexcept : options_{options} {}

    void begin_run() noexcept;
    // To the next leaf. False: there is none.
    [[nodiscard]] bool next_run();
    // The run left the path that it was to repeat.
    [[nodiscard]] bool has_diverged() const noexcept { return diverged_; }

    std::size_t turn(const candidates& among) override;
    std::size_t choose(std::size_t n, double probability) override;
    void has_run(std::uint64_t fiber, const footprint& touched) override;
    bool may_run(std::uint64_t fiber) override { return !is_asleep(fiber, asleep_); }

private:
    struct sleeper {
        std::uint64_t fiber;
        footprint next_turn;
    };
    using sleepers = std::vector<sleeper>;

    struct node {
        std::uint32_t count;
        std::uint32_t chosen;
        std::uint64_t identity;  // of the candidates, to notice when the program does something else
        std::size_t preemptions;  // before it, on the path
        std::size_t faults;
        bool is_turn;
        bool goes_on;  // any choice but 0 takes a turn away
        bool is_fault;
        std::uint64_t fiber;  // the chosen one
        footprint touched;  // by its turn, in every run so far
        std::vector<std::uint64_t> fibers;  // candidates; only with a reduction
        sleepers asleep;  // whom not to try: slept when the run came here, or explored here
    };

    [[nodiscard]] bool reduces() const noexcept { return options_.reduction != sim::reduction::none; }
    [[nodiscard]] static bool is_asleep(std::uint64_t fiber, const sleepers& all) noexcept;
    [[nodiscard]] static bool is_free(const node& at, std::size_t choice) noexcept { return choice == 0 || !at.goes_on; }
    [[nodiscard]] bool allows(const node& at, std::size_t choice) const noexcept;
    [[nodiscard]] std::size_t first_allowed(const node& at, std::size_t from) const noexcept;
    node& add_node();
    std::size_t take(node& at) noexcept;
    std::size_t repeat(std::uint64_t identity, std::size_t count) noexcept;

    const sim::explore_options options_;
    std::vector<node> nodes_;  // the first depth_ are the path; the others keep their memory
    std::size_t depth_ = 0;
    std::size_t position_ = 0;  // on the path, in the current run
    std::size_t preemptions_ = 0;  // in the current run
    std::size_t faults_ = 0;
    std::size_t turn_node_ = none;  // whose turn is running
    sleepers asleep_;  // in the current run
    bool diverged_ = false;

    static constexpr std::size_t none = static_cast<std::size_t>(-1);
};

}  // namespace corun::detail
