// The queue of a concurrent_channel without a small bound. Guarded by the channel's lock.
#pragma once

#include <corun/detail/primitive_lock.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

namespace corun::detail {

// Values lie in cells, which change hands by pointer, so that a value can be moved while the lock is free. Emptied cells are kept.
template <class T>
class shared_cells {
public:
    struct cell {
        cell* next = nullptr;
        alignas(T) std::byte bytes[sizeof(T)];
        [[nodiscard]] T* place() noexcept { return std::launder(reinterpret_cast<T*>(bytes)); }
    };
    // A cell that the caller has to itself until it says `done`, under the lock.
    struct hold {
        cell* at = nullptr;
        shared_cells* from = nullptr;
        bool was_full = false;
        explicit operator bool() const noexcept { return at != nullptr; }
        void done() noexcept { was_full ? from->give_back(at) : from->append(at); }
    };

    explicit shared_cells(std::size_t capacity) noexcept : capacity_{capacity} {}
    shared_cells(const shared_cells&) = delete;
    shared_cells& operator=(const shared_cells&) = delete;
    ~shared_cells() {
        for (cell* c = first_; c != nullptr;) {
            std::destroy_at(c->place());
            delete std::exchange(c, c->next);
        }
        for (cell* c = free_; c != nullptr;) delete std::exchange(c, c->next);
    }

    // Gets the memory for one more value, without the lock meanwhile. Throws std::bad_alloc.
    void prepare(std::unique_lock<primitive_lock>& lock) {
        while (used_ < capacity_ && free_ == nullptr) {
            lock.unlock();
            auto fresh = std::make_unique<cell>();
            lock.lock();
            fresh->next = free_;
            free_ = fresh.release();
        }
    }
    // A free cell for the next value; none: it is full, or closed.
    [[nodiscard]] hold make_room() noexcept {
        if (!has_room()) return {};
        ++used_;
        return {std::exchange(free_, free_->next), this, false};
    }
    // The cell of the oldest value; none: it is empty.
    [[nodiscard]] hold take() noexcept {
        if (first_ == nullptr) return {};
        return {std::exchange(first_, first_->next), this, true};
    }
    [[nodiscard]] bool has_room() const noexcept { return !closed_ && used_ < capacity_; }
    [[nodiscard]] bool has_value() const noexcept { return first_ != nullptr; }
    void close() noexcept { closed_ = true; }
    [[nodiscard]] bool closed() const noexcept { return closed_; }
    // Values that are in it or in somebody's hands.
    [[nodiscard]] std::size_t size() const noexcept { return used_; }

private:
    void append(cell* c) noexcept {
        c->next = nullptr;
        (first_ != nullptr ? last_->next : first_) = c;
        last_ = c;
    }
    void give_back(cell* c) noexcept {
        c->next = std::exchange(free_, c);
        --used_;
    }

    cell* first_ = nullptr;  // the queue
    cell* last_ = nullptr;   // valid while there is a first
    cell* free_ = nullptr;
    std::size_t used_ = 0;
    const std::size_t capacity_;
    bool closed_ = false;
};

}  // namespace corun::detail
