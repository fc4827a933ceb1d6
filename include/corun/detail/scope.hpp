// A cancellation scope: a stretch of a fiber's code that can be cancelled as a whole.
#pragma once

#include <corun/detail/core.hpp>
#include <corun/detail/timer_node.hpp>
#include <corun/error.hpp>
#include <corun/sleep.hpp>

#include <cstdint>
#include <source_location>
#include <stop_token>

namespace corun::detail {

// On the fiber's stack, linked from the innermost (fiber_record::innermost) outwards; entered by its constructor and left by its
// destructor, on the fiber. All else is for the scheduler's owner.
//
// A cancelled scope makes every yield inside of it throw, unless a shield that holds lies between. The yield throws for the
// outermost cancelled scope that it can see, and only that one may turn the exception into something else.
//
// While an exception unwinds the fiber, yields in destructors see only the scopes that were entered since it was thrown: what they
// begin themselves can be late and can be cancelled, and nothing else throws there.
enum class scope_kind : std::uint8_t { group, timeout, move_on, shield, stop_token };

class scope final : timer_node {
public:
    // @param where  of the block that it belongs to, for those who look at the fiber
    scope(fiber_record& self, scope_kind kind, std::source_location where) noexcept;
    ~scope();
    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;

    // Nothing happens the second time.
    void cancel(cancel_reason reason) noexcept;

    // Cancels it at a time of corun::clock; max() is never. Throws std::bad_alloc.
    void expire_at(clock::time_point deadline);

    // Makes it a shield: what is cancelled outside does not show inside until `grace` has passed since. An outer cancellation that
    // is already there counts from now.
    void shield_for(clock::duration grace) noexcept;

    // Another thread may cancel it.
    void has_remote_control() noexcept { is_remote_ = true; }

    [[nodiscard]] bool is_cancelled() const noexcept { return cancelled_; }
    [[nodiscard]] cancel_reason reason() const noexcept { return reason_; }
    [[nodiscard]] const scope* outer() const noexcept { return outer_; }
    [[nodiscard]] fiber_record& fiber() const noexcept { return fiber_; }
    [[nodiscard]] scope_kind kind() const noexcept { return kind_; }
    [[nodiscard]] const std::source_location& where() const noexcept { return where_; }
    [[nodiscard]] clock::time_point deadline() const noexcept { return deadline_; }
    [[nodiscard]] clock::duration grace() const noexcept { return grace_; }
    [[nodiscard]] bool lets_through() const noexcept { return lets_through_; }

    // Whether this is the scope for which a yield threw; called where the exception is about to leave it.
    [[nodiscard]] bool threw(const cancelled& c) const noexcept { return cancelled_ && c.scope_ == this; }
    [[nodiscard]] static bool is_of_fiber(const cancelled& c) noexcept { return c.scope_ == nullptr; }

private:
    friend struct cancellation_view;
    friend void show_cancellation(fiber_record&, scope*) noexcept;
    friend std::stop_token innermost_token(fiber_record&);
    friend clock::time_point effective_deadline(const fiber_record&) noexcept;
    friend bool may_be_cut_short(const fiber_record&) noexcept;

    void expired() noexcept override;
    void begin_grace() noexcept;
    [[nodiscard]] bool hides_outer() const noexcept { return shields_ && !lets_through_; }

    fiber_record& fiber_;
    scope* const outer_;
    const std::source_location where_;
    clock::time_point deadline_ = clock::time_point::max();  // a shield's: when its grace ends, once that has begun
    clock::duration grace_{};
    const int unwinding_;  // exceptions that unwound the fiber when it entered
    std::uint32_t thrown_before_;  // what the fiber had swallowed when it entered
    cancel_reason reason_{};
    const scope_kind kind_;
    bool cancelled_ = false;
    bool is_remote_ = false;
    bool shields_ = false;
    bool lets_through_ = false;  // a shield whose grace is over
    std::stop_source stop_{std::nostopstate};  // made when its token is asked for
};

// What code inside of a scope, or (null) outside of all, can see of cancellations while so many exceptions unwind the fiber.
struct cancellation_view {
    cancellation_view(const fiber_record& fiber, const scope* innermost, int unwinding) noexcept;
    bool exists = false;
    const scope* source = nullptr;  // the outermost cancelled one; null: the fiber itself
};

// A scope of the fiber was cancelled, or (null) the fiber itself: shows that to its yields as far as shields let it through.
void show_cancellation(fiber_record& fiber, scope* source) noexcept;

// Is asked to stop when yields inside the fiber's innermost scope, or of the fiber where it is in none, begin to throw.
[[nodiscard]] std::stop_token innermost_token(fiber_record& fiber);

// The Asio operation that the fiber waits for, if it was asked to stop already, may be asked harder. On the owner.
void allow_harder(fiber_record& fiber, std::uint8_t limit) noexcept;

// The earliest deadline that the fiber's code is under now.
[[nodiscard]] clock::time_point effective_deadline(const fiber_record& fiber) noexcept;

// A deadline, a cancellation or another thread's stop token may end what it waits for.
[[nodiscard]] bool may_be_cut_short(const fiber_record& fiber) noexcept;

}  // namespace corun::detail
