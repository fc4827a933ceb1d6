// Waiting for descriptors.
#pragma once

#include <corun/operation.hpp>

#include <boost/system/error_code.hpp>

#include <cstdint>

namespace corun {

namespace detail {

class readiness;
enum class direction : std::uint8_t { read, write };

}  // namespace detail

/// An operation without a value that is ready when a descriptor is. Fails with boost::system::system_error: end of file
/// (asio::error::eof) when a reader's peer has hung up and nothing is left to read, broken pipe when a writer's has, a socket's
/// pending error, bad descriptor. A descriptor that cannot wait (a regular file) is always ready. One fiber for each direction of
/// a descriptor at a time; a second throws std::logic_error.
class [[nodiscard]] ready_operation {
public:
    ready_operation(int fd, detail::direction direction) noexcept : fd_{fd}, direction_{direction} {}
    ready_operation(ready_operation&& other) noexcept : fd_{other.fd_}, direction_{other.direction_} {}  // before it starts
    ~ready_operation();

    [[nodiscard]] bool ready() noexcept;
    void start(const waker& w) { start_on(*w.fiber()); }
    void start_on(detail::fiber_record& fiber);
    [[nodiscard]] bool cancel() noexcept;
    void get();

private:
    friend class detail::readiness;
    void conclude(unsigned events) noexcept;

    int fd_;
    detail::direction direction_;
    bool done_ = false;
    bool asked_system_ = false;
    boost::system::error_code error_;
    detail::fiber_record* waiting_ = nullptr;  // parked here while the descriptor is registered
    detail::readiness* registered_ = nullptr;
};

/// Waits until reading from fd would not block. @param fd  stays the caller's, and open, while it is waited for
[[nodiscard]] inline ready_operation readable(int fd) noexcept { return {fd, detail::direction::read}; }
/// Waits until writing to fd would not block.
[[nodiscard]] inline ready_operation writable(int fd) noexcept { return {fd, detail::direction::write}; }

}  // namespace corun
