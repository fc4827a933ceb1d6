// How fibers wait for each other: the mechanism under every primitive of one scheduler.
#pragma once

#include <corun/detail/core.hpp>
#include <corun/detail/home.hpp>
#include <corun/detail/simulation.hpp>
#include <corun/detail/waiter.hpp>
#include <corun/operation.hpp>

#include <concepts>
#include <cstdint>

namespace corun::detail {

// First come, first served. Adding, removing and granting are constant in the number of waiters.
class wait_list {
public:
    wait_list() noexcept { head_.link_to_itself(); }
    wait_list(const wait_list&) = delete;
    wait_list& operator=(const wait_list&) = delete;
    // A primitive should outlive those who wait. But one on the stack of a program's first fiber does not, when the program ends.
    ~wait_list() {
        while (head_.next != &head_) {
            auto& w = static_cast<waiter&>(*head_.next);
            w.leave_list_of_select(wait_state::orphaned);
        }
    }

    void append(waiter& w) noexcept {
        w.wait_place::set({wait_state::waiting, 0, 0});
        w.link_before(head_);
    }
    // Most cases are part of their selection, which spares the address of it.
    void append_case(waiter& w, selection& of, int number) noexcept {
        static_assert(alignof(waiter) == sizeof(void*) && alignof(selection) == sizeof(void*));
        const auto distance = (reinterpret_cast<std::uintptr_t>(&w) - reinterpret_cast<std::uintptr_t>(&of)) / sizeof(void*);
        const bool is_far = distance >= waiter::far;
        if (is_far) w.far_selection = &of;
        w.wait_place::set(
            {wait_state::waiting, static_cast<std::uint8_t>(number), is_far ? waiter::far : static_cast<std::uint16_t>(distance)});
        w.link_before(head_);
    }

    [[nodiscard]] bool empty() const noexcept { return head_.next == &head_; }

    // The first that can be granted, as it seems; null if there is none. Those that cannot any more are dropped on the way.
    [[nodiscard]] waiter* first() noexcept {
        while (head_.next != &head_) {
            auto& w = static_cast<waiter&>(*head_.next);
            if (w.is_open()) [[likely]]
                return &w;
            w.drop();
        }
        return nullptr;
    }
    // The first that can be granted, and must be: nobody else can any more. Where other threads might, only what cannot throw may
    // come in between.
    [[nodiscard, gnu::always_inline]] waiter* claim_first() noexcept {
        if (head_.next == &head_) return nullptr;
        auto& w = static_cast<waiter&>(*head_.next);
        if (w.is_alone()) [[likely]]
            return &w;
        return claim_first_of_selects();
    }

private:
    // What `first` and waiter::claim do; but finding a waiter's selection takes as long as the rest, and is done once here.
    [[gnu::noinline]] waiter* claim_first_of_selects() noexcept {
        while (head_.next != &head_) {
            auto& w = static_cast<waiter&>(*head_.next);
            if (w.is_alone()) return &w;
            selection& among = w.among();
            if (among.is_open() && among.claim(w.index)) [[likely]]
                return &w;
            w.drop();
        }
        return nullptr;
    }

    ring_link head_;
};

// Ends the wait of a claimed waiter. From here on a cancellation of its fiber comes too late for this operation.
inline void conclude(waiter& w, wait_state as) noexcept {
    w.leave_list(as);
    if (w.is_alone()) {
        make_ready(*w.fiber);
    } else {
        selection& among = w.among();
        w.link_to_itself();
        among.set(w.index);
        make_ready(among.who_waits());
    }
}

// Gives it what it waits for. The value, or the ownership, is already in its place: nobody can take it back any more.
inline void grant(waiter& w) noexcept { conclude(w, wait_state::granted); }
inline void grant_all(wait_list& list) noexcept {
    while (waiter* w = list.claim_first()) grant(*w);
}

// What an operation on a primitive is made of. Derived has
// - available(): whether try_commit would succeed; has no effect,
// - try_commit(): takes effect if it can without waiting. Called before it waits, never after. Both may take the scheduler_core* on
//   which they are called, null outside of one. Where it may also end in another way, it has a commit_on of its own, which sets the
//   state,
// - queue(): where it waits,
// - about_to_wait(), if there is anything to prepare,
// - left(): called when it has left the queue without being granted, if that may let others go on.
//
// `ready` commits. So whoever asks must go on to `get`; await and select do.
template <class Derived, std::derived_from<waiter> Waiter = waiter>
class committing : public Waiter {
public:
    committing() noexcept = default;
    explicit committing(case_of_select mark) noexcept : Waiter(mark) {}

    [[nodiscard]] bool ready() { return this->state == wait_state::idle ? commit() : this->is_over(); }
    // On the fiber that waits for it alone, before it waits.
    [[nodiscard]] CORUN_SWITCH bool take_now(fiber_record& self) { return derived().commit_on(self.owner); }
    void start(const waker& w) { start_on(*w.fiber()); }
    // False: it was asked just before, and only others can change the answer.
    bool start_on(fiber_record& self) noexcept {
        this->fiber = &self;
        prepare();
        derived().queue().append(*this);
        return false;
    }
    [[nodiscard]] bool cancel() noexcept {
        touches(every_object, access::write);  // the order of those who wait: no use of the primitive that passes its home
        withdraw();
        return true;
    }

    // A primitive is of one scheduler: only its fibers end the wait.
    static constexpr bool may_wait_for_fibers = true;
    void describe_wait(wait_info& info) const noexcept { info.source = wake_source::fibers; }

    // --- for select ---
    [[nodiscard]] bool commit() { return derived().commit_on(current_core()); }
    [[nodiscard]] CORUN_SWITCH bool commit_on(scheduler_core* here) {
        if constexpr (requires { derived().try_commit(here); }) {
            if (!derived().try_commit(here)) return false;
        } else {
            if (!derived().try_commit()) return false;
        }
        this->state = wait_state::granted;
        return true;
    }
    void wait_among(selection& others, int own_index) noexcept {
        prepare();
        derived().queue().append_case(*this, others, own_index);
    }
    // From a select that has begun; the last that is asked of it.
    void leave_select() noexcept {
        if constexpr (requires { derived().left(); })
            withdraw();
        else
            this->unlink();
    }
    // Where it has not begun, and `leave_select` will be called of it all the same.
    void stay_out_of_select() noexcept {
        this->state = wait_state::idle;
        this->link_to_itself();
    }
    void withdraw() noexcept {
        const bool is_in_list = this->state == wait_state::waiting;
        if (is_in_list) this->leave_list(wait_state::dropped);
        if constexpr (requires { derived().left(); })
            if (is_in_list || this->state == wait_state::dropped) derived().left();
    }

private:
    void prepare() noexcept {
        if constexpr (requires { derived().about_to_wait(); }) derived().about_to_wait();
    }
    Derived& derived() noexcept { return static_cast<Derived&>(*this); }
};

// An operation on a primitive, as select sees it: others may commit it while it waits.
template <class T>
concept committing_operation = std::derived_from<T, waiter> && requires(T& op) {
    op.commit();
    op.withdraw();
};

}  // namespace corun::detail
