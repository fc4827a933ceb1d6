// Which descriptors are ready: one epoll descriptor per scheduler, nested in the context's own reactor.
#pragma once

#include "drive_memory.hpp"

#include <corun/detail/io_wait.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace corun::detail {

class scheduler_impl;

// Sockets stay registered, edge-triggered and for both directions, from the first wait to their close; what their events have
// told is kept in bits, and a wait needs no system call. Descriptors that are strangers are registered for one event, and for
// each wait anew. Touched only by the scheduler's owner.
//
// The kernel forgets a registration when the file is closed, silently, and the number comes back with the next file. A slot is
// therefore believed only if the socket bears the mark that it gets before it is registered (detail/socket_wait.hpp), and no socket
// without one was met under the number since, by any scheduler (`adoptions`).
class readiness {
public:
    explicit readiness(scheduler_impl& owner) noexcept;
    ~readiness();

    // Throws system_error when the system refuses, std::logic_error when somebody else waits for the same direction.
    void add(io_wait& wait, acquaintance how);
    // Those who wait for this descriptor, or are between two calls with it, fail: it is being closed.
    void abandon(int fd) noexcept {
        paused_wait::abandon(table_, fd);
        if (descriptor_slot* s = table_.find(fd)) abandon(*s);
    }
    // The system has said that a call would block.
    void is_exhausted(int fd, direction way) noexcept {
        descriptor_slot* s = table_.find(fd);
        if (s == nullptr || !s->persistent) return;
        // Urgent data lies behind now; an end, or an error, would not have said that it would block.
        s->bits &= static_cast<std::uint8_t>(way == direction::read ? ~(readable_bit | stops_short_bit) : ~writable_bit);
    }
    // A wait has taken an edge, and has left, or may have left, something to be read.
    void is_readable_still(int fd) noexcept;

    // --- of the scheduler's drive ---
    // Ends the waits of those whose descriptors are ready.
    void poll() noexcept;
    // The last poll found so much that the next one, made at once, is likely to find something too.
    [[nodiscard]] bool is_busy() const noexcept { return last_count_ >= 4 && table_.waiting != 0; }
    // For the handler that waits for an event.
    [[nodiscard]] handler_block& wait_memory() noexcept { return wait_block_; }
    // The context has told of an event.
    void was_told() noexcept { armed_ = false; }
    [[nodiscard]] bool is_armed() const noexcept { return armed_; }
    // Asks the context to be told of the next event. Somebody waits.
    void arm() {
        if (!armed_) arm_anew();
    }
    void disarm() noexcept;
    // Before the context goes.
    void close() noexcept;

private:
    // readiness_context.cpp, as are disarm and close
    void open();
    void arm_anew();
    template <class Descriptor>
    void wait_for(Descriptor& epoll);

    void make_room_for(int fd);
    // What epoll_ctl(2) has done.
    enum class watched_as : std::uint8_t {
        nothing,  // it has failed, with errno
        renewed,  // the file under this number was registered already
        added,  // it was not
    };
    [[nodiscard]] watched_as watch(int fd, descriptor_slot& s, std::uint32_t events, bool is_likely_new) noexcept;
    void adopt(int fd, descriptor_slot& s, acquaintance how, direction way);
    void abandon(descriptor_slot& s) noexcept;
    // Who waits for that direction is told.
    void tell(descriptor_slot& s, io_wait& wait, direction way, std::uint32_t events) noexcept;
    static void wake(io_wait& wait) noexcept;
    void deliver(descriptor_slot& s, int fd, std::uint32_t events) noexcept;

    scheduler_impl& owner_;
    descriptor_table& table_;
    // Asio's object for the epoll descriptor. That of an io_context's own executor takes fewer instructions for each event.
    template <class Executor>
    using watched = std::optional<boost::asio::posix::basic_stream_descriptor<Executor>>;
    watched<boost::asio::io_context::executor_type> own_watched_;
    watched<boost::asio::any_io_executor> watched_;
    handler_block wait_block_;
    int epoll_ = -1;
    std::vector<descriptor_slot> slots_;  // the table's
    int last_count_ = 0;
    bool armed_ = false;
};

}  // namespace corun::detail
