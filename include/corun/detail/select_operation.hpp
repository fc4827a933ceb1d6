// What select makes: several operations of which one takes effect.
#pragma once

#include <corun/detail/all_locked.hpp>
#include <corun/detail/random.hpp>
#include <corun/detail/select_cases.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <utility>

namespace corun::detail {

enum class tie : std::uint8_t { random, first };

// First it asks the cases one by one and commits one that is ready. Where none is, it waits in all of them, and whoever serves one
// decides for it (selection). Cases of concurrent_ primitives begin to wait last and all at once, under all their locks, after a
// look at each: so two selects that are begun on two threads cannot both miss what the other one offers.
template <tie Tie, class... Cases>
class [[nodiscard]] select_operation : selection {
    using cases = case_set<Cases...>;
    static constexpr int count = cases::count;
    static constexpr bool has_shared = cases::has_shared, has_others = cases::has_others;
    // Besides the cases' numbers, what it can be decided on. The value of one that has failed is an exception.
    static constexpr int nobody = count, failed = count + 1;
    using result = select_result<Cases...>;
    using mask = std::uint64_t;

public:
    static constexpr bool has_effects_before_its_end = true;

    template <class... Given>
    explicit select_operation(std::in_place_t, Given&&... given) : cases_{std::in_place, std::forward<Given>(given)...} {}
    select_operation(select_operation&& other) : cases_{std::move(other.cases_)} {}  // before it starts
    ~select_operation() {
        if constexpr (has_others)
            if (decision() == failed) [[unlikely]]
                std::destroy_at(&failure_);
    }

    [[nodiscard]] bool ready() {
        if (!started_) [[unlikely]]
            return chosen() != undecided || choose(current_core()) || take_default();
        if (is_open() && !choose_ended()) return false;
        return is_delivered() && losers_are_gone();
    }
    [[nodiscard]] CORUN_SWITCH bool take_now(fiber_record& self) { return choose(self.owner) || take_default(); }
    void start(const waker& w) { (void)start_on(*w.fiber()); }
    // False: only others can change the answer.
    bool start_on(fiber_record& self) {
        started_ = true;
        set_fiber(self);
        if (!start_cases()) return false;
        if constexpr (has_shared)
            if (chosen() == undecided) line_up();
        return true;
    }
    // The cases that were begun and do not let themselves be withdrawn are waited for; the first of them is the value.
    [[nodiscard]] bool cancel() {
        if (!decide(nobody)) {
            if constexpr (has_shared) is_late_ = fiber()->waits_elsewhere = true;
            return false;
        }
        settle(nobody);
        if (stopping_ != 0) set(std::countr_zero(stopping_));
        return stopping_ == 0;
    }
    // Another thread is about to deliver.
    [[nodiscard]] bool is_elsewhere() { return is_late_ && !is_delivered(); }
    static constexpr bool may_wait_for_fibers = cases::may_wait_for_fibers;
    void describe_wait(wait_info& info) const noexcept {
        info.say("select of ", count);
        if constexpr (may_wait_for_fibers)
            if (cases_.wait_for_fibers()) info.source = wake_source::fibers;
    }
    typename result::type get() {
        if constexpr (has_shared)
            if (fiber() != nullptr) fiber()->waits_elsewhere = false;
        if constexpr (has_others)
            if (decision() == failed) [[unlikely]]
                std::rethrow_exception(failure_);
        return cases_.template at<typename result::type, [](auto& c, auto i) { return result::read(c, i); }>(decision());
    }

private:
    // The others first: one of the user's that begins may make a committing one ready. False: it cannot have been decided yet.
    [[gnu::always_inline]] bool start_cases() {
        bool may_be_over = has_shared;
        int begun = 0;
        try {
            cases_.each_other([&](auto& c, std::size_t i) {
                begun = static_cast<int>(i);
                may_be_over |= c.wait(who_waits(), *this, begun);
            });
            begun = count;
            if constexpr (cases::has_users) {
                cases_.each_plain([](auto& c, std::size_t) { c.stay_out(); });
                if (choose(who_waits().owner)) return true;
            }
        } catch (...) {
            give_up(begun);
            return true;
        }
        cases_.each_plain([&](auto& c, std::size_t i) { (void)c.wait(who_waits(), *this, static_cast<int>(i)); });
        return may_be_over;
    }

    // In a handler of what the start of the case after the begun ones has thrown. Nothing has been committed yet.
    [[gnu::noinline, gnu::cold]] void give_up(int begun) {
        cases_.each_plain([](auto& c, std::size_t) { c.stay_out(); });
        set(nobody);
        settle(nobody, begun);
        if (stopping_ == 0) throw;
        fail(std::current_exception());
    }
    [[gnu::cold]] void fail(std::exception_ptr failure) noexcept {
        std::construct_at(&failure_, std::move(failure));
        set(failed);
    }

