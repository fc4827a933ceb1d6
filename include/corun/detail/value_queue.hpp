// Values on their way, first in first out.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace corun::detail {

// A ring of chunks, so that values never move while they wait: T may be unable to move, or throw when it does. A chunk that is
// empty stays in the ring and is filled again: nothing is allocated unless the queue is longer than ever before.
template <class T>
class value_queue {
public:
    value_queue() noexcept = default;
    value_queue(const value_queue&) = delete;
    value_queue& operator=(const value_queue&) = delete;
    ~value_queue() {
        while (!empty()) drop(first_);
        if (tail_ == nullptr) return;
        for (chunk* c = tail_->next; c != tail_;) delete std::exchange(c, c->next);
        delete tail_;
    }

    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    // Throws what T's constructor throws, or std::bad_alloc; nothing has changed then.
    template <class... Args>
    [[gnu::always_inline]] void push(Args&&... args) {
        if (end_ == chunk::room) grow();
        std::construct_at(tail_->at(end_), std::forward<Args>(args)...);
        ++end_;
        ++size_;
    }

    // Moves the first one into a place. True: it was the last one, too. Throws what T's move throws; nothing has changed then.
    template <class Place>
    [[gnu::always_inline]] bool pop(Place& into) {
        const std::size_t at = first_;  // read once: what is written into the place might be this queue, as a compiler sees it
        into.emplace(std::move(*head_->at(at)));
        return drop(at);
    }

private:
    struct chunk {
        static constexpr std::size_t room = std::clamp<std::size_t>(2048 / sizeof(T), 4, 128);
        [[nodiscard]] T* at(std::size_t i) noexcept { return std::launder(reinterpret_cast<T*>(bytes)) + i; }
        chunk* next = this;
        alignas(T) std::byte bytes[room * sizeof(T)];
    };

    // A destructor may use the queue: its value is no longer in it then, but its place is not yet free.
    [[gnu::always_inline]] bool drop(std::size_t at) noexcept {
        T* const gone = head_->at(at);
        --size_;
        first_ = at + 1;
        if (first_ == chunk::room && size_ != 0) {
            head_ = head_->next;
            first_ = 0;
        }
        std::destroy_at(gone);
        if (size_ != 0) return false;
        head_ = tail_;  // the same places again, which are in the cache
        first_ = end_ = 0;
        return true;
    }

    [[gnu::noinline]] void grow() {
        if (tail_ == nullptr) {
            tail_ = new chunk;
        } else {
            if (tail_->next == head_) {
                auto* fresh = new chunk;
                fresh->next = tail_->next;
                tail_->next = fresh;
            }
            tail_ = tail_->next;
        }
        end_ = 0;
        if (size_ != 0) return;
        head_ = tail_;
        first_ = 0;
    }

    chunk* head_ = nullptr;  // holds the first value, at first_
    chunk* tail_ = nullptr;  // the next value goes there, at end_; the chunks after it, up to the head, are empty
    std::size_t end_ = chunk::room;  // as well where there is no chunk yet
    std::size_t first_ = 0;
    std::size_t size_ = 0;  // not beside end_: a compiler would count both up at once, by way of a vector register
};

}  // namespace corun::detail
