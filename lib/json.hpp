#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace corun::detail {

// A JSON string (RFC 8259, section 7), with its quotes. Bytes above 127 are passed on: UTF-8 stays what it is.
[[nodiscard]] inline std::string quoted_json(std::string_view text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        if (static_cast<unsigned char>(c) < 0x20) {
            char escaped[8];
            std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
            result += escaped;
        } else {
            result += c;
        }
    }
    return result += '"';
}

}  // namespace corun::detail
