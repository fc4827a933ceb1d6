// The inside of corun::concurrent_channel.
#pragma once

#include <corun/detail/channel_operation.hpp>
#include <corun/detail/shared_operation.hpp>
#include <corun/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

namespace corun::detail {

enum class passage : std::uint8_t { done, ended, must_wait };

// Values lie in cells; under the lock, cells and waiters change hands, by pointer. A value is moved while the lock is free: by then its
// cell, or its waiter, belongs to the one who moves it. Only values that are mere bytes are moved under the lock.
template <class T>
class shared_channel {
    static_assert(std::is_nothrow_move_constructible_v<T>, "concurrent_channel needs values whose move does not throw");

public:
    struct sender : shared_waiter {
        T* value = nullptr;
        bool refused = false;
    };
    struct receiver : shared_waiter {
        std::optional<T> value;
    };

    explicit shared_channel(std::size_t capacity) noexcept : capacity_{capacity} {}
    shared_channel(const shared_channel&) = delete;
    shared_channel& operator=(const shared_channel&) = delete;
    ~shared_channel() {
        for (cell* c = first_; c != nullptr;) {
            std::destroy_at(c->place());
            delete std::exchange(c, c->next);
        }
        for (cell* c = free_; c != nullptr;) delete std::exchange(c, c->next);
    }

    // @param waiter  gets in line if it must wait; null: it does not wait. ended: the channel is closed
    passage push(T& value, sender* waiter) {
        resume_later resumed;
        holding hold{lock_};
        if (closed_) return passage::ended;
        if (auto* r = static_cast<receiver*>(receivers_.pop())) {
            outside(hold, [&] { r->value.emplace(std::move(value)); });
            resumed.add(*r);
            return passage::done;
        }
        if (used_ < capacity_) {
            cell* c = take_cell(hold);
            outside(hold, [&] { std::construct_at(c->place(), std::move(value)); });
            deliver(c, hold, resumed);
            return passage::done;
        }
        if (waiter != nullptr) senders_.append(*waiter);
        return passage::must_wait;
    }

    // ended: closed and drained
    passage pull(std::optional<T>& into, receiver* waiter) {
        resume_later resumed;
        holding hold{lock_};
        if (cell* c = first_) {
            first_ = c->next;
            auto* s = static_cast<sender*>(senders_.pop());
            outside(hold, [&] {
                empty(*c, into);
                if (s != nullptr) std::construct_at(c->place(), std::move(*s->value));
            });
            if (s != nullptr) {
                resumed.add(*s);
                deliver(c, hold, resumed);
            } else {
                give_back(c, resumed);
            }
            return passage::done;
        }
        if (auto* s = static_cast<sender*>(senders_.pop())) {
            outside(hold, [&] { into.emplace(std::move(*s->value)); });
            resumed.add(*s);
            return passage::done;
        }
        if (closed_ && used_ == 0) return passage::ended;
        if (waiter != nullptr) receivers_.append(*waiter);
        return passage::must_wait;
    }

    bool withdraw(shared_waiter& w) noexcept {
        const holding hold{lock_};
        if (!w.in_line) return false;
        shared_line::remove(w);
        return true;
    }

    void close() noexcept {
        resume_later resumed;
        const holding hold{lock_};
        closed_ = true;
        while (auto* s = static_cast<sender*>(senders_.pop())) {
            s->refused = true;
            resumed.add(*s);
        }
        end_receivers_if_drained(resumed);
    }
    [[nodiscard]] bool closed() const noexcept {
        const holding hold{lock_};
        return closed_;
    }
    [[nodiscard]] std::size_t size() const noexcept {
        const holding hold{lock_};
        return used_;
    }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

private:
    using holding = std::unique_lock<primitive_lock>;
    struct cell {
        [[nodiscard]] T* place() noexcept { return std::launder(reinterpret_cast<T*>(bytes)); }
        cell* next = nullptr;
        alignas(T) std::byte bytes[sizeof(T)];
    };

    template <class Function>
    static void outside(holding& hold, Function move) noexcept {
        if constexpr (std::is_trivially_copyable_v<T>) {
            move();
        } else {
            hold.unlock();
            move();
            hold.lock();
        }
    }
    static void empty(cell& c, std::optional<T>& into) noexcept {
        into.emplace(std::move(*c.place()));
        std::destroy_at(c.place());
    }

    // Counts as used from here on. Throws std::bad_alloc.
    cell* take_cell(holding& hold) {
        ++used_;
        if (free_ != nullptr) return std::exchange(free_, free_->next);
        hold.unlock();
        cell* fresh = new (std::nothrow) cell;
        hold.lock();
        if (fresh != nullptr) return fresh;
        --used_;
        throw std::bad_alloc{};
    }
    void give_back(cell* c, resume_later& resumed) noexcept {
        c->next = std::exchange(free_, c);
        --used_;
        end_receivers_if_drained(resumed);
    }

    // A full cell goes to who has waited longest, else to the end of the queue. A cell that is emptied this way takes the value of the next
    // sender. So receivers wait only while the queue is empty.
    void deliver(cell* c, holding& hold, resume_later& resumed) noexcept {
        while (auto* r = static_cast<receiver*>(receivers_.pop())) {
            auto* s = static_cast<sender*>(senders_.pop());
            outside(hold, [&] {
                empty(*c, r->value);
                if (s != nullptr) std::construct_at(c->place(), std::move(*s->value));
            });
            resumed.add(*r);
            if (s == nullptr) return give_back(c, resumed);
            resumed.add(*s);
        }
        c->next = nullptr;
        (first_ != nullptr ? last_->next : first_) = c;
        last_ = c;
    }

    void end_receivers_if_drained(resume_later& resumed) noexcept {
        if (!closed_ || used_ != 0) return;
        while (shared_waiter* r = receivers_.pop()) resumed.add(*r);
    }

    mutable primitive_lock lock_;  // guards the rest
    shared_line receivers_;
    shared_line senders_;
    cell* first_ = nullptr;  // the queue
    cell* last_ = nullptr;  // valid while there is a first
    cell* free_ = nullptr;
    std::size_t used_ = 0;  // cells in the queue or in somebody's hands
    const std::size_t capacity_;
    bool closed_ = false;
};

// @tparam Held  T, a value of its own; or T*, the sender's
template <class T, class Held>
struct shared_send : shared_channel<T>::sender {
    shared_send(shared_channel<T>& c, Held h) noexcept : channel{&c}, held{std::move(h)} {}
    shared_send(shared_send&& other) noexcept : shared_send{*other.channel, std::move(other.held)} {}

    [[nodiscard]] bool begin() {
        if constexpr (std::is_same_v<Held, T*>)
            this->value = held;
        else
            this->value = &held;
        const passage p = channel->push(*this->value, this);
        if (p == passage::ended) this->refused = true;
        return p != passage::must_wait;
    }
    [[nodiscard]] bool withdraw() noexcept { return channel->withdraw(*this); }
    void get() const {
        if (this->refused) throw channel_closed{};
    }

    shared_channel<T>* channel;
    Held held;
};

template <class T>
struct shared_receive : shared_channel<T>::receiver {
    explicit shared_receive(shared_channel<T>& c) noexcept : channel{&c} {}
    shared_receive(shared_receive&& other) noexcept : shared_receive{*other.channel} {}

    [[nodiscard]] bool begin() { return channel->pull(this->value, this) != passage::must_wait; }
    [[nodiscard]] bool withdraw() noexcept { return channel->withdraw(*this); }
    [[nodiscard]] std::optional<T> get() { return std::move(this->value); }

    shared_channel<T>* channel;
};

}  // namespace corun::detail
