// The scheduler that a primitive belongs to.
#pragma once

#include <corun/detail/core.hpp>
#include <corun/detail/simulation.hpp>

#include <atomic>
#include <cstdint>

namespace corun::detail {

// The first one on which it is used, for good. Before that, plain code may use it: to set it up. One word, so that two schedulers
// that begin at the same time cannot both have it. A simulated scheduler is never bound to, so that each use comes to `bind`, which
// declares it to the simulation.
class home {
public:
    // Null until then.
    [[nodiscard]] scheduler_core* core() const noexcept { return core_of(word_.load(std::memory_order_relaxed)); }

    // Every use of a primitive passes here. @param what  the primitive's name
    void check(const char* what) const { check(what, current_core()); }
    void check(const char* what, scheduler_core* here) const { (void)is_open(what, here); }
    // The same, of a primitive that can be closed: false from then on. It is asked for nothing beside the check.
    [[nodiscard]] bool is_open(const char* what, scheduler_core* here) const {
        const std::uintptr_t word = word_.load(std::memory_order_relaxed), own = reinterpret_cast<std::uintptr_t>(here);
        return word == own || word == (own | marked) || bind(here, what);
    }
    // After a check.
    void close() noexcept { set(word_.load(std::memory_order_relaxed) | closed); }

    // A primitive may mark itself while there may be something to take from it. Then one comparison says that `here` may use it,
    // that it is open, and that there is nothing. A mark may be out of date; a missing one may not.
    [[nodiscard]] bool is_open_and_unmarked(scheduler_core* here) const noexcept {
        return word_.load(std::memory_order_relaxed) == reinterpret_cast<std::uintptr_t>(here);
    }
    void mark() noexcept { set(word_.load(std::memory_order_relaxed) | marked); }
    void unmark() noexcept { set(word_.load(std::memory_order_relaxed) & ~marked); }

    // Where the state is only looked at: plain code may do that afterwards, too, when no fiber uses it any more.
    void look(const char* what) const {
        looked_at();
        scheduler_core* here = current_core();
        if (here != nullptr && core() != nullptr && core() != here) [[unlikely]]
            (void)bind(here, what);
    }
    // Declare what is done without a check, after the use has begun.
    void looked_at() const noexcept { touches(name_, access::read); }
    void changed() const noexcept { touches(name_, access::write); }

private:
    static constexpr std::uintptr_t closed = 1, marked = 2;  // beside the address
    static scheduler_core* core_of(std::uintptr_t word) noexcept {
        return reinterpret_cast<scheduler_core*>(word & ~(closed | marked));
    }
    void set(std::uintptr_t word) noexcept { word_.store(word, std::memory_order_relaxed); }

    // Whether it is open. Throws wrong_scheduler.
    [[gnu::cold]] bool bind(scheduler_core* here, const char* what) const;

    named_object name_;
    mutable std::atomic<std::uintptr_t> word_{0};
};

}  // namespace corun::detail
