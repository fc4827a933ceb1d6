// What select makes: several operations of which one takes effect.
#pragma once

#include <corun/detail/all_locked.hpp>
#include <corun/detail/random.hpp>
#include <corun/detail/select_case.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <tuple>
#include <type_traits>
#include <utility>

namespace corun::detail {

enum class tie : std::uint8_t { random, first };

// First it asks the cases one by one and commits one that is ready. Where none is, it waits in all of them, and whoever serves one
// decides for it (selection). Cases of concurrent_ primitives begin to wait last and all at once, under all their locks, after a
// look at each: so two selects that are begun on two threads cannot both miss what the other one offers.
template <tie Tie, class... Cases>
class [[nodiscard]] select_operation : selection {
    static constexpr std::size_t count = sizeof...(Cases);
    static_assert(count > 0 && count <= 64, "select takes 1 to 64 cases");
    static_assert((0 + ... + std::size_t{is_default<Cases>}) <= 1, "select takes one or_else at most");
    static constexpr bool has_shared = (Cases::is_shared || ...);
    static_assert(!has_shared || !(hands_over_with_exceptions<Cases> || ...),
                  "select: beside an operation of a concurrent_ primitive, a channel's values need a move that does not throw");
    static constexpr bool has_others = ((!Cases::is_committing && !is_default<Cases>) || ...);
    static constexpr int nobody = count;
    using result = select_result<Cases...>;
    using mask = std::uint64_t;

public:
    static constexpr bool has_effects_before_its_end = true;

    template <class... Given>
    explicit select_operation(std::in_place_t, Given&&... given) : cases_{std::forward<Given>(given)...} {}
    select_operation(select_operation&& other) : cases_{std::move(other.cases_)} {}  // before it starts

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
        if constexpr (has_others) {
            try {
                if (!start_cases()) return false;
            } catch (...) {
                give_up();
            }
        } else if (!start_cases()) {
            return false;
        }
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
        return withdraw_all();
    }
    // Another thread is about to deliver.
    [[nodiscard]] bool is_elsewhere() { return is_late_ && !is_delivered(); }
    static constexpr bool may_wait_for_fibers = (Cases::may_wait_for_fibers && ...);
    void describe_wait(wait_info& info) const noexcept {
        info.say("select of ", count);
        if constexpr (may_wait_for_fibers)
            if (std::apply([](const auto&... c) { return (c.waits_for_fibers() && ...); }, cases_))
                info.source = wake_source::fibers;
    }
    typename result::type get() {
        if constexpr (has_shared)
            if (fiber() != nullptr) fiber()->waits_elsewhere = false;
        if constexpr (has_others)
            if (failure_) [[unlikely]]
                std::rethrow_exception(failure_);
        return at<typename result::type>(cases_, static_cast<std::size_t>(chosen()),
                                         [](auto& c, auto i) { return result::read(c, i); });
    }

private:
    template <class Function>
    [[gnu::always_inline]] void each(Function f) {
        each(f, std::index_sequence_for<Cases...>{});
    }
    template <class Function, std::size_t... I>
    [[gnu::always_inline]] void each(Function& f, std::index_sequence<I...>) {
        (f(std::get<I>(cases_), I), ...);
    }

    // False: it cannot have been decided yet.
    bool start_cases() {
        bool may_be_over = has_shared;
        each([&]<class Case>(Case& c, std::size_t i) {
            if constexpr (!Case::is_shared && !is_default<Case>) {
                may_be_over |= c.wait(who_waits(), *this, static_cast<int>(i));
                if constexpr (!Case::is_committing) begun_ |= mask{1} << i;
            }
        });
        return may_be_over;
    }

    // In a handler of what the start of a case has thrown. Another case may have been given its value meanwhile: that must not be
    // lost.
    [[gnu::noinline, gnu::cold]] void give_up() {
        bool has_begun = true;  // so have those before the one that has thrown; what others did in an earlier select does not tell
        each([&]<class Case>(Case& c, std::size_t i) {
            if constexpr (!Case::is_committing)
                has_begun = has_begun && (is_default<Case> || (begun_ >> i & 1) != 0);
            else if (!has_begun)
                c.stay_out();
        });
        if (!decide(nobody)) return;
        if (withdraw_all()) throw;
        failure_ = std::current_exception();
    }

