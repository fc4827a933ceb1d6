// Telling everyone.
#pragma once

#include <corun/detail/wait_list.hpp>
#include <corun/error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace corun {

/// What a subscriber receives.
template <class T>
struct broadcast_message {
    T value;
    std::uint64_t missed;  ///< messages directly before this one that came faster than the subscriber took them, and are gone
};

/// Sends each value to every subscriber, among the fibers of one scheduler. Sending never waits: it keeps the last values only, and
/// a slow subscriber is told how many it has missed. Any use on another scheduler throws wrong_scheduler. T must be copyable. Must
/// outlive its subscriptions' use. Nothing but the yield on `receive` switches.
template <class T>
class broadcast {
    static_assert(std::is_copy_constructible_v<T>, "each subscriber gets a copy");

public:
    class subscription;

    /// @param capacity  how many values are kept for those who are behind; at least 1
    explicit broadcast(std::size_t capacity) : kept_(std::max<std::size_t>(capacity, 1)) {}
    broadcast(const broadcast&) = delete;
    broadcast& operator=(const broadcast&) = delete;

    /// Throws what T's move throws; nothing is sent then, though the oldest value may be gone. After close() it throws
    /// channel_closed.
    void send(T value);
    /// From now on nothing is sent; subscribers receive what they have not yet seen, then nullopt.
    void close();
    /// Sees what is sent from now on.
    [[nodiscard]] subscription subscribe() {
        home_.check("broadcast");
        return subscription{*this};
    }

private:
    class receive_operation;
    [[nodiscard]] std::optional<T>& place_of(std::uint64_t number) noexcept { return kept_[number % kept_.size()]; }

    // The values of the numbers from oldest_ to before next_, each at its place.
    std::vector<std::optional<T>> kept_;
    std::uint64_t oldest_ = 0;
    std::uint64_t next_ = 0;
    bool closed_ = false;
    detail::wait_list waiting_;
    detail::home home_;
};

/// One subscriber's place in the stream. Movable; for one fiber at a time.
template <class T>
class broadcast<T>::subscription {
public:
    /// An operation: the next value, as std::optional<broadcast_message<T>>; nullopt when the broadcast is closed and all was seen.
    /// If copying it throws, it is received again the next time.
    [[nodiscard]] receive_operation receive() noexcept { return receive_operation{*this}; }
    /// How many values are there to be received now.
    [[nodiscard]] std::size_t pending() const {
        from_->home_.look("broadcast");
        return static_cast<std::size_t>(from_->next_ - std::max(seen_, from_->oldest_));
    }

private:
    friend class broadcast;
    explicit subscription(broadcast& b) noexcept : from_{&b}, seen_{b.next_} {}

    broadcast* from_;
    std::uint64_t seen_;  // of numbers before this one
};

template <class T>
class [[nodiscard]] broadcast<T>::receive_operation : public detail::committing<receive_operation> {
public:
    explicit receive_operation(subscription& s) noexcept : for_{&s} {}
    receive_operation(receive_operation&& other) noexcept : for_{other.for_} {}  // before it starts

    // Being let through takes nothing: `get` does.
    [[nodiscard]] bool available() const {
        broadcast& b = *for_->from_;
        b.home_.check("broadcast");
        return for_->seen_ != b.next_ || b.closed_;
    }
    [[nodiscard]] bool try_commit() const { return available(); }
    [[nodiscard]] detail::wait_list& queue() noexcept { return for_->from_->waiting_; }

    [[nodiscard]] std::optional<broadcast_message<T>> get() {
        broadcast& b = *for_->from_;
        b.home_.looked_at();
        if (for_->seen_ == b.next_) return {};
        const std::uint64_t number = std::max(for_->seen_, b.oldest_);
        std::optional<broadcast_message<T>> message{{*b.place_of(number), number - for_->seen_}};
        for_->seen_ = number + 1;
        return message;
    }

private:
    subscription* for_;
};

template <class T>
void broadcast<T>::send(T value) {
    home_.check("broadcast");
    if (closed_) throw channel_closed{};
    std::optional<T> displaced;  // ends last: its destructor may send
    if (next_ - oldest_ == kept_.size()) displaced.emplace(std::move(*place_of(oldest_++)));
    place_of(next_).emplace(std::move(value));
    ++next_;
    detail::grant_all(waiting_);
}

template <class T>
void broadcast<T>::close() {
    home_.check("broadcast");
    closed_ = true;
    detail::grant_all(waiting_);
}

}  // namespace corun
