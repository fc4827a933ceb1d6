// A flag to wait for.
#pragma once

#include <corun/detail/wait_operation.hpp>

#include <cstdint>

namespace corun {

/// What resets an event.
enum class event_reset : std::uint8_t {
    manual,     ///< `reset()`; once set, it lets everyone through
    automatic,  ///< letting one through; each `set()` is for one
};

/// Something that happens, for fibers of one scheduler. Any use on another one throws wrong_scheduler. Nothing but the yield on
/// `wait()` switches. Must outlive those who wait.
class event {
public:
    explicit event(event_reset kind = event_reset::manual, bool set = false) noexcept : kind_{kind}, set_{set} {}
    event(const event&) = delete;
    event& operator=(const event&) = delete;

    /// Manual: lets everyone through who waits, and who comes until it is reset. Automatic: lets the first one through, or the next
    /// to come; setting it twice before that is setting it once.
    void set();
    /// Those who were let through stay so.
    void reset();
    [[nodiscard]] bool is_set() const { return lets_pass(); }

    /// An operation without a value.
    [[nodiscard]] detail::wait_operation<event> wait() noexcept { return detail::wait_operation<event>{*this}; }
    /// Whether it is set; takes it, if it is automatic.
    [[nodiscard]] bool try_wait() {
        if (!lets_pass()) return false;
        if (kind_ == event_reset::automatic) set_ = false;
        return true;
    }

private:
    friend class detail::wait_operation<event>;

    [[nodiscard]] bool lets_pass() const {
        home_.check("event");
        return set_;
    }
    void give_back() {
        if (kind_ == event_reset::automatic) set();
    }

    detail::wait_list waiting_;
    event_reset kind_;
    bool set_;
    detail::home home_;
};

}  // namespace corun
