// A fiber's wait for one direction of a descriptor.
#pragma once

#include <cstdint>

namespace corun::detail {

struct fiber_record;
class readiness;

enum class direction : std::uint8_t { read = 0, write = 1 };

// What is known of a registered descriptor. Of others all bits but the last are set: a call will tell.
enum io_bit : std::uint8_t {
    readable_bit = 1,    // a read may find something: nothing has said otherwise since the last event
    writable_bit = 2,
    stops_short_bit = 4,  // a read may end before the data does: an end, an error or urgent data lies ahead
};
[[nodiscard]] constexpr std::uint8_t ready_bit(direction way) noexcept {
    return way == direction::read ? readable_bit : writable_bit;
}

// What the service may take for granted about a descriptor whose number it may know already.
enum class acquaintance : std::uint8_t {
    stranger,  // anybody may have closed it, and its number may be another file's: looked at anew for each wait, once
    fresh,     // a socket that no scheduler has registered since it was opened
    known,     // a socket that some scheduler has registered since it was opened
};

// In its descriptor's slot exactly while `home` is set. Touched only by the scheduler's owner.
struct io_wait {
    io_wait(int descriptor, direction d) noexcept : fd{descriptor}, way{d} {}
    io_wait(const io_wait& other) noexcept : fd{other.fd}, way{other.way} {}  // before it starts
    io_wait& operator=(const io_wait&) = delete;
    ~io_wait() { leave(); }

    // Nobody will be woken on its behalf any more.
    void leave() noexcept {
        if (home != nullptr) withdraw(*this);
    }

    int fd;
    direction way;
    bool abandoned = false;        // the number has become another file's
    std::uint32_t events = 0;      // epoll's; what has come since the wait began, or since it was last found premature
    fiber_record* fiber;           // of a wait that has begun: parked, or about to find that it need not park
    readiness* home = nullptr;

private:
    static void withdraw(io_wait& wait) noexcept;
};

}  // namespace corun::detail
