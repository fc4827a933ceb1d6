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
    [[nodiscard]] scheduler_core* core() const noexcept { return core_of(word()); }

    // Every use of a primitive passes here. @param what  the primitive's name
    void check(const char* what) const { check(what, current_core()); }
    void check(const char* what, scheduler_core* here) const { (void)is_open(what, here); }
    // The same, of a primitive that can be closed: false from then on. It is asked for nothing beside the check.
    [[nodiscard]] bool is_open(const char* what, scheduler_core* here) const {
        return is_own(here) || is_own_and_bare(here) || bind(here, what);
    }
    // After a check.
    void close() noexcept { set(word() | closed); }

    // A primitive may say that it is bare: that there is nothing to take from it. Then one comparison tells that `here` may use it,
    // that it is open, and whether there is anything. One that is not bare may have nothing all the same; one that is has nothing.
    [[nodiscard]] bool is_own(scheduler_core* here) const noexcept { return word() == address(here); }
    [[nodiscard]] bool is_own_and_bare(scheduler_core* here) const noexcept { return word() == (address(here) | bare); }
    [[nodiscard]] bool is_bare() const noexcept { return (word() & bare) != 0; }
    void be_bare() noexcept { set(word() | bare); }
    void be_stocked() noexcept { set(word() & ~bare); }

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
    static constexpr std::uintptr_t closed = 1, bare = 2;  // beside the address
    static scheduler_core* core_of(std::uintptr_t word) noexcept {
        return reinterpret_cast<scheduler_core*>(word & ~(closed | bare));
    }
    static std::uintptr_t address(scheduler_core* core) noexcept { return reinterpret_cast<std::uintptr_t>(core); }
    [[nodiscard]] std::uintptr_t word() const noexcept { return word_.load(std::memory_order_relaxed); }
    void set(std::uintptr_t word) noexcept { word_.store(word, std::memory_order_relaxed); }

    // Whether it is open. Throws wrong_scheduler.
    [[gnu::cold]] bool bind(scheduler_core* here, const char* what) const;

    named_object name_;
    mutable std::atomic<std::uintptr_t> word_{0};
};

}  // namespace corun::detail
