// Several locks at once.
#pragma once

#include <corun/detail/primitive_lock.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>

namespace corun::detail {

// Holds the locks of several lines, each once. In the order of their addresses, so that two selects never wait for each other.
template <std::size_t Most>
class all_locked {
public:
    void add(primitive_lock& lock) noexcept { locks_[count_++] = &lock; }
    void lock() noexcept {
        std::sort(locks_.begin(), locks_.begin() + count_, std::less<>{});
        count_ = std::unique(locks_.begin(), locks_.begin() + count_) - locks_.begin();
        for (std::ptrdiff_t i = 0; i != count_; ++i) locks_[static_cast<std::size_t>(i)]->lock();
    }
    ~all_locked() {
        for (std::ptrdiff_t i = 0; i != count_; ++i) locks_[static_cast<std::size_t>(i)]->unlock();
    }

private:
    std::array<primitive_lock*, Most> locks_;
    std::ptrdiff_t count_ = 0;
};

}  // namespace corun::detail
