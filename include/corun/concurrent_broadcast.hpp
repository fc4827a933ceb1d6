// Telling everyone, on every scheduler and thread.
#pragma once

#include <corun/broadcast.hpp>
#include <corun/detail/recycled_memory.hpp>
#include <corun/detail/shared_handler.hpp>
#include <corun/detail/shared_operation.hpp>
#include <corun/error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace corun {

/// As `broadcast`, for fibers of any scheduler, plain threads and completion handlers together. Every function may be called from
/// any thread, those of a subscription from one at a time; only the yield on `receive()` switches. Each value is kept once, in
/// memory that later ones use again, and copied for each subscriber without any lock held. Must outlive the use of its
/// subscriptions.
template <class T>
class concurrent_broadcast {
    static_assert(std::is_copy_constructible_v<T>, "each subscriber gets a copy");

public:
    class subscription;

    /// @param capacity  how many values are kept for those who are behind; at least 1
    explicit concurrent_broadcast(std::size_t capacity) : kept_(std::max<std::size_t>(capacity, 1)) {}
    concurrent_broadcast(const concurrent_broadcast&) = delete;
    concurrent_broadcast& operator=(const concurrent_broadcast&) = delete;

    /// Never waits. Throws channel_closed after close(), std::bad_alloc, what T's move throws; nothing is sent then.
    void send(T value) {
        // Afterwards the one it has displaced, which ends without the lock.
        std::shared_ptr<const T> fresh = std::allocate_shared<T>(detail::recycling_allocator<T>{memory_}, std::move(value));
        detail::resume_later resumed;
        const std::lock_guard hold{lock_};
        if (closed_) throw channel_closed{};
        if (next_ - oldest_ == kept_.size()) ++oldest_;
        kept_[next_++ % kept_.size()].swap(fresh);
        wake(resumed);
    }
    /// From now on nothing is sent; subscribers receive what they have not yet seen, then nullopt.
    void close() noexcept {
        detail::resume_later resumed;
        const std::lock_guard hold{lock_};
        closed_ = true;
        wake(resumed);
    }
    /// Sees what is sent from now on.
    [[nodiscard]] subscription subscribe() noexcept {
        const std::lock_guard hold{lock_};
        return subscription{*this, next_};
    }

private:
    struct request;
    using message = std::optional<broadcast_message<T>>;

    void wake(detail::resume_later& resumed) noexcept {
        while (detail::shared_waiter* w = waiting_.pop()) resumed.add(*w);
    }
    [[nodiscard]] message take(std::uint64_t& seen) {
        std::shared_ptr<const T> value;
        std::uint64_t number = 0;
        {
            const std::lock_guard hold{lock_};
            if (seen == next_) return {};
            number = std::max(seen, oldest_);
            value = kept_[number % kept_.size()];
        }
        message received{{*value, number - seen}};
        seen = number + 1;
        return received;
    }

    detail::recycled_memory memory_{alignof(T)};
    detail::primitive_lock lock_;  // guards the rest
    detail::shared_line waiting_;
    std::vector<std::shared_ptr<const T>> kept_;
    std::uint64_t oldest_ = 0;
    std::uint64_t next_ = 0;
    bool closed_ = false;
};

/// One subscriber's place in the stream. Movable.
template <class T>
class concurrent_broadcast<T>::subscription {
public:
    /// An operation: the next value, as std::optional<broadcast_message<T>>; nullopt when the broadcast is closed and all was seen.
    [[nodiscard]] detail::shared_operation<request> receive() noexcept {
        return detail::shared_operation<request>{std::in_place, *this};
    }
    /// Blocks the calling thread. Throws switch_forbidden on a fiber, and timed_out, with nothing taken, at the deadline.
    [[nodiscard]] message blocking_receive(clock::time_point deadline = clock::time_point::max()) {
        return detail::shared_blocking<request>{*this}.wait("concurrent_broadcast::blocking_receive()", deadline);
    }
    /// Calls the token's handler as void(std::exception_ptr, std::optional<broadcast_message<T>>). Until then the broadcast must
    /// live, and the subscription stay where it is.
    template <class Token>
    auto async_receive(Token&& token) {
        return detail::async_request<request>(std::forward<Token>(token), std::ref(*this));
    }

private:
    friend class concurrent_broadcast;
    subscription(concurrent_broadcast& b, std::uint64_t seen) noexcept : from_{&b}, seen_{seen} {}

    concurrent_broadcast* from_;
    std::uint64_t seen_;  // of numbers before this one
};

template <class T>
struct concurrent_broadcast<T>::request : detail::shared_waiter {
    request(subscription& s) noexcept : of{&s} {}
    request(request&& other) noexcept : request{*other.of} {}

    [[nodiscard]] bool begin() noexcept {
        concurrent_broadcast& b = *of->from_;
        const std::lock_guard hold{b.lock_};
        if (passes(nullptr)) return true;
        b.waiting_.append(*this);
        return false;
    }
    [[nodiscard]] bool withdraw() noexcept {
        const std::lock_guard hold{of->from_->lock_};
        if (!this->in_line) return false;
        detail::shared_line::remove(*this);
        return true;
    }
    [[nodiscard]] message get() { return of->from_->take(of->seen_); }

    // --- for select ---
    [[nodiscard]] detail::primitive_lock& lock() noexcept { return of->from_->lock_; }
    [[nodiscard]] bool attempt() noexcept {
        const std::lock_guard hold{lock()};
        return passes(nullptr);
    }
    [[nodiscard]] bool passes(const detail::selection*) const noexcept {
        return of->seen_ != of->from_->next_ || of->from_->closed_;
    }
    void get_in_line() noexcept { of->from_->waiting_.append(*this); }

    subscription* of;
};

}  // namespace corun
