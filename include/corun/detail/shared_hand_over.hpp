// Who waits at a concurrent_channel, and how a value gets there.
#pragma once

#include <corun/detail/shared_line.hpp>

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>
#include <utility>

namespace corun::detail {

enum class passage : std::uint8_t { done, ended, must_wait };

template <class T>
struct shared_sender : shared_waiter {
    static_assert(std::is_nothrow_move_constructible_v<T>, "concurrent_channel needs values whose move does not throw");

    T* value = nullptr;
    bool refused = false;
};
template <class T>
struct shared_receiver : shared_waiter {
    std::optional<T> value;
};

using holding = std::unique_lock<primitive_lock>;

// Moves a value while the lock is free: by then its place in the queue, or its waiter, belongs to the one who moves it. Only values
// that are mere bytes are moved under the lock.
template <class T, class Function>
void outside(holding& hold, Function move) noexcept {
    if constexpr (std::is_trivially_copyable_v<T>) {
        move();
    } else {
        hold.unlock();
        move();
        hold.lock();
    }
}

template <class Place, class T>
void move_out(Place* from, std::optional<T>& into) noexcept {
    into.emplace(std::move(*from->place()));
    std::destroy_at(from->place());
}

}  // namespace corun::detail
