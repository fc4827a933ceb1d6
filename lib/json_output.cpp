#include "json_output.hpp"

#include "utf8.hpp"

#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <charconv>

namespace corun::detail {

void json_output::escape(std::string_view text) noexcept {
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        const char c = text[0];
        // U+007F is allowed, but Perfetto stops at it.
        if (length == 0 || static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            put("?");
        } else {
            if (c == '"' || c == '\\') put("\\");
            put(text.substr(0, length));
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
}

void json_output::put(std::string_view text) noexcept {
    for (const char c : text) {
        if (used_ == sizeof buffer_) flush();
        buffer_[used_++] = c;
    }
}

void json_output::put(std::uint64_t number) noexcept {
    char digits[20];
    put({digits, static_cast<std::size_t>(std::to_chars(digits, digits + sizeof digits, number).ptr - digits)});
}

int json_output::flush() noexcept {
    for (std::size_t done = 0; done != used_ && failure_ == 0;) {
        const ssize_t n = ::write(fd_, buffer_ + done, used_ - done);
        if (n >= 0)
            done += static_cast<std::size_t>(n);
        else if (errno != EINTR)
            failure_ = errno;
    }
    used_ = 0;
    return failure_;
}

}  // namespace corun::detail
