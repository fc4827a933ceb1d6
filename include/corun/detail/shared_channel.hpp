// The inside of corun::concurrent_channel.
#pragma once

#include <corun/detail/liveness.hpp>
#include <corun/detail/patience.hpp>
#include <corun/detail/shared_cells.hpp>
#include <corun/detail/shared_hand_over.hpp>
#include <corun/detail/shared_line.hpp>
#include <corun/detail/shared_ring.hpp>

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

namespace corun::detail {

// A lock guards those who wait, and the queue, unless that is a ring. Through a ring values pass without the lock while nobody
// waits; who may have to wait says so (`waiting_`) before it looks at the ring for the last time, and who has changed the ring
// looks there afterwards and serves those who wait.
template <class T>
class shared_channel {
public:
    using sender = shared_sender<T>;
    using receiver = shared_receiver<T>;

    // Throws std::bad_alloc.
    explicit shared_channel(std::size_t capacity) : capacity_{capacity}, cells_{capacity} {
        if (capacity != 0 && capacity <= most_bytes / sizeof(typename ring::slot)) ring_.emplace(capacity);
    }

    // @param waiter  gets in line if it must wait; null: it does not wait. ended: the channel is closed
    passage push(T& value, sender* waiter) {
        if (ring_ && !is_waited_for(by_senders)) {
            lock_.note_use();
            if (auto room = ring_->make_room()) {
                std::construct_at(room.at->place(), std::move(value));
                room.done();
                if (is_waited_for(by_receivers)) serve();
                return passage::done;
            }
            if (waiter == nullptr) return ring_->closed() ? passage::ended : passage::must_wait;
        }
        if (capacity_ == 0) return push_to_receiver(value, waiter);
        return ring_ ? push_into(*ring_, value, waiter) : push_into(cells_, value, waiter);
    }

    // ended: closed and drained
    passage pull(std::optional<T>& into, receiver* waiter) {
        if (ring_ && !is_waited_for(by_receivers)) {
            lock_.note_use();
            if (auto full = ring_->take()) {
                move_out(full.at, into);
                full.done();
                if (is_waited_for(by_senders)) serve();
                return passage::done;
            }
            if (waiter == nullptr) return is_drained(*ring_) ? passage::ended : passage::must_wait;
        }
        if (capacity_ == 0) return pull_from_sender(into, waiter);
        return ring_ ? pull_from(*ring_, into, waiter) : pull_from(cells_, into, waiter);
    }

    bool withdraw(shared_waiter& w) noexcept {
        const holding hold{lock_};
        if (!w.in_line) return false;
        shared_line::remove(w);
        note_who_waits();
        return true;
    }

    void close() noexcept {
        resume_later resumed;
        const holding hold{lock_};
        cells_.close();
        if (ring_) ring_->close();
        while (auto* s = static_cast<sender*>(senders_.pop())) {
            s->refused = true;
            resumed.add(*s);
        }
        end_receivers_if_drained(resumed);
        note_who_waits();
    }
    [[nodiscard]] bool closed() const noexcept {
        const holding hold{lock_};
        return cells_.closed();
    }
    [[nodiscard]] std::size_t size() const noexcept {
        const holding hold{lock_};
        return ring_ ? ring_->size() : cells_.size();
    }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
    // Whether another thread may make a waiter's day within a few hundred cycles.
    [[nodiscard]] bool is_quick() const noexcept { return ring_.has_value(); }

    patience hope;

    // --- for select: under the lock ---
    [[nodiscard]] primitive_lock& lock() noexcept { return lock_; }
    [[nodiscard]] bool can_push(const selection* among) noexcept {
        if (among != nullptr) is_about_to_wait(by_senders);
        if (cells_.closed()) return true;
        if (capacity_ == 0) return receivers_.has_open(among);
        return senders_.empty() && (ring_ ? ring_->has_room() : cells_.has_room());
    }
    [[nodiscard]] bool can_pull(const selection* among) noexcept {
        if (among != nullptr) is_about_to_wait(by_receivers);
        if (capacity_ == 0) return cells_.closed() || senders_.has_open(among);
        if (ring_ ? is_drained(*ring_) : is_drained(cells_)) return true;
        return receivers_.empty() && (ring_ ? ring_->has_value() : cells_.has_value());
    }
    void line_up(sender& s) noexcept { senders_.append(s); }
    void line_up(receiver& r) noexcept { receivers_.append(r); }

private:
    using ring = shared_ring<T>;
    static constexpr std::size_t most_bytes = std::size_t{1} << 20;  // of a ring
    enum : unsigned { by_receivers = 1, by_senders = 2 };

