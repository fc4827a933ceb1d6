#include "footprint.hpp"

namespace corun::detail {

void footprint::add(object_name object, access how) noexcept {
    if (object == every_object) {
        everything_ = true;
        return;
    }
    const std::uint32_t write = how == access::write ? 1 : 0;
    for (std::size_t i = 0; i != count_; ++i) {
        if (objects_[i] != object) continue;
        written_ |= write << i;
        return;
    }
    if (count_ == room) {
        everything_ = true;
        return;
    }
    written_ |= write << count_;
    objects_[count_++] = object;
}

void footprint::add(const footprint& other) noexcept {
    everything_ |= other.everything_;
    for (std::size_t i = 0; i != other.count_; ++i) add(other.objects_[i], other.writes(i) ? access::write : access::read);
}

bool footprint::conflicts_with(const footprint& other) const noexcept {
    if (everything_ || other.everything_) return true;
    for (std::size_t i = 0; i != count_; ++i)
        for (std::size_t k = 0; k != other.count_; ++k)
            if (objects_[i] == other.objects_[k] && (writes(i) || other.writes(k))) return true;
    return false;
}

}  // namespace corun::detail