    // Commits one of the cases that are ready, if there are any: a random one of those that may be, and another one where it is
    // not.
    CORUN_SWITCH bool choose(scheduler_core* here) {
        mask available = 0;
        each([&]<class Case>(Case& c, std::size_t i) __attribute__((always_inline)) {
            if constexpr (Tie == tie::first) {
                if (available == 0 && c.is_available(here)) available = mask{1} << i;
            } else if (c.may_be_available(here)) [[unlikely]] {
                available |= mask{1} << i;
                asm("" : "+r"(available));  // a branch, not arithmetic: nearly all cases are idle
            }
        });
        return available != 0 && commit_one_of(available, here);
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
        using function = bool (*)(std::tuple<Cases...>&, scheduler_core*);
        static constexpr auto functions = []<std::size_t... I>(std::index_sequence<I...>) {
            return std::array<function, count>{
                [](std::tuple<Cases...>& all, scheduler_core* c) { return std::get<I>(all).commit(c); }...};
        }(std::index_sequence_for<Cases...>{});
        if (!functions[static_cast<std::size_t>(number)](cases_, here)) [[unlikely]]
            return false;
        set(number);
        return true;
    }
    bool take_default() {
        each([&]<class Case>(Case&, std::size_t i) {
            if (is_default<Case>) set(static_cast<int>(i));
        });
        return (is_default<Cases> || ...);
    }

    // Nothing throws here, where others wait already: a twin's values move without exceptions, and one that had no room has memory.
    void line_up() {
        share();
        while (!line_up_at_once()) {
            mask available = 0;
            each([&]<class Case>(Case& c, std::size_t i) {
                if constexpr (Case::is_shared)
                    if (c.is_available(fiber()->owner)) available |= mask{1} << i;
            });
            if (available != 0 && commit_one_of(available, fiber()->owner)) return;
        }
    }
    // False: one of them can be committed.
    bool line_up_at_once() {
        all_locked<(std::size_t{Cases::is_shared} + ...)> lines;
        each([&]<class Case>(Case& c, std::size_t) {
            if constexpr (Case::is_shared) lines.add(c.op.line_lock());
        });
        lines.lock();
        bool passes = false;
        each([&]<class Case>(Case& c, std::size_t) {
            if constexpr (Case::is_shared) passes |= c.op.passes(*this);
        });
        if (passes) return false;
        each([&]<class Case>(Case& c, std::size_t i) {
            if constexpr (Case::is_shared) c.wait(who_waits(), *this, static_cast<int>(i));
        });
        return true;
    }

    // Those that nobody commits end by themselves.
    bool choose_ended() {
        if constexpr (has_others)
            each([&]<class Case>(Case& c, std::size_t i) {
                if constexpr (!Case::is_committing && !is_default<Case>)
                    if (chosen() == undecided) {
                        std::exception_ptr failure;
                        if (c.has_ended(failure) && decide(static_cast<int>(i))) failure_ = std::move(failure);
                    }
            });
        return chosen() != undecided;
    }
    // Another thread decides first and delivers afterwards.
    bool is_delivered() {
        bool delivered = true;
        if constexpr (has_shared)
            each([&]<class Case>(Case& c, std::size_t i) {
                if constexpr (Case::is_shared)
                    if (static_cast<int>(i) == chosen()) delivered = c.op.ready();
            });
        return delivered;
    }
    [[gnu::always_inline]] bool losers_are_gone() {
        if (!settled_) {
            settled_ = true;
            stopping_ = withdraw_all_but(chosen());
        }
        if (stopping_ == 0) [[likely]]
            return true;
        if constexpr (has_others)
            each([&]<class Case>(Case& c, std::size_t i) {
                if constexpr (!Case::is_committing && !is_default<Case>) {
                    std::exception_ptr dropped;
                    if ((stopping_ >> i & 1) != 0 && c.has_ended(dropped)) stopping_ &= ~(mask{1} << i);
                }
            });
        return stopping_ == 0;
    }
    // Of one that nobody is to win. False: some must be waited for, and the first of them is the value.
    bool withdraw_all() {
        settled_ = true;
        stopping_ = withdraw_all_but(nobody);
        if (stopping_ != 0) set(std::countr_zero(stopping_));
        return stopping_ == 0;
    }
    // Those that must be waited for.
    [[gnu::always_inline]] mask withdraw_all_but(int winner) {
        touches(every_object, access::write);  // the order of those who wait
        mask stopping = 0;
        each([&]<class Case>(Case& c, std::size_t i) {
            if constexpr (Case::is_committing) {
                // Nothing happens to the one that was granted, but a twin's takes a lock to find that out.
                if (!Case::is_shared || static_cast<int>(i) != winner) (void)c.withdraw();
            } else if constexpr (!is_default<Case>) {
                if (static_cast<int>(i) != winner && (begun_ >> i & 1) != 0 && !c.withdraw()) stopping |= mask{1} << i;
            }
        });
        return stopping;
    }

    std::tuple<Cases...> cases_;
    mask begun_ = 0;  // of those that nobody commits
    mask stopping_ = 0;  // losers that were asked to stop and have not ended yet
    struct nothing {};
    [[no_unique_address]] std::conditional_t<has_others, std::exception_ptr, nothing> failure_{};
    bool started_ = false;
    bool is_late_ = false;  // for a cancellation
    bool settled_ = false;  // the losers know
};

}  // namespace corun::detail
