// Which descriptors are ready: one epoll descriptor per scheduler, nested in the context's own reactor.
#pragma once

#include <corun/detail/io_wait.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <array>
#include <atomic>
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
// therefore believed only if the socket bears the mark that registering leaves on it (socket.hpp), and no socket without one
// was registered under the number since, by any scheduler (`adoptions`).
class readiness {
public:
    explicit readiness(scheduler_impl& owner) noexcept : owner_{owner} {}
    ~readiness();

    // --- waits; of the running fiber ---
    // Throws system_error when the system refuses, std::logic_error when another fiber waits for the same direction.
    void add(io_wait& wait, fiber_record& fiber, acquaintance how);
    // The same for a socket that is registered and that nobody else waits for. False, and nothing done, otherwise.
    [[nodiscard]] bool add_known(io_wait& wait, fiber_record& fiber) noexcept {
        slot* s = find(wait.fd);
        if (s == nullptr || !s->persistent || s->adoption != adoptions_of(wait.fd).load(std::memory_order_relaxed)) return false;
        if (s->waits[index(wait.way)] != nullptr) return false;
        enlist(*s, wait, fiber);
        return true;
    }
    void remove(io_wait& wait) noexcept {
        io_wait*& mine = slots_[static_cast<std::size_t>(wait.fd)].waits[index(wait.way)];
        if (mine == &wait) mine = nullptr;
        wait.home = nullptr;
        --waiting_;
    }
    // Those who wait for this descriptor are woken: it is being closed.
    void abandon(int fd) noexcept {
        if (slot* s = find(fd)) abandon(*s);
    }
    // The wait ended too early: the descriptor was not ready. False: it can no longer be waited for (errno).
    [[nodiscard]] bool resume(io_wait& wait) noexcept;

    // The system has said that a call would block.
    void is_exhausted(int fd, direction way) noexcept {
        if (static_cast<std::size_t>(fd) >= bits_.size() || !slots_[static_cast<std::size_t>(fd)].persistent) return;
        // Urgent data lies behind now; an end, or an error, would not have said that it would block.
        bits_of(fd) &= static_cast<std::uint8_t>(way == direction::read ? ~(readable_bit | stops_short_bit) : ~writable_bit);
    }

    // --- of the scheduler's drive ---
    // Wakes those whose descriptors are ready.
    void poll() noexcept;
    // The last poll found so much that the next one, made at once, is likely to find something too.
    [[nodiscard]] bool is_busy() const noexcept { return last_count_ >= 4 && waiting_ != 0; }
    // The context has told of an event.
    void was_told() noexcept { armed_ = false; }
    [[nodiscard]] bool is_armed() const noexcept { return armed_; }
    // Asks the context to be told of the next event, if anybody waits.
    void arm();
    void disarm() noexcept;
    // Before the context goes.
    void close() noexcept;

private:
    struct slot {
        io_wait* waits[2] = {};         // by direction
        std::uint32_t generation = 0;   // of the registration, told by its events; 0: never registered
        std::uint32_t adoption = 0;     // the count of adoptions when it was registered
        bool persistent = false;
    };

    [[nodiscard]] static std::size_t index(direction way) noexcept { return static_cast<std::size_t>(way); }
    [[nodiscard]] slot* find(int fd) noexcept {
        return static_cast<std::size_t>(fd) < slots_.size() ? &slots_[static_cast<std::size_t>(fd)] : nullptr;
    }
    [[nodiscard]] std::uint8_t& bits_of(int fd) noexcept { return bits_[static_cast<std::size_t>(fd)]; }

    // How many times a socket without a mark was registered under a number, by any scheduler of the process. Numbers share
    // counters: one that was counted up for another number costs a look at the kernel's table and changes nothing.
    static inline constinit std::array<std::atomic<std::uint32_t>, 16'384> adoptions{};
    [[nodiscard]] static std::atomic<std::uint32_t>& adoptions_of(int fd) noexcept {
        return adoptions[static_cast<std::size_t>(fd) % adoptions.size()];
    }

    void enlist(slot& s, io_wait& wait, fiber_record& fiber) noexcept {
        s.waits[index(wait.way)] = &wait;
        wait.events = 0;
        wait.fiber = &fiber;
        wait.home = this;
        ++waiting_;
    }
    void open();
    void make_room_for(int fd);
    [[nodiscard]] bool watch(int fd, slot& s, bool persistent, bool is_likely_new) noexcept;
    void adopt(int fd, slot& s, acquaintance how, direction way);
    static void abandon(slot& s) noexcept;
    void watch_rest(int fd, slot& s) noexcept;
    void deliver(std::uint64_t whose, std::uint32_t events) noexcept;

    scheduler_impl& owner_;
    std::optional<boost::asio::posix::stream_descriptor> epoll_;
    std::vector<slot> slots_;         // by descriptor
    std::vector<std::uint8_t> bits_;  // the same; where operations look (scheduler_core::descriptor_bits)
    std::uint32_t last_generation_ = 0;
    std::size_t waiting_ = 0;
    int last_count_ = 0;
    bool armed_ = false;
};

}  // namespace corun::detail
