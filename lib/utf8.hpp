#pragma once

#include <cstddef>
#include <string_view>

namespace corun::detail {

// How many bytes the UTF-8 character at the begin of a text has; 0: it is none (RFC 3629, section 4). Fit for signal handlers.
[[nodiscard]] inline std::size_t utf8_length(std::string_view text) noexcept {
    const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const auto follows = [&](std::size_t i) { return at(i) >= 0x80 && at(i) < 0xc0; };
    const unsigned lead = at(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead < 0xe0 && follows(1)) return 2;
    if (lead >= 0xe0 && lead < 0xf0 && follows(1) && follows(2) && (lead != 0xe0 || at(1) >= 0xa0) &&
        (lead != 0xed || at(1) < 0xa0))
        return 3;
    if (lead >= 0xf0 && lead < 0xf5 && follows(1) && follows(2) && follows(3) && (lead != 0xf0 || at(1) >= 0x90) &&
        (lead != 0xf4 || at(1) < 0x90))
        return 4;
    return 0;
}

}  // namespace corun::detail
