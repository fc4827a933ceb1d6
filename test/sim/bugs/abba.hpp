// Two fibers take the same two locks in opposite orders.
#pragma once

#include "primitives.hpp"

namespace bugs {

template <bool corrected>
void abba() {
    mutex a, b;
    const auto lock_both = [](mutex& first, mutex& second) {
        corun::yield(first.lock());
        corun::yield(second.lock());
        second.unlock();
        first.unlock();
    };
    both([&] { lock_both(a, b); }, [&] { corrected ? lock_both(a, b) : lock_both(b, a); });
}

}  // namespace bugs
