// Numbers that a caller gives, and that may be nonsense.
#pragma once

#include <cstddef>
#include <stdexcept>

namespace corun::detail {

// @param message  of the std::invalid_argument where there are fewer
[[nodiscard]] constexpr std::ptrdiff_t at_least(std::ptrdiff_t least, std::ptrdiff_t n, const char* message) {
    if (n < least) [[unlikely]]
        throw std::invalid_argument{message};
    return n;
}

}  // namespace corun::detail
