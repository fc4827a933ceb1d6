// Passing values from fiber to fiber.
#pragma once

#include <corun/detail/channel_operation.hpp>
#include <corun/detail/value_queue.hpp>
#include <corun/detail/wait_list.hpp>
#include <corun/error.hpp>

#include <concepts>
#include <cstddef>
#include <exception>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace corun {

/// The capacity of a channel whose senders never wait.
inline constexpr std::size_t unbounded = std::numeric_limits<std::size_t>::max();

/// Values of type T from fibers to fibers of one scheduler, first in first out; those who wait are served in their order. Any use
/// on another scheduler throws wrong_scheduler. Must outlive those who wait. Nothing but a yield on `send`, `receive` and
/// `receive_some` switches; there is no iterator, which would hide the switch.
///
/// T needs a move constructor, which may throw. Of a send that fails (closed, cancelled, a move that throws) the value is still the
/// sender's; otherwise it is delivered. An exception of a move on the receiver's way is the receiver's, and the value ends with it.
template <class T>
class channel {
    static_assert(std::is_object_v<T> && std::is_move_constructible_v<T>, "a channel passes movable values");

public:
    /// @param capacity  how many values wait in the channel before senders do: 0, a rendezvous; a number; or `unbounded`
    explicit channel(std::size_t capacity = 0) noexcept : capacity_{capacity} { home_.be_bare(); }
    channel(const channel&) = delete;
    channel& operator=(const channel&) = delete;

    /// An operation without a value: waits until the value is in the channel or at its receiver. Throws channel_closed.
    /// @param value  refers to the sender's own, which is moved from only when it is delivered; it must live until the yield has
    /// ended. Small trivial values are copied.
    [[nodiscard]] detail::send_operation<T, detail::held_by_sender<T>> send(T&& value) noexcept {
        return {*this, std::move(value)};
    }
    /// The same, with a copy made now.
    [[nodiscard]] detail::send_operation<T, T> send(const T& value)
        requires std::copy_constructible<T>
    {
        return {*this, T(value)};
    }

    /// An operation: the next value; nullopt when the channel is closed and drained.
    [[nodiscard]] detail::receive_operation<T> receive() noexcept { return detail::receive_operation<T>{*this}; }

    /// An operation: waits for a value, and appends it and what else is there to `values`.
    /// @param most  how many at most; at least 1
    /// @return how many; 0 when the channel is closed and drained
    [[nodiscard]] detail::receive_some_operation<T> receive_some(std::vector<T>& values, std::size_t most = unbounded) {
        return {*this, values, most};
    }

    /// Sends if nobody need wait for it. False: full, and the value is still the caller's. Throws channel_closed.
    bool try_send(T&& value) {
        if (closed()) throw channel_closed{};
        return push(value);
    }
    bool try_send(const T& value)
        requires std::copy_constructible<T>
    {
        return try_send(T(value));
    }

    /// The next value, or nullopt if none is there now.
    [[nodiscard]] std::optional<T> try_receive() {
        home_.check("channel");
        std::optional<T> value;
        (void)pull(value);
        return value;
    }

    /// From now on nothing can be sent; what is in the channel can still be received. Those who wait to send get channel_closed,
    /// and those who wait to receive nullopt. Closing again changes nothing.
    void close();

    [[nodiscard]] bool closed() const { return !is_open(detail::current_core()); }
    /// Values in the channel; those of waiting senders do not count.
    [[nodiscard]] std::size_t size() const {
        home_.look("channel");
        return values_.size();
    }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

private:
    template <class, class>
    friend class detail::send_operation;
    template <class>
    friend class detail::receive_operation;
    template <class>
    friend class detail::receive_some_operation;

    [[nodiscard]] bool is_open(detail::scheduler_core* here) const { return home_.is_open("channel", here); }
    // As it seems: those who wait may have been given something else.
    [[nodiscard]] bool may_push() const noexcept { return values_.size() < capacity_ || !receivers_.empty(); }
    [[nodiscard]] bool may_pull() noexcept {
        const bool may = !values_.empty() || !senders_.empty();
        if (!may) home_.be_bare();
        return may;
    }
    // False where a receive would wait.
    [[nodiscard]] bool may_have_news(detail::scheduler_core* here) const noexcept { return !home_.is_own_and_bare(here); }
    bool push(T& value);
    template <class Place>
    bool pull(Place& into);
    void refill() noexcept;

    // Receivers wait only while there are no values and no senders, senders only while the channel is full. The home is bare only
    // while there are neither values nor senders.
    detail::value_queue<T> values_;
    detail::wait_list receivers_;
    detail::wait_list senders_;
    std::size_t capacity_;
    detail::home home_;
};

template <class T>
inline __attribute__((always_inline)) bool channel<T>::push(T& value) {
    if (detail::waiter* first = receivers_.claim_first()) {
        static_cast<detail::receive_operation<T>*>(first)->value_.emplace(std::move(value));
        detail::grant(*first);
        return true;
    }
    if (values_.size() >= capacity_) return false;
    values_.push(std::move(value));
    if (home_.is_bare()) home_.be_stocked();
    return true;
}

template <class T>
template <class Place>
inline __attribute__((always_inline)) bool channel<T>::pull(Place& into) {
    if (!values_.empty()) {
        const bool was_last = values_.pop(into);
        if (!senders_.empty())
            refill();
        else if (was_last)
            home_.be_bare();
        return true;
    }
    if (detail::waiter* first = senders_.claim_first()) {
        into.emplace(std::move(*static_cast<detail::sender<T>*>(first)->value));
        detail::grant(*first);
        if (senders_.empty()) home_.be_bare();
        return true;
    }
    home_.be_bare();
    return false;
}

// There is room for the value of the first sender. One whose value cannot be moved in keeps it, and gets the exception.
template <class T>
void channel<T>::refill() noexcept {
    while (detail::waiter* first = senders_.claim_first()) {
        auto& sender = *static_cast<detail::sender<T>*>(first);
        try {
            values_.push(std::move(*sender.value));
        } catch (...) {
            sender.fail();
            continue;
        }
        detail::grant(sender);
        return;
    }
}

template <class T>
void channel<T>::close() {
    if (closed()) return;
    home_.close();
    for (detail::wait_list* line : {&senders_, &receivers_})
        while (detail::waiter* first = line->claim_first()) detail::conclude(*first, detail::wait_state::refused);
}

}  // namespace corun
