// Passing values between schedulers, threads and callbacks.
#pragma once

#include <corun/channel.hpp>
#include <corun/clock.hpp>
#include <corun/detail/shared_handler.hpp>
#include <corun/detail/shared_operation.hpp>
#include <corun/detail/shared_requests.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace corun {

/// As `channel`, for fibers of any scheduler, plain threads and completion handlers together. Every function may be called from any
/// thread; only the yields on `send()`, `receive()` and `receive_some()` switch. T's move must not throw; it runs without any lock
/// held. Must outlive every call on it, until that has returned: what a call has sent can be received before, and to have received
/// it does not tell that the sender is gone. Must outlive those who wait on fibers and threads; handlers that still wait when it
/// ends are destroyed uncalled.
///
/// Values of one sender arrive in their order.
template <class T>
class concurrent_channel {
    using held_by_sender = detail::held_by_sender<T>;
    using send_request = detail::shared_send<T, held_by_sender>;
    using receive_request = detail::shared_receive<T>;
    using batch_request = detail::shared_receive_some<T>;

public:
    /// @param capacity  how many values wait in the channel before senders do: 0, a rendezvous; a number; or `unbounded`
    /// Throws std::bad_alloc.
    explicit concurrent_channel(std::size_t capacity = 0) : inside_{capacity} {}

    /// An operation without a value: waits until the value is in the channel or at its receiver. Throws channel_closed.
    /// @param value  refers to the sender's own, which is moved from only when it is delivered; it must live until the yield has
    /// ended.
    [[nodiscard]] detail::shared_operation<send_request> send(T&& value) noexcept {
        return detail::shared_operation<send_request>{std::in_place, inside_, hold(value)};
    }
    /// The same, with a copy made now.
    [[nodiscard]] detail::shared_operation<detail::shared_send<T, T>> send(const T& value)
        requires std::copy_constructible<T>
    {
        return detail::shared_operation<detail::shared_send<T, T>>{std::in_place, inside_, T(value)};
    }
    /// An operation: the next value; nullopt when the channel is closed and drained.
    [[nodiscard]] detail::shared_operation<receive_request> receive() noexcept {
        return detail::shared_operation<receive_request>{std::in_place, inside_};
    }

    /// An operation: waits for a value, and appends it and what else is there to `values`.
    /// @param most  how many at most; at least 1
    /// @return how many; 0 when the channel is closed and drained
    [[nodiscard]] detail::shared_operation<batch_request> receive_some(std::vector<T>& values, std::size_t most = unbounded) {
        return detail::shared_operation<batch_request>{std::in_place, inside_, values, most};
    }

    /// The same, blocking the calling thread. They throw switch_forbidden on a fiber, and timed_out when nothing has come of it by
    /// the deadline: the value of a send is still the caller's then, and nothing was received.
    void blocking_send(T&& value, clock::time_point deadline = clock::time_point::max()) {
        detail::shared_blocking<send_request>{inside_, hold(value)}.wait("concurrent_channel::blocking_send()", deadline);
    }
    void blocking_send(const T& value, clock::time_point deadline = clock::time_point::max())
        requires std::copy_constructible<T>
    {
        blocking_send(T(value), deadline);
    }
    [[nodiscard]] std::optional<T> blocking_receive(clock::time_point deadline = clock::time_point::max()) {
        return detail::shared_blocking<receive_request>{inside_}.wait("concurrent_channel::blocking_receive()", deadline);
    }
    [[nodiscard]] std::size_t blocking_receive_some(std::vector<T>& values, std::size_t most = unbounded,
                                                    clock::time_point deadline = clock::time_point::max()) {
        const char* const name = "concurrent_channel::blocking_receive_some()";
        return detail::shared_blocking<batch_request>{inside_, values, most}.wait(name, deadline);
    }

    /// The same, with a completion token: void(std::exception_ptr), which may hold channel_closed, void(std::exception_ptr,
    /// std::optional<T>), and void(std::exception_ptr, std::size_t), whose `values` must live until then. Through its cancellation
    /// slot, which is used where the handler runs, it ends with operation_aborted; the value of a send is lost then. So is a value
    /// that was received for a handler whose context ends before it is called.
    template <class Token>
    auto async_send(T value, Token&& token) {
        return detail::async_request<detail::shared_send<T, T>>(std::forward<Token>(token), std::ref(inside_), std::move(value));
    }
    template <class Token>
    auto async_receive(Token&& token) {
        return detail::async_request<receive_request>(std::forward<Token>(token), std::ref(inside_));
    }
    template <class Token>
    auto async_receive_some(std::vector<T>& values, std::size_t most, Token&& token) {
        return detail::async_request<batch_request>(std::forward<Token>(token), std::ref(inside_), std::ref(values), most);
    }

    /// Sends if nobody need wait for it. False: full, and the value is still the caller's. Throws channel_closed.
    bool try_send(T&& value) {
        const auto p = inside_.push(value, nullptr);
        if (p == detail::passage::ended) throw channel_closed{};
        return p == detail::passage::done;
    }
    bool try_send(const T& value)
        requires std::copy_constructible<T>
    {
        return try_send(T(value));
    }
    /// The next value, or nullopt if none is there now.
    [[nodiscard]] std::optional<T> try_receive() {
        std::optional<T> value;
        (void)inside_.pull(value, nullptr);
        return value;
    }

    /// As channel<T>::close. What was being sent at that moment is sent, or refused.
    void close() noexcept { inside_.close(); }
    /// A moment's truths.
    [[nodiscard]] bool closed() const noexcept { return inside_.closed(); }
    [[nodiscard]] std::size_t size() const noexcept { return inside_.size(); }
    [[nodiscard]] std::size_t capacity() const noexcept { return inside_.capacity(); }

private:
    static held_by_sender hold(T& value) noexcept {
        if constexpr (std::is_same_v<held_by_sender, T>)
            return std::move(value);
        else
            return std::addressof(value);
    }

    detail::shared_channel<T> inside_;
};

}  // namespace corun