    // Commits one of the cases that are ready, if there are any: a random one of those that may be, and another one where it is
    // not.
    CORUN_SWITCH bool choose(scheduler_core* here) {
        mask available = 0;
        bool is_chosen = false;
        cases_.each([&]<class Case>(Case& c, std::size_t i) __attribute__((always_inline)) {
            if constexpr (Tie == tie::first) {
                is_chosen = is_chosen || (c.is_available(here) && commit(static_cast<int>(i), here));
            } else if (c.may_be_available(here)) [[unlikely]] {
                available |= mask{1} << i;
                asm("" : "+r"(available));  // a branch, not arithmetic: nearly all cases are idle
            }
        });
        return is_chosen || (available != 0 && commit_one_of(available, here));
    }
    bool commit_one_of(mask available, scheduler_core* here) {
        if ((available & (available - 1)) == 0) [[likely]]
            return commit(std::countr_zero(available), here);
        return commit_any_of(available, here);
    }
    [[gnu::noinline]] bool commit_any_of(mask available, scheduler_core* here) {
        while (available != 0) {
            const bool several = (available & (available - 1)) != 0;
            const int bit = Tie == tie::random && several ? random_bit(*here, available) : std::countr_zero(available);
            if (commit(bit, here)) return true;
            available &= ~(mask{1} << bit);
        }
        return false;
    }
    bool commit(int number, scheduler_core* here) {
        constexpr auto commit_case = [](auto& c, auto, scheduler_core* on) { return c.commit(on); };
        if (!cases_.template at<bool, commit_case>(number, here)) [[unlikely]]
            return false;
        set(number);
        return true;
    }
    bool take_default() {
        cases_.each([&]<class Case>(Case&, std::size_t i) {
            if (is_default<Case>) set(static_cast<int>(i));
        });
        return cases::has_default;
    }

    // Nothing throws here, where others wait already: a twin's values move without exceptions, and one that had no room has memory.
    void line_up() {
        share();
        while (!line_up_at_once()) {
            mask available = 0;
            cases_.each_shared([&](auto& c, std::size_t i) {
                if (c.is_available(fiber()->owner)) available |= mask{1} << i;
            });
            if (available != 0 && commit_one_of(available, fiber()->owner)) return;
        }
    }
    // False: one of them can be committed.
    bool line_up_at_once() {
        all_locked<(std::size_t{Cases::is_shared} + ...)> lines;
        cases_.each_shared([&](auto& c, std::size_t) { lines.add(c.op.line_lock()); });
        lines.lock();
        bool passes = false;
        cases_.each_shared([&](auto& c, std::size_t) { passes |= c.op.passes(*this); });
        if (passes) return false;
        cases_.each_shared([&](auto& c, std::size_t i) { c.wait(who_waits(), *this, static_cast<int>(i)); });
        return true;
    }

    // Those that nobody commits end by themselves.
    [[gnu::noinline]] bool choose_ended() {
        cases_.each_other([&](auto& c, std::size_t i) {
            if (chosen() != undecided) return;
            std::exception_ptr failure;
            if (!c.has_ended(failure) || !decide(static_cast<int>(i)) || !failure) return;
            settle(static_cast<int>(i));
            fail(std::move(failure));
        });
        return chosen() != undecided;
    }
    // Another thread decides first and delivers afterwards.
    bool is_delivered() {
        bool delivered = true;
        cases_.each_shared([&](auto& c, std::size_t i) {
            if (static_cast<int>(i) == chosen()) delivered = c.op.ready();
        });
        return delivered;
    }
    [[gnu::always_inline]] bool losers_are_gone() {
        if (!settled_) settle(decision());
        if (stopping_ == 0) [[likely]]
            return true;
        cases_.each_other([&](auto& c, std::size_t i) {
            std::exception_ptr dropped;
            if ((stopping_ >> i & 1) != 0 && c.has_ended(dropped)) stopping_ &= ~(mask{1} << i);
        });
        return stopping_ == 0;
    }
    // Stops the losers. @param begun  the cases before that one have begun, or need not
    [[gnu::always_inline]] void settle(int winner, int begun = count) {
        settled_ = true;
        stopping_ = withdraw_all_but(winner, begun);
    }
    // Those that must be waited for.
    [[gnu::always_inline]] mask withdraw_all_but(int winner, int begun) {
        touches(*who_waits().owner, every_object, access::write);  // the order of those who wait
        mask stopping = 0;
        cases_.each([&]<class Case>(Case& c, std::size_t i) {
            if constexpr (Case::is_committing) {
                // Nothing happens to the one that was granted, but a twin's takes a lock to find that out.
                if (!Case::is_shared || static_cast<int>(i) != winner) (void)c.withdraw();
            } else if constexpr (!is_default<Case>) {
                if (static_cast<int>(i) != winner && static_cast<int>(i) < begun && !c.withdraw()) stopping |= mask{1} << i;
            }
        });
        return stopping;
    }

    // These three beside the selection's own members: one store begins with all of them.
    bool started_ = false;
    bool is_late_ = false;  // for a cancellation
    bool settled_ = false;  // the losers know
    cases cases_;
    mask stopping_;  // once settled: losers that were asked to stop and have not ended yet
    union {
        std::exception_ptr failure_;  // once failed
    };
};

}  // namespace corun::detail
