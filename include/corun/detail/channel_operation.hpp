// The operations of corun::channel.
#pragma once

#include <corun/detail/wait_list.hpp>
#include <corun/error.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace corun {

template <class T>
class channel;

namespace detail {

// What a send of an rvalue holds: the value where that is as cheap and as safe, else where the sender keeps it.
template <class T>
using held_by_sender = std::conditional_t<std::is_trivially_copyable_v<T> && sizeof(T) <= 2 * sizeof(void*), T, T*>;

// A send that waits, as the channel sees it. Refused where the channel is closed; failed where the value could not be moved into it.
template <class T>
struct sender : waiter {
    static constexpr bool move_may_throw = !std::is_nothrow_move_constructible_v<T>;
    struct nothing {};  // it can only be that there was no memory

    T* value;  // set while it waits
    [[no_unique_address]] std::conditional_t<move_may_throw, std::exception_ptr, nothing> failure{};

    // In a handler of what was thrown.
    void fail() noexcept {
        if constexpr (move_may_throw) failure = std::current_exception();
        conclude(*this, wait_state::failed);
    }
};

// @tparam Held  T, a value of its own; or T*, the sender's
template <class T, class Held>
class [[nodiscard]] send_operation : public committing<send_operation<T, Held>, sender<T>> {
public:
    static constexpr bool hand_over_may_throw = !std::is_nothrow_move_constructible_v<T>;

    send_operation(channel<T>& c, T&& sent) noexcept(std::is_pointer_v<Held> || std::is_nothrow_move_constructible_v<T>)
        : channel_{&c}, held_(hold(sent)) {}
    send_operation(send_operation&& other) : channel_{other.channel_}, held_(std::move(other.held_)) {}  // before it starts

    [[nodiscard]] bool available(scheduler_core* here) const { return !channel_->is_open(here) || channel_->may_push(); }
    // Throws what T's move throws; the value is still the sender's then.
    [[nodiscard]] CORUN_SWITCH bool commit_on(scheduler_core* here) {
        if (!channel_->is_open(here)) [[unlikely]] {
            this->state = wait_state::refused;
            return true;
        }
        if (!channel_->push(its_value())) return false;
        this->state = wait_state::granted;
        return true;
    }
    [[nodiscard]] wait_list& queue() noexcept { return channel_->senders_; }
    void about_to_wait() noexcept {
        this->value = std::addressof(its_value());
        channel_->home_.be_stocked();
    }
    void get() const {
        if (!this->is_granted()) [[unlikely]]
            throw_failure();
    }

private:
    [[noreturn]] __attribute__((noinline)) void throw_failure() const {
        if (this->state == wait_state::refused) throw channel_closed{};
        if constexpr (sender<T>::move_may_throw)
            std::rethrow_exception(this->failure);
        else
            throw std::bad_alloc{};
    }
    static constexpr bool refers = std::is_same_v<Held, T*>;
    static Held hold(T& sent) {
        if constexpr (refers)
            return std::addressof(sent);
        else
            return std::move(sent);
    }
    T& its_value() noexcept {
        if constexpr (refers)
            return *held_;
        else
            return held_;
    }

    channel<T>* channel_;
    Held held_;
};

// Where a received value arrives: there is one while its operation is granted. Most receives of a select never hear of one, so
// nothing is written here before.
template <class T>
class arrival {
public:
    arrival() noexcept {}
    arrival(const arrival&) = delete;
    ~arrival() = default;
    ~arrival()
        requires(!std::is_trivially_destructible_v<T>)
    {}  // the operation knows whether there is one

    template <class U>
    void emplace(U&& value) {
        std::construct_at(std::addressof(value_), std::forward<U>(value));
    }
    [[nodiscard]] T& operator*() noexcept { return value_; }
    void destroy() noexcept { std::destroy_at(std::addressof(value_)); }

private:
    union {
        T value_;
    };
};

// Refused where the channel is closed and drained.
template <class T>
class [[nodiscard]] receive_operation : public committing<receive_operation<T>> {
public:
    static constexpr bool hand_over_may_throw = !std::is_nothrow_move_constructible_v<T>;

    explicit receive_operation(channel<T>& c) noexcept : channel_{&c} {}
    receive_operation(receive_operation&& other) noexcept : channel_{other.channel_} {}  // before it starts
    receive_operation(receive_operation&& other, case_of_select mark) noexcept
        requires std::is_trivially_destructible_v<T>  // else it is asked, in the end
        : committing<receive_operation<T>>{mark}, channel_{other.channel_} {}
    ~receive_operation() = default;
    ~receive_operation()
        requires(!std::is_trivially_destructible_v<T>)
    {
        if (this->is_granted()) value_.destroy();
    }

    [[nodiscard]] CORUN_SWITCH bool may_be_available(scheduler_core* here) const noexcept { return channel_->may_have_news(here); }
    [[nodiscard]] bool available(scheduler_core* here) const {
        return may_be_available(here) && (!channel_->is_open(here) || channel_->may_pull());
    }
    [[nodiscard]] CORUN_SWITCH bool commit_on(scheduler_core* here) {
        if (channel_->home_.is_own(here)) return pull();
        return may_be_available(here) && commit_at_first_or_last(here);
    }
    [[nodiscard]] wait_list& queue() noexcept { return channel_->receivers_; }
    [[nodiscard]] std::optional<T> get() {
        if (!this->is_granted()) return {};
        return std::optional<T>{std::in_place, std::move(*value_)};
    }

protected:
    CORUN_SWITCH bool pull() {
        if (!channel_->pull(value_)) return false;
        this->state = wait_state::granted;
        return true;
    }
    // Where the channel has no scheduler yet, or is closed.
    [[gnu::noinline]] bool commit_at_first_or_last(scheduler_core* here) {
        const bool ended = !channel_->is_open(here);
        if (pull()) return true;
        if (ended) this->state = wait_state::refused;
        return ended;
    }

    friend class channel<T>;
    channel<T>* channel_;
    arrival<T> value_;
};

template <class T>
class [[nodiscard]] receive_some_operation : public receive_operation<T> {
public:
    receive_some_operation(channel<T>& c, std::vector<T>& values, std::size_t most)
        : receive_operation<T>{c}, values_{&values}, most_{most} {
        make_room();
    }

    // Nothing is taken out of the channel, nor handed over by a sender, unless there is room for it.
    [[nodiscard]] std::size_t get() {
        std::size_t count = 0;
        while (this->is_granted()) {
            values_->push_back(std::move(*this->value_));
            this->state = wait_state::refused;
            this->value_.destroy();
            if (++count == most_) break;
            make_room();
            (void)this->pull();
        }
        return count;
    }

private:
    void make_room() {
        if (values_->size() == values_->capacity()) values_->reserve(std::max<std::size_t>(16, 2 * values_->size()));
    }

    std::vector<T>* values_;
    std::size_t most_;
};

}  // namespace detail
}  // namespace corun
