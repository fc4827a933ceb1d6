// A fiber's wait for a primitive, alone or as a case of a select.
#pragma once

#include <corun/detail/core.hpp>
#include <corun/detail/ring.hpp>
#include <corun/detail/selection.hpp>

#include <bit>
#include <cstdint>
#include <cstring>

namespace corun::detail {

// Changed on the scheduler of the primitive only: by the operation itself, which begins and is withdrawn, and by who serves it.
enum class wait_state : std::uint8_t {
    idle,      // not begun
    waiting,   // in one list
    dropped,   // in none: another case of its selection was chosen
    orphaned,  // in none: what it waited for is gone; only a cancellation ends it
    granted,   // in none: what it waited for is its own
    refused,   // in none: there will never be anything for it
    failed,    // in none: what it waited for could not be given to it; its operation knows why
};

struct wait_place {
    wait_state state;
    std::uint8_t index;      // of its case
    std::uint16_t distance;  // back to its selection, in pointers; 0: it waits alone
    static constexpr std::uint16_t far = 0xffff;  // or more, or the selection lies behind it

    // By one store of a constant, which is four bytes wide: a compiler loads narrower ones first.
    void set(wait_place all) noexcept {
        const auto number = std::bit_cast<std::uint32_t>(all);
        std::memcpy(this, &number, sizeof number);
    }
};

// Marks a waiter that is made as a case of a select.
struct case_of_select {};

// An operation that waits, on its fiber's stack. What is not initialised here is set when it begins to wait: most never do.
struct waiter : ring_link, wait_place {
    union {
        fiber_record* fiber;  // if it waits alone
        selection* far_selection;  // if it is far
    };

    waiter() noexcept { state = wait_state::idle; }
    // Whether it has begun will not be asked.
    explicit waiter(case_of_select) noexcept {}
    waiter(const waiter&) = delete;

    [[nodiscard]] bool is_alone() const noexcept { return distance == 0; }
    // Of one that is not alone.
    [[nodiscard]] selection& among() const noexcept {
        if (distance == far) [[unlikely]]
            return *far_selection;
        return *reinterpret_cast<selection*>(reinterpret_cast<std::uintptr_t>(this) - distance * sizeof(void*));
    }
    [[nodiscard]] fiber_record& who_waits() const noexcept { return is_alone() ? *fiber : among().who_waits(); }
    [[nodiscard]] bool is_granted() const noexcept { return state == wait_state::granted; }
    // Granted, refused or failed.
    [[nodiscard]] bool is_over() const noexcept { return state >= wait_state::granted; }
    // False: its fiber has been given something else meanwhile, and will withdraw it when it runs.
    [[nodiscard]] bool is_open() const noexcept { return is_alone() || among().is_open(); }
    // Before it is granted. False: another thread was faster; it is out of its list then.
    [[nodiscard]] bool claim() noexcept {
        if (is_alone() || among().claim(index)) [[likely]]
            return true;
        drop();
        return false;
    }

    void leave_list(wait_state to) noexcept {
        unlink();
        state = to;
    }
    // Taken out by somebody else: its selection unlinks all of its own without asking which of them were.
    void leave_list_of_select(wait_state to) noexcept {
        leave_list(to);
        link_to_itself();
    }
    void drop() noexcept { leave_list_of_select(wait_state::dropped); }
};

}  // namespace corun::detail
