// What a scheduler knows of descriptors, and who waits for them. The rest of the service is lib/readiness.hpp's.
#pragma once

#include <corun/detail/switch.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace corun::detail {

struct fiber_record;
struct descriptor_table;

enum class direction : std::uint8_t { read = 0, write = 1 };

// What is known of a registered descriptor. Of others all bits are set: a call will tell. The first two are epoll's.
enum io_bit : std::uint8_t {
    readable_bit = 1,    // a read may find something: nothing has said otherwise since the last event
    writable_bit = 4,
    stops_short_bit = 2,  // a read may end before the data does: an end, an error or urgent data lies ahead
    every_bit = readable_bit | writable_bit | stops_short_bit,
};
[[nodiscard]] constexpr std::uint8_t ready_bit(direction way) noexcept {
    return way == direction::read ? readable_bit : writable_bit;
}

// What the service may take for granted about a descriptor whose number it may know already.
enum class acquaintance : std::uint8_t {
    stranger,  // anybody may have closed it, and its number may be another file's: looked at anew for each wait, once
    known,     // a socket that bears the mark: since it was opened it was met, and counted among the adoptions of its number
};

// A wait for one direction of a descriptor. In its descriptor's slot exactly while `is_enlisted`: from when it begins until its
// fiber, told of an event, runs and leaves, so that whoever closes the descriptor meanwhile finds it there. A watcher is out as soon as
// it is told. Touched only by the scheduler's owner. Whoever ends before his wait does has to `leave`.
struct io_wait {
    io_wait(int descriptor, direction d, bool takes = false) noexcept : fd{descriptor}, way{d}, takes_edge{takes} {}
    io_wait(const io_wait& other) noexcept : fd{other.fd}, way{other.way}, takes_edge{other.takes_edge} {}  // before it starts
    io_wait& operator=(const io_wait&) = delete;

    // Nobody will be woken on its behalf any more.
    void leave() noexcept;

    static constexpr int closed = -1;

    int fd;  // `closed`, once the wait has ended because the number may become another file's
    std::uint32_t events = 0;  // epoll's, that its fiber was told of; 0: of none yet
    direction way;
    const bool takes_edge;  // a fiber that reads when it is told: the slot's bit stays as it is, as if the read had been made
    bool is_enlisted = false;
    fiber_record* fiber;  // of a wait that has begun: parked, or about to find that it need not park; null: a watcher
};

// A wait without a fiber.
struct io_watcher : io_wait {
    // Told inside of the scheduler, in the midst of others: it starts and ends no wait then.
    // @param gone  the scheduler's context is being destroyed: nothing will come any more
    using listener = void (*)(io_watcher&, bool gone) noexcept;
    io_watcher(int descriptor, direction d, listener f) noexcept : io_wait{descriptor, d}, told{f} { fiber = nullptr; }
    ~io_watcher() { leave(); }
    const listener told;
    descriptor_table* table = nullptr;  // where it is enlisted
};

struct descriptor_slot {
    io_wait* waits[2] = {};  // by direction
    std::uint64_t registration = 0;  // that its events carry, one of the process's; 0: never registered
    std::uint32_t adoption = 0;  // the count of adoptions when it was registered
    std::uint8_t bits = every_bit;
    bool persistent = false;  // registered edge-triggered, for both directions, until it is closed
};

// How many times a socket without a mark was met under a number, by any scheduler of the process. Counted when the mark is set, and
// not later: a slot of before must not be believed by anybody who sees the mark. Numbers share counters: one that was counted up for
// another number costs a look at the kernel's table and changes nothing.
inline constinit std::array<std::atomic<std::uint32_t>, 16'384> adoptions{};
[[nodiscard]] inline std::atomic<std::uint32_t>& adoptions_of(int fd) noexcept {
    return adoptions[static_cast<std::size_t>(fd) % adoptions.size()];
}

class paused_wait;

// Where operations look; one per scheduler.
struct descriptor_table {
    descriptor_slot* slots = nullptr;  // by descriptor
    std::uint32_t known = 0;  // how many; nothing is known of higher numbers
    std::uint32_t waiting = 0;
    paused_wait* paused = nullptr;

    [[nodiscard]] CORUN_SWITCH bool knows(int fd) const noexcept { return static_cast<std::uint32_t>(fd) < known; }
    [[nodiscard]] CORUN_SWITCH descriptor_slot* find(int fd) const noexcept { return knows(fd) ? slots + fd : nullptr; }

    // A read got less than was asked for. So it is empty, unless an event said that something else cut the data short.
    CORUN_SWITCH void was_drained(int fd) const noexcept {
        descriptor_slot* s = find(fd);
        if (s != nullptr && (s->bits & stops_short_bit) == 0) s->bits &= static_cast<std::uint8_t>(~readable_bit);
    }

    [[nodiscard]] static constexpr std::size_t index(direction way) noexcept { return static_cast<std::size_t>(way); }
    CORUN_SWITCH void enlist(descriptor_slot& s, io_wait& wait, direction way) noexcept {
        s.waits[index(way)] = &wait;
        wait.is_enlisted = true;
        ++waiting;
    }
    // A wait for a socket that is registered and that nobody else waits for. False, and nothing done, otherwise.
    [[nodiscard]] CORUN_SWITCH bool enlist_known(io_wait& wait, direction way) noexcept {
        if (!knows(wait.fd)) return false;
        descriptor_slot& s = slots[wait.fd];
        if (!s.persistent || s.adoption != adoptions_of(wait.fd).load(std::memory_order_relaxed)) return false;
        if (s.waits[index(way)] != nullptr) return false;
        wait.events = 0;
        enlist(s, wait, way);
        return true;
    }
    // The first wait of an operation, where the caller knows that the socket is registered. Nothing where somebody else waits for it.
    CORUN_SWITCH void enlist_registered(descriptor_slot& s, io_wait& wait, direction way, fiber_record& fiber) noexcept {
        if (s.waits[index(way)] != nullptr) [[unlikely]]
            return;
        wait.fiber = &fiber;
        enlist(s, wait, way);
    }
    CORUN_SWITCH void remove(descriptor_slot& s, io_wait& wait, direction way) noexcept {
        s.waits[index(way)] = nullptr;
        wait.is_enlisted = false;
        --waiting;
    }
};

// An operation that gives turns between two calls waits for nothing, and is in no slot; but whoever closes its descriptor meanwhile
// must find it. On its fiber's stack, and in the table's list.
class paused_wait {
public:
    paused_wait(descriptor_table& table, io_wait& wait) noexcept : wait_{wait}, link_{&table.paused}, next_{table.paused} {
        if (next_ != nullptr) next_->link_ = &next_;
        table.paused = this;
    }
    ~paused_wait() {
        *link_ = next_;
        if (next_ != nullptr) next_->link_ = link_;
    }
    paused_wait(const paused_wait&) = delete;
    paused_wait& operator=(const paused_wait&) = delete;

    // Those that go on with a descriptor go on no more.
    static void abandon(const descriptor_table& table, int fd) noexcept {
        for (paused_wait* each = table.paused; each != nullptr; each = each->next_)
            if (each->wait_.fd == fd) each->wait_.fd = io_wait::closed;
    }

private:
    io_wait& wait_;
    paused_wait** link_;  // what points to this one
    paused_wait* next_;
};

}  // namespace corun::detail
