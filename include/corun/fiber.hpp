// The handle of a fiber.
#pragma once

#include <corun/detail/core.hpp>
#include <corun/error.hpp>
#include <corun/operation.hpp>

#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace corun {

template <class R>
class fiber;

/// What has become of a fiber.
enum class fiber_status : std::uint8_t {
    live,       ///< it has not ended
    completed,  ///< its function has returned
    failed,     ///< its function has thrown
    cancelled,  ///< it has ended by its cancellation, or before it began; its join throws fiber_cancelled
};

namespace detail {

[[nodiscard]] fiber_status status_of(const fiber_record& fiber) noexcept;

// A fiber whose function returns R. `result` is written by the owner before the fiber has ended, and read after.
template <class R>
struct fiber_result : fiber_record {
    static_assert(std::is_void_v<R> || std::is_object_v<R>, "a fiber's function returns a value or void, not a reference");
    using fiber_record::fiber_record;
    struct nothing {};
    std::optional<std::conditional_t<std::is_void_v<R>, nothing, R>> result;
};

// Requests from any thread. True if the fiber had not ended. A second request counts only if it is harder.
bool request_cancel(fiber_record& fiber, cancel_reason reason, stop_request hardest = stop_terminal) noexcept;

// The handle is gone: nobody can join any more. A failure that was not seen goes to the scheduler's handler.
void detach(fiber_record& fiber) noexcept;

// Takes the right to the outcome and throws the failure. Throws std::future_error (future_already_retrieved) the second
// time where there is a value: it was moved out.
void claim(fiber_record& fiber, bool has_value);

// Blocks the calling thread until the fiber has ended. Throws switch_forbidden on a fiber.
void wait_blocking(fiber_record& fiber);

template <class R>
R take_result(fiber_result<R>& fiber) {
    claim(fiber, !std::is_void_v<R>);
    if constexpr (!std::is_void_v<R>) return std::move(*fiber.result);
}

// The part of a join that does not depend on the result: a listener that wakes the joining fiber.
class join_base : end_listener {
public:
    // @param is_handle  it takes the place of the fiber's handle: when it goes, the fiber is detached
    explicit join_base(fiber_ref target, bool is_handle = false) noexcept : target_{std::move(target)}, is_handle_{is_handle} {}
    join_base(join_base&& other) noexcept  // before it starts
        : target_{std::move(other.target_)}, is_handle_{std::exchange(other.is_handle_, false)} {}
    ~join_base() {
        stop_waiting();
        if (is_handle_) detach(*target_);
    }

    [[nodiscard]] bool ready() const noexcept {
        touches(name_of_fiber(target_->id), access::read);
        return has_ended(*target_);
    }
    void start(const waker& w) { start_on(*w.fiber()); }
    void start_on(fiber_record& joiner);  // throws switch_forbidden when a fiber joins itself
    [[nodiscard]] bool cancel() noexcept {
        stop_waiting();
        return true;
    }
    static constexpr bool may_wait_for_fibers = true;
    void describe_wait(wait_info& info) const noexcept;

protected:
    fiber_ref target_;

private:
    fiber_ref ended() noexcept override;
    // Returns only when nobody is about to touch this any more.
    void stop_waiting() noexcept {
        if (joiner_ != nullptr) stop_listening(*target_, *this);
    }

    bool is_handle_;
    fiber_record* joiner_ = nullptr;  // parked here, so it lives
};

template <class R>
class [[nodiscard]] join_operation : public join_base {
public:
    using join_base::join_base;
    R get() { return take_result(static_cast<fiber_result<R>&>(*target_)); }
};

class [[nodiscard]] end_operation : public join_base {
public:
    using join_base::join_base;
    void get() const noexcept {}
};

}  // namespace detail

/// A handle to a fiber whose function returns R. Movable. Dropping it detaches the fiber, which runs on. A handle may be used from
/// any thread, one at a time.
template <class R = void>
class fiber {
public:
    /// No fiber; only assignment, destruction and `operator bool` are allowed.
    fiber() noexcept = default;
    explicit fiber(boost::intrusive_ptr<detail::fiber_result<R>> record) noexcept : record_{std::move(record)} {}
    fiber(fiber&&) noexcept = default;
    fiber& operator=(fiber&& other) noexcept {
        if (this != &other) {
            drop();
            record_ = std::move(other.record_);
        }
        return *this;
    }
    ~fiber() { drop(); }

    /// An operation: waits until the fiber has ended, from a fiber of any scheduler. Its value is the function's result, moved out
    /// (once); it throws what the function threw, or fiber_cancelled. Cancelling a join leaves the joined fiber alone.
    [[nodiscard]] detail::join_operation<R> join() const& noexcept { return detail::join_operation<R>{record_}; }
    /// The same; the operation takes over the fiber from the handle, which is empty then.
    [[nodiscard]] detail::join_operation<R> join() && noexcept { return detail::join_operation<R>{std::move(record_), true}; }

    /// An operation without a value: waits until the fiber has ended, in whatever way, and leaves the outcome to others.
    [[nodiscard]] detail::end_operation wait() const noexcept { return detail::end_operation{record_}; }

    /// Blocks the calling *thread* until the fiber has ended; otherwise like join. Some other thread must run the fiber's context.
    /// Throws switch_forbidden on a fiber.
    R get() const {
        detail::wait_blocking(*record_);
        return detail::take_result(*record_);
    }

    /// Asks the fiber to end: each of its yields throws `cancelled` from now on. False if it had ended. Any thread; never switches.
    bool cancel() const noexcept { return detail::request_cancel(*record_, cancel_reason::requested); }

    /// Whether the function has returned or thrown. Any thread.
    [[nodiscard]] bool done() const noexcept {
        detail::touches(detail::name_of_fiber(record_->id), detail::access::read);
        return detail::has_ended(*record_);
    }

    /// How it has ended, if it has. Any thread.
    [[nodiscard]] fiber_status status() const noexcept { return detail::status_of(*record_); }

    /// Unique in the process, never 0.
    [[nodiscard]] std::uint64_t id() const noexcept { return record_->id; }
    [[nodiscard]] std::string_view name() const noexcept { return record_->name; }

    /// False for a default-constructed or moved-from handle.
    explicit operator bool() const noexcept { return record_ != nullptr; }

private:
    void drop() noexcept {
        if (record_) detail::detach(*record_);
    }

    boost::intrusive_ptr<detail::fiber_result<R>> record_;
};

}  // namespace corun
