// The lock of a primitive that fibers of several schedulers and threads share.
#pragma once

#include <corun/detail/simulation.hpp>
#include <corun/detail/spin_lock.hpp>

namespace corun::detail {

// Guards such a primitive. Who takes it is about to look at the primitive or to change it, which a simulation is to know; who does
// so without it says `note_use`.
class primitive_lock {
public:
    void lock() noexcept {
        note_use();
        lock_.lock();
    }
    void unlock() noexcept { lock_.unlock(); }
    void note_use() const noexcept { touches(name_, access::write); }

private:
    named_object name_;
    spin_lock lock_;
};

}  // namespace corun::detail
