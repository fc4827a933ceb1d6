// Text from within signal handlers: no allocation, no lock, nothing but write(2).
#pragma once

#include <unistd.h>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string_view>

namespace corun::detail {

class signal_text {
public:
    explicit signal_text(int fd) noexcept : fd_{fd} {}
    ~signal_text() { flush(); }
    signal_text(const signal_text&) = delete;
    signal_text& operator=(const signal_text&) = delete;

    signal_text& operator<<(std::string_view text) noexcept {
        for (const char c : text) {
            if (used_ == sizeof buffer_) flush();
            buffer_[used_++] = c;
        }
        return *this;
    }
    signal_text& operator<<(const char* text) noexcept { return *this << std::string_view{text}; }
    signal_text& operator<<(std::uint64_t number) noexcept { return digits(number, 10); }
    signal_text& operator<<(const void* address) noexcept {
        *this << "0x";
        return digits(reinterpret_cast<std::uintptr_t>(address), 16);
    }
    signal_text& operator<<(const std::source_location& where) noexcept {
        if (where.line() == 0) return *this << "an unnamed place";
        return *this << where.file_name() << ":" << std::uint64_t{where.line()};
    }
    void flush() noexcept {
        [[maybe_unused]] const auto ignored = ::write(fd_, buffer_, used_);
        used_ = 0;
    }

private:
    signal_text& digits(std::uint64_t number, unsigned base) noexcept {
        char text[20];
        std::size_t first = sizeof text;
        do text[--first] = "0123456789abcdef"[number % base];
        while ((number /= base) != 0);
        return *this << std::string_view{text + first, sizeof text - first};
    }

    int fd_;
    std::size_t used_ = 0;
    char buffer_[256];
};

}  // namespace corun::detail
