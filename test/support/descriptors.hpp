// Pipes and sockets for tests. Descriptors are closed at the end of the scope.
#pragma once

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace corun_test {

class descriptor {
public:
    explicit descriptor(int fd = -1) noexcept : fd_{fd} {}
    descriptor(descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    descriptor& operator=(descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~descriptor() { close(); }

    operator int() const noexcept { return fd_; }
    void close() noexcept {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }

private:
    int fd_;
};

inline void write_all(int fd, std::string_view text) {
    if (::write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size())) throw std::runtime_error{"write"};
}

/// What one call reads; empty at the end, and where a non-blocking descriptor has nothing.
inline std::string read_some(int fd) {
    std::array<char, 65536> buffer;
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    return {buffer.data(), n > 0 ? static_cast<std::size_t>(n) : 0U};
}

/// Writes until a write would block; returns how much.
inline std::size_t fill(int fd) {
    const int flags = ::fcntl(fd, F_GETFL);
    ::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    const std::string block(4096, 'f');
    std::size_t total = 0;
    for (ssize_t n = 0; (n = ::write(fd, block.data(), block.size())) > 0;) total += static_cast<std::size_t>(n);
    ::fcntl(fd, F_SETFL, flags);
    return total;
}

/// Reads until a read would block.
inline void drain(int fd) {
    const int flags = ::fcntl(fd, F_GETFL);
    ::fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    while (!read_some(fd).empty()) {
    }
    ::fcntl(fd, F_SETFL, flags);
}

struct pipe_pair {
    pipe_pair() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error{"pipe2"};
        out = descriptor{ends[0]};
        in = descriptor{ends[1]};
    }
    void write(std::string_view text) const { write_all(in, text); }
    [[nodiscard]] std::size_t fill() const { return corun_test::fill(in); }
    std::string read() const { return read_some(out); }

    descriptor out, in;
};

struct socket_pair {
    socket_pair() {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw std::runtime_error{"socketpair"};
        one = descriptor{ends[0]};
        two = descriptor{ends[1]};
    }
    static void write(int fd, std::string_view text) { write_all(fd, text); }
    static void fill(int fd) { (void)corun_test::fill(fd); }
    static void drain(int fd) { corun_test::drain(fd); }

    descriptor one, two;
};

}  // namespace corun_test
