#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace corun::detail {

// Pieces of JSON on their way to a file, through a buffer of its own: fit for signal handlers.
class json_output {
public:
    void open(int fd) noexcept { fd_ = fd; }

    void put(std::string_view text) noexcept;
    void put(std::uint64_t number) noexcept;
    void escape(std::string_view text) noexcept;  // inside of a string; what is no character that one can see becomes '?'

    // Returns 0 or the errno of the first failure.
    int flush() noexcept;

private:
    int fd_ = -1;
    int failure_ = 0;
    std::size_t used_ = 0;
    char buffer_[8192];
};

}  // namespace corun::detail
