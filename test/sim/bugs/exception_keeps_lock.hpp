// What throws between lock and unlock leaves the lock locked.
#pragma once

#include "primitives.hpp"

#include <stdexcept>

namespace bugs {

template <bool corrected>
void exception_keeps_lock() {
    mutex m;
    const auto write = [&] {
        try {
            corun::yield(m.lock());
            const auto work = [] {
                corun::yield();
                if (sim::fault("disk full", 0.1)) throw std::runtime_error{"disk full"};
            };
            if (corrected) {
                const permit held{m};
                work();
            } else {
                work();
                m.unlock();
            }
        } catch (const std::runtime_error&) {
        }
    };
    both(write, write);
}

}  // namespace bugs
