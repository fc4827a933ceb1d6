// Meeting again and again.
#pragma once

#include <corun/detail/checked_count.hpp>
#include <corun/detail/wait_list.hpp>

#include <cstddef>

namespace corun {

/// Fibers of one scheduler that wait for each other at the end of each phase. Any use on another scheduler throws wrong_scheduler.
class barrier {
public:
    class arrival;

    /// @param parties  how many arrivals end a phase; at least 1, or std::invalid_argument is thrown
    explicit barrier(std::ptrdiff_t parties) : parties_{detail::at_least(1, parties, "corun: a barrier for nobody")} {}
    barrier(const barrier&) = delete;
    barrier& operator=(const barrier&) = delete;

    /// An operation: arrives, and waits for the others. True for one fiber of each phase, the last to arrive and wait: it can do,
    /// before it next yields, what is to be done once between two phases. A cancelled one has not arrived. Not for `select`.
    [[nodiscard]] arrival arrive_and_wait() noexcept;
    /// Arrives for this phase and leaves for good: later ones need one arrival less. Never switches. Throws std::logic_error if
    /// all have left.
    void arrive_and_drop();

private:
    [[nodiscard]] bool is_complete_with_one_more() const { return arrived_ + 1 >= parties_; }
    void end_phase() noexcept {
        arrived_ = 0;
        detail::grant_all(waiting_);
    }

    void end_phase_for_last() noexcept;

    detail::wait_list waiting_;
    std::ptrdiff_t parties_;
    std::ptrdiff_t arrived_ = 0;  // and waiting
    detail::home home_;
};

/// The operation of `barrier::arrive_and_wait`.
class [[nodiscard]] barrier::arrival : public detail::committing<arrival> {
public:
    explicit arrival(barrier& b) noexcept : barrier_{&b} {}
    arrival(arrival&& other) noexcept : barrier_{other.barrier_} {}  // before it starts

    static constexpr bool has_effects_before_its_end = true;
    [[nodiscard]] bool available() const {
        barrier_->home_.check("barrier");
        return barrier_->is_complete_with_one_more();
    }
    [[nodiscard]] bool try_commit() {
        if (!available()) return false;
        is_last_ = true;
        barrier_->end_phase();
        return true;
    }
    [[nodiscard]] detail::wait_list& queue() noexcept { return barrier_->waiting_; }
    void about_to_wait() noexcept { ++barrier_->arrived_; }
    void left() noexcept { --barrier_->arrived_; }
    bool get() noexcept { return is_last_; }

private:
    friend class barrier;
    barrier* barrier_;
    bool is_last_ = false;
};

inline barrier::arrival barrier::arrive_and_wait() noexcept { return arrival{*this}; }

inline void barrier::arrive_and_drop() {
    home_.check("barrier");
    if (parties_ == 0) detail::refuse_use("corun: more dropped out of a barrier than take part");
    --parties_;
    if (parties_ > 0 && arrived_ >= parties_) end_phase_for_last();
}

// Who drops out does nothing between two phases, so it is up to the last who waits.
inline void barrier::end_phase_for_last() noexcept {
    arrived_ = 0;
    while (detail::waiter* first = waiting_.claim_first()) {
        detail::grant(*first);  // which takes it out of the line, and runs nothing
        static_cast<arrival*>(first)->is_last_ = waiting_.empty();
    }
}

}  // namespace corun
