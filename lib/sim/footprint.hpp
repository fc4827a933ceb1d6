// The objects that one turn of a fiber reads and writes.
#pragma once

#include <corun/detail/simulation.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace corun::detail {

// What it has no room for counts as everything, which errs on the safe side.
class footprint {
public:
    void clear() noexcept { count_ = written_ = 0, everything_ = false; }
    void add_everything() noexcept { everything_ = true; }
    void add(object_name object, access how) noexcept;
    void add(const footprint& other) noexcept;
    // Whether the order of two such turns may make a difference.
    [[nodiscard]] bool conflicts_with(const footprint& other) const noexcept;

private:
    static constexpr std::size_t room = 16;

    [[nodiscard]] bool writes(std::size_t i) const noexcept { return (written_ >> i & 1U) != 0; }

    std::array<object_name, room> objects_;  // the first count_
    std::uint32_t written_ = 0;              // a bit for each
    std::uint32_t count_ = 0;
    bool everything_ = false;
};

}  // namespace corun::detail
