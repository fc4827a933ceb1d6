// Waiting for several things, of which one takes effect.
#pragma once

#include <corun/detail/random.hpp>
#include <corun/detail/select_case.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>

namespace corun {

namespace detail {

// A case that only fibers of the scheduler can end.
template <class Case>
inline constexpr bool is_of_fibers = false;
template <class Op, class F>
inline constexpr bool is_of_fibers<select_case<Op, F>> = committing_operation<std::remove_reference_t<Op>>;

enum class tie : std::uint8_t { random, first };

template <tie Tie, class... Cases>
class [[nodiscard]] select_operation : selection {
    static constexpr std::size_t count = sizeof...(Cases);
    static_assert(count > 0 && count <= 64, "select takes 1 to 64 cases");
    static_assert((0 + ... + std::size_t{is_default<Cases>}) <= 1, "select takes one or_else at most");
    using result = select_result<Cases...>;
    using mask = std::uint64_t;

public:
    static constexpr bool has_effects_before_its_end = true;

    explicit select_operation(Cases&&... cases) : cases_{std::move(cases)...} {}
    select_operation(select_operation&& other) : cases_{std::move(other.cases_)} {}  // before it starts

    [[nodiscard]] bool ready() {
        if (!started_) return chosen != undecided || choose();
        if (chosen == undecided) ask_those_nobody_commits();
        if (chosen == undecided) return false;
        return losers_are_gone();
    }
    void start(const waker& w) { start_on(*w.fiber()); }
    void start_on(fiber_record& self) {
        started_ = true;
        std::size_t begun = 0;
        try {
            each([&](auto& c, std::size_t i) {
                wait_for(c, self, i);
                ++begun;
            });
        } catch (...) {
            chosen = static_cast<int>(count);  // nobody's: no case can be committed from here on
            each([&](auto& c, std::size_t i) {
                if (i < begun) withdraw(c, i);
            });
            throw;
        }
    }
    // The cases that were begun and do not let themselves be withdrawn are waited for; the first of them is the value.
    [[nodiscard]] bool cancel() {
        if (chosen != undecided) return false;
        mask stopping = 0;
        each([&](auto& c, std::size_t i) { stopping |= withdraw(c, i); });
        if (stopping == 0) return true;
        settled_ = true;
        chosen = std::countr_zero(stopping);
        stopping_ = stopping;
        return false;
    }
    static constexpr bool may_wait_for_fibers = (is_of_fibers<Cases> && ...);
    void describe_wait(wait_info& info) const noexcept {
        info.say("select of ", count);
        if (may_wait_for_fibers) info.source = wake_source::fibers;
    }
    typename result::type get() { return get_from(std::index_sequence_for<Cases...>{}); }

private:
    template <class Function>
    void each(Function f) {
        std::size_t i = 0;
        std::apply([&](auto&... c) { (f(c, i++), ...); }, cases_);
    }
    // Calls f with the case of that number only.
    template <class Function>
    void with(std::size_t wanted, Function f) {
        each([&](auto& c, std::size_t i) {
            if (i == wanted) f(c);
        });
    }

    // Before anything waits: commits one of the cases that are ready, if there are any. The default case is, if no other is.
    bool choose() {
        mask available = 0;
        each([&](auto& c, std::size_t i) {
            if (Tie == tie::first && available != 0) return;
            if (is_available(c)) available |= mask{1} << i;
        });
        while (available != 0) {
            const std::size_t i = pick(available);
            with(i, [&](auto& c) {
                if (commit(c)) chosen = static_cast<int>(i);
            });
            if (chosen != undecided) return true;
            available &= ~(mask{1} << i);
        }
        each([&](auto& c, std::size_t i) {
            if (is_default<std::remove_reference_t<decltype(c)>>) chosen = static_cast<int>(i);
        });
        return chosen != undecided;
    }

    static std::size_t pick(mask available) noexcept {
        if (Tie == tie::random) {
            for (auto skip = available > 1 ? random_below(*current_core(), static_cast<std::uint32_t>(std::popcount(available)))
                                           : 0;
                 skip != 0; --skip)
                available &= available - 1;
        }
        return static_cast<std::size_t>(std::countr_zero(available));
    }

    void ask_those_nobody_commits() {
        each([&](auto& c, std::size_t i) {
            using case_type = std::remove_reference_t<decltype(c)>;
            if constexpr (!is_default<case_type>)
                if constexpr (!committing_operation<std::remove_reference_t<decltype(c.op)>>)
                    if (chosen == undecided && c.op.ready()) chosen = static_cast<int>(i);
        });
    }

    bool losers_are_gone() {
        if (!settled_) {
            settled_ = true;
            each([&](auto& c, std::size_t i) {
                if (static_cast<int>(i) != chosen) stopping_ |= withdraw(c, i);
            });
        }
        for (mask left = stopping_; left != 0; left &= left - 1)
            with(static_cast<std::size_t>(std::countr_zero(left)), [&](auto& c) {
                if (is_available(c)) stopping_ &= ~(left & -left);
            });
        return stopping_ == 0;
    }