    [[nodiscard]] bool is_waited_for(unsigned by) const noexcept { return (waiting_.load(std::memory_order_seq_cst) & by) != 0; }
    void is_about_to_wait(unsigned who) noexcept {
        if (ring_) waiting_.fetch_or(who, std::memory_order_seq_cst);
    }
    void note_who_waits() noexcept {
        if (ring_)
            waiting_.store((receivers_.empty() ? 0U : by_receivers) | (senders_.empty() ? 0U : by_senders),
                           std::memory_order_seq_cst);
    }
    [[nodiscard]] static bool is_drained(auto& queue) noexcept { return queue.closed() && queue.size() == 0; }

    passage wait_unless(bool over, shared_line& line, shared_waiter* waiter) noexcept {
        if (!over && waiter != nullptr) line.append(*waiter);
        note_who_waits();
        return over ? passage::ended : passage::must_wait;
    }

    template <class Queue>
    passage push_into(Queue& queue, T& value, sender* waiter) {
        resume_later resumed;
        holding hold{lock_};
        if constexpr (requires { queue.prepare(hold); }) queue.prepare(hold);
        is_about_to_wait(by_senders);
        if (auto room = senders_.empty() ? queue.make_room() : typename Queue::hold{}) {
            outside<T>(hold, [&] { std::construct_at(room.at->place(), std::move(value)); });
            room.done();
            serve(queue, hold, resumed);
            return passage::done;
        }
        return wait_unless(queue.closed(), senders_, waiter);
    }

    template <class Queue>
    passage pull_from(Queue& queue, std::optional<T>& into, receiver* waiter) {
        resume_later resumed;
        holding hold{lock_};
        is_about_to_wait(by_receivers);
        if (auto full = receivers_.empty() ? queue.take() : typename Queue::hold{}) {
            outside<T>(hold, [&] { move_out(full.at, into); });
            full.done();
            serve(queue, hold, resumed);
            return passage::done;
        }
        return wait_unless(is_drained(queue), receivers_, waiter);
    }

    passage push_to_receiver(T& value, sender* waiter) {
        resume_later resumed;
        holding hold{lock_};
        if (cells_.closed()) return passage::ended;
        if (auto* r = static_cast<receiver*>(receivers_.pop())) {
            outside<T>(hold, [&] { r->value.emplace(std::move(value)); });
            resumed.add(*r);
            return passage::done;
        }
        return wait_unless(false, senders_, waiter);
    }
    passage pull_from_sender(std::optional<T>& into, receiver* waiter) {
        resume_later resumed;
        holding hold{lock_};
        if (auto* s = static_cast<sender*>(senders_.pop())) {
            outside<T>(hold, [&] { into.emplace(std::move(*s->value)); });
            resumed.add(*s);
            return passage::done;
        }
        return wait_unless(cells_.closed(), receivers_, waiter);
    }
    void serve() noexcept {
        resume_later resumed;
        holding hold{lock_};
        serve(*ring_, hold, resumed);
    }
    // Gives values to those who wait for them, and room to those who wait for that, in their order.
    void serve(auto& queue, holding& hold, resume_later& resumed) noexcept {
        while (give_value(queue, hold, resumed) || give_room(queue, hold, resumed)) {
        }
        end_receivers_if_drained(resumed);
        note_who_waits();
    }
    bool give_value(auto& queue, holding& hold, resume_later& resumed) noexcept {
        if (receivers_.empty()) return false;
        auto& r = static_cast<receiver&>(receivers_.first());
        if (!r.hold()) return true;  // decided meanwhile; the next look drops it
        auto full = queue.take();
        if (!full) {
            r.let_go();
            return false;
        }
        r.settle();
        shared_line::remove(r);
        outside<T>(hold, [&] { move_out(full.at, r.value); });
        full.done();
        resumed.add(r);
        return true;
    }
    bool give_room(auto& queue, holding& hold, resume_later& resumed) noexcept {
        if (senders_.empty()) return false;
        auto& s = static_cast<sender&>(senders_.first());
        if (!s.hold()) return true;
        auto room = queue.make_room();
        if (!room) {
            s.let_go();
            return false;
        }
        s.settle();
        shared_line::remove(s);
        outside<T>(hold, [&] { std::construct_at(room.at->place(), std::move(*s.value)); });
        room.done();
        resumed.add(s);
        return true;
    }
    void end_receivers_if_drained(resume_later& resumed) noexcept {
        if (!(ring_ ? is_drained(*ring_) : is_drained(cells_))) return;
        while (shared_waiter* r = receivers_.pop()) resumed.add(*r);
    }

    const std::size_t capacity_;
    std::optional<ring> ring_;  // small and bounded: otherwise the cells are the queue
    alignas(64) std::atomic<unsigned> waiting_{0};  // of a ring: who waits, or is about to; seldom written
    alignas(64) mutable primitive_lock lock_;  // guards the rest
    shared_line receivers_;
    shared_line senders_;
    shared_cells<T> cells_;

public:
    liveness life;
};

}  // namespace corun::detail
