// Waiting for descriptors.
#pragma once

#include <corun/detail/io_wait.hpp>
#include <corun/operation.hpp>

#include <boost/system/error_code.hpp>

namespace corun {

/// An operation without a value that is ready when a descriptor is. Fails with boost::system::system_error: end of file
/// (asio::error::eof) when a reader's peer has hung up and nothing is left to read, broken pipe when a writer's has, a socket's
/// pending error, bad descriptor. A descriptor that cannot wait (a regular file) is always ready. One fiber for each direction of
/// a descriptor at a time; a second throws std::logic_error.
class [[nodiscard]] ready_operation {
public:
    ready_operation(int fd, detail::direction direction) noexcept : wait_{fd, direction} {}
    ready_operation(const ready_operation&) = default;  // before it starts
    ~ready_operation() { wait_.leave(); }

    [[nodiscard]] bool ready() noexcept;
    void start(const waker& w) { start_on(*w.fiber()); }
    void start_on(detail::fiber_record& fiber);
    [[nodiscard]] bool cancel() noexcept;
    void get();
    void describe_wait(detail::wait_info& info) const noexcept {
        info.say(wait_.way == detail::direction::read ? "readable, fd " : "writable, fd ", static_cast<std::uint64_t>(wait_.fd));
    }

private:
    void conclude(unsigned events) noexcept;

    detail::io_wait wait_;
    bool done_ = false;
    bool asked_system_ = false;
    boost::system::error_code error_;
};

/// Waits until reading from fd would not block. @param fd  stays the caller's, and open, while it is waited for
[[nodiscard]] inline ready_operation readable(int fd) noexcept { return {fd, detail::direction::read}; }
/// Waits until writing to fd would not block.
[[nodiscard]] inline ready_operation writable(int fd) noexcept { return {fd, detail::direction::write}; }

}  // namespace corun