    // --- one case ---
    template <class Op, class F>
    static bool is_available(select_case<Op, F>& c) {
        if constexpr (committing_operation<std::remove_reference_t<Op>>)
            return c.op.available();
        else
            return c.op.ready();
    }
    template <class Op, class F>
    static bool commit(select_case<Op, F>& c) {
        if constexpr (committing_operation<std::remove_reference_t<Op>>)
            return c.op.commit();
        else
            return true;
    }
    template <class Op, class F>
    void wait_for(select_case<Op, F>& c, fiber_record& self, std::size_t i) {
        if constexpr (committing_operation<std::remove_reference_t<Op>>)
            c.op.wait_among(self, *this, static_cast<int>(i));
        else if constexpr (requires { c.op.start_on(self); })
            c.op.start_on(self);
        else
            c.op.start(waker{self});
    }
    // The case's bit if it must be waited for.
    template <class Op, class F>
    static mask withdraw(select_case<Op, F>& c, std::size_t i) {
        if constexpr (committing_operation<std::remove_reference_t<Op>>) {
            c.op.withdraw();
            return 0;
        } else {
            return c.op.cancel() ? 0 : mask{1} << i;
        }
    }
    template <class F>
    static bool is_available(default_case<F>&) {
        return false;
    }
    template <class F>
    static bool commit(default_case<F>&) {
        return true;
    }
    template <class F>
    void wait_for(default_case<F>&, fiber_record&, std::size_t) {}
    template <class F>
    static mask withdraw(default_case<F>&, std::size_t) {
        return 0;
    }

    template <std::size_t... I>
    typename result::type get_from(std::index_sequence<I...>) {
        using reader = typename result::type (*)(select_operation&);
        static constexpr reader readers[] = {&select_operation::template read<I>...};
        return readers[chosen](*this);
    }
    template <std::size_t I>
    static typename result::type read(select_operation& self) {
        auto& c = std::get<I>(self.cases_);
        if constexpr (result::is_plain) {
            return value_of(c);
        } else if constexpr (std::is_void_v<case_value<std::remove_reference_t<decltype(c)>>>) {
            value_of(c);
            return typename result::type{std::in_place_index<I>};
        } else {
            return typename result::type{std::in_place_index<I>, value_of(c)};
        }
    }

    std::tuple<Cases...> cases_;
    mask stopping_ = 0;  // losers that were asked to stop and have not ended yet
    bool started_ = false;
    bool settled_ = false;  // the losers know
};

template <tie Tie, class... Cases>
auto make_select(Cases&&... cases) {
    return select_operation<Tie, Cases...>{std::move(cases)...};
}

}  // namespace detail

/// A case of `select` whose value goes to its own function, which runs on the fiber, after the other cases were withdrawn, and may yield.
template <class Op, class Function>
[[nodiscard]] auto on(Op&& op, Function&& function) {
    detail::check_selectable<Op>();
    using held = std::conditional_t<std::is_lvalue_reference_v<Op>, Op, std::remove_cvref_t<Op>>;
    return detail::select_case<held, std::decay_t<Function>>{std::forward<Op>(op), std::forward<Function>(function)};
}

/// The case that is taken when no other one is ready: the select never waits then.
[[nodiscard]] inline detail::default_case<detail::no_function> or_else() noexcept { return {}; }
template <class Function>
[[nodiscard]] auto or_else(Function&& function) {
    return detail::default_case<std::decay_t<Function>>{std::forward<Function>(function)};
}

/// An operation: waits until one of the operations can take effect, and only that one does. If several are ready, one of them at random
/// (from the scheduler's seed), each with the same probability.
///
/// Its value: where every case has its own function (`on`, `or_else`) and all return the same type, what the function returned; otherwise a
/// std::variant whose index is the case's, std::monostate for nothing. It throws what the case throws.
///
/// Operations are copied in by move, or referred to if they are lvalues. Receives, sends, sleeps, events, locks, permits, joins,
/// readable and writable, `waker`-style operations of the user's; one that loses and cannot be withdrawn (its cancel() is false) is
/// waited for, and its value is dropped. Raw Asio operations are refused: see `race`.
template <class... Cases>
[[nodiscard]] auto select(Cases&&... cases) {
    return detail::make_select<detail::tie::random>(detail::as_case(std::forward<Cases>(cases))...);
}

/// The same, but of several that are ready the first in the order of the arguments.
template <class... Cases>
[[nodiscard]] auto select_ordered(Cases&&... cases) {
    return detail::make_select<detail::tie::first>(detail::as_case(std::forward<Cases>(cases))...);
}

}  // namespace corun
