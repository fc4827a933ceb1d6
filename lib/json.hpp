#pragma once

#include "utf8.hpp"

#include <cstdio>
#include <string>
#include <string_view>

namespace corun::detail {

// A JSON string (RFC 8259, sections 7 and 8.1), with its quotes. UTF-8 stays what it is; what is none becomes U+FFFD.
[[nodiscard]] inline std::string quoted_json(std::string_view text) {
    std::string result = "\"";
    for (std::size_t length = 0; !text.empty(); text.remove_prefix(length)) {
        const char c = text.front();
        const std::size_t valid = utf8_length(text);
        length = valid != 0 ? valid : 1;
        if (c == '"' || c == '\\') result += '\\';
        if (valid == 0) {
            result += "\\ufffd";
        } else if (static_cast<unsigned char>(c) < 0x20) {
            char escaped[8];
            std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
            result += escaped;
        } else {
            result += text.substr(0, length);
        }
    }
    return result += '"';
}

}  // namespace corun::detail
