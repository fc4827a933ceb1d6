// Sending to and receiving from a concurrent_channel, as requests (shared_operation.hpp).
#pragma once

#include <corun/detail/shared_channel.hpp>
#include <corun/error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace corun::detail {

// @tparam Held  T, a value of its own; or T*, the sender's
template <class T, class Held>
struct shared_send : shared_channel<T>::sender {
    shared_send(shared_channel<T>& c, Held h) noexcept : channel{&c}, held(std::move(h)) {}
    shared_send(shared_send&& other) noexcept : shared_send{*other.channel, std::move(other.held)} {}

    [[nodiscard]] bool attempt() { return is_over(channel->push(its_value(), nullptr)); }
    [[nodiscard]] bool attempt_patiently() {
        return channel->is_quick() && channel->hope.try_again([this] { return attempt(); });
    }
    [[nodiscard]] bool begin() {
        this->value = std::addressof(its_value());
        return is_over(channel->push(*this->value, this));
    }
    [[nodiscard]] bool withdraw() noexcept { return channel->withdraw(*this); }
    void get() const {
        if (this->refused) throw channel_closed{};
    }

    [[nodiscard]] primitive_lock& lock() noexcept { return channel->lock(); }
    [[nodiscard]] bool passes(const selection* s) noexcept { return channel->can_push(s); }
    void get_in_line() noexcept {
        this->value = std::addressof(its_value());
        channel->line_up(*this);
    }

    shared_channel<T>* channel;
    Held held;

private:
    // Who has to wait may be resumed, and gone, by now.
    bool is_over(passage p) noexcept {
        if (p == passage::ended) this->refused = true;
        return p != passage::must_wait;
    }
    T& its_value() noexcept {
        if constexpr (std::is_same_v<Held, T*>)
            return *held;
        else
            return held;
    }
};

template <class T>
struct shared_receive : shared_channel<T>::receiver {
    explicit shared_receive(shared_channel<T>& c) noexcept : channel{&c} {}
    shared_receive(shared_receive&& other) noexcept : shared_receive{*other.channel} {}

    [[nodiscard]] bool attempt() { return channel->pull(this->value, nullptr) != passage::must_wait; }
    [[nodiscard]] bool attempt_patiently() {
        return channel->is_quick() && channel->hope.try_again([this] { return attempt(); });
    }
    [[nodiscard]] bool begin() { return channel->pull(this->value, this) != passage::must_wait; }
    [[nodiscard]] bool withdraw() noexcept { return channel->withdraw(*this); }
    [[nodiscard]] std::optional<T> get() { return std::move(this->value); }

    [[nodiscard]] primitive_lock& lock() noexcept { return channel->lock(); }
    [[nodiscard]] bool passes(const selection* s) noexcept { return channel->can_pull(s); }
    void get_in_line() noexcept { channel->line_up(*this); }

    shared_channel<T>* channel;
};

template <class T>
struct shared_receive_some : shared_receive<T> {
    shared_receive_some(shared_channel<T>& c, std::vector<T>& v, std::size_t n) : shared_receive<T>{c}, values{&v}, most{n} {
        make_room();
    }
    shared_receive_some(shared_receive_some&& other) noexcept
        : shared_receive<T>{std::move(other)}, values{other.values}, most{other.most} {}

    // Nothing is taken out of the channel, nor handed over by a sender, unless there is room for it.
    [[nodiscard]] std::size_t get() {
        std::size_t count = 0;
        while (this->value.has_value()) {
            values->push_back(std::move(*this->value));
            this->value.reset();
            if (++count == most) break;
            make_room();
            pull_another();
        }
        return count;
    }
    void may_be_outlived() noexcept {
        const holding hold{this->channel->lock()};
        number = this->channel->life.number();
    }

    std::vector<T>* values;
    std::size_t most;
    std::uint64_t number = 0;  // of the channel, if this may outlive it

private:
    void pull_another() {
        const std::optional<visit> home = number != 0 ? std::optional<visit>{std::in_place, number} : std::nullopt;
        if (!home || *home) (void)this->channel->pull(this->value, nullptr);
    }
    void make_room() {
        if (values->size() == values->capacity()) values->reserve(std::max<std::size_t>(16, 2 * values->size()));
    }
};

}  // namespace corun::detail
