#include "explorer.hpp"

#include <algorithm>

namespace corun::detail {

void explorer::begin_run() noexcept {
    position_ = preemptions_ = faults_ = 0;
    turn_node_ = none;
    asleep_.clear();
    diverged_ = false;
}

bool explorer::is_asleep(std::uint64_t fiber, const sleepers& all) noexcept {
    return std::any_of(all.begin(), all.end(), [=](const sleeper& s) { return s.fiber == fiber; });
}

bool explorer::allows(const node& at, std::size_t choice) const noexcept {
    if (!at.is_turn) return choice == 0 || !at.is_fault || at.faults < options_.faults;
    if (!is_free(at, choice) && at.preemptions >= options_.preemptions) return false;
    return !reduces() || !is_asleep(at.fibers[choice], at.asleep);
}

std::size_t explorer::first_allowed(const node& at, std::size_t from) const noexcept {
    while (from < at.count && !allows(at, from)) ++from;
    return from;
}

// The path's last node that has another way on gets it; those behind it are forgotten.
bool explorer::next_run() {
    for (; depth_ != 0; --depth_) {
        node& last = nodes_[depth_ - 1];
        if (last.is_turn && reduces()) {
            last.asleep.push_back({last.fiber, last.touched});
            last.touched.clear();
        }
        const std::size_t next = first_allowed(last, last.chosen + 1);
        if (next >= last.count) continue;
        last.chosen = static_cast<std::uint32_t>(next);
        return true;
    }
    return false;
}

explorer::node& explorer::add_node() {
    if (depth_ == nodes_.size()) nodes_.emplace_back();
    node& fresh = nodes_[depth_++];
    fresh.preemptions = preemptions_;
    fresh.faults = faults_;
    return fresh;
}

// Follows the node's choice.
std::size_t explorer::take(node& at) noexcept {
    if (at.is_turn) {
        if (!is_free(at, at.chosen)) ++preemptions_;
        if (reduces()) at.fiber = at.fibers[at.chosen];
        turn_node_ = position_;
    } else if (at.is_fault && at.chosen != 0) {
        ++faults_;
    }
    ++position_;
    return at.chosen;
}

std::size_t explorer::repeat(std::uint64_t identity, std::size_t count) noexcept {
    node& at = nodes_[position_];
    if (at.identity != identity || at.count != count) {
        diverged_ = true;
        return give_up;
    }
    if (reduces() && at.is_turn) asleep_ = at.asleep;
    return take(at);
}

std::size_t explorer::turn(const candidates& among) {
    std::uint64_t identity = among.goes_on ? 3 : 1;
    for (std::size_t i = 0; i != among.count; ++i) identity = identity * 0x100000001b3U + among.fiber(i);
    if (position_ < depth_) return repeat(identity, among.count);
    node& fresh = add_node();
    fresh.count = static_cast<std::uint32_t>(among.count);
    fresh.identity = identity;
    fresh.is_turn = true;
    fresh.goes_on = among.goes_on;
    if (reduces()) {
        fresh.fibers.clear();
        for (std::size_t i = 0; i != among.count; ++i) fresh.fibers.push_back(among.fiber(i));
        fresh.asleep = asleep_;
        fresh.touched.clear();
    }
    const std::size_t first = first_allowed(fresh, 0);
    if (first == among.count) {
        --depth_;
        return give_up;
    }
    fresh.chosen = static_cast<std::uint32_t>(first);
    return take(fresh);
}

std::size_t explorer::choose(std::size_t n, double probability) {
    const std::uint64_t identity = 0;
    if (position_ < depth_) {
        const std::size_t choice = repeat(identity, n);
        return choice == give_up ? 0 : choice;
    }
    node& fresh = add_node();
    fresh.count = static_cast<std::uint32_t>(n);
    fresh.chosen = 0;
    fresh.identity = identity;
    fresh.is_turn = fresh.goes_on = false;
    fresh.is_fault = probability != simulation::even;
    return take(fresh);
}

void explorer::has_run(std::uint64_t fiber, const footprint& touched) {
    if (turn_node_ != none) nodes_[turn_node_].touched.add(touched);
    turn_node_ = none;
    std::erase_if(asleep_, [&](const sleeper& s) { return s.fiber == fiber || s.next_turn.conflicts_with(touched); });
}

}  // namespace corun::detail
