// Several operations at the same time for one fiber: what race and all share.
#pragma once

#include <corun/operation.hpp>
#include <corun/outcome.hpp>
#include <corun/yield.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <tuple>
#include <type_traits>
#include <utility>

namespace corun::detail {

enum class joint_stage : std::uint8_t {
    fresh,     // not started
    begun,     // under way
    stopping,  // under way, and asked to stop
    over,      // ended, withdrawn or never started; the outcome is in place
};

// @tparam Op  an operation, or a reference to one of the caller's
template <class Op>
struct joint_case {
    using value = result_of<std::remove_reference_t<Op>>;

    explicit joint_case(Op&& o) : op{std::forward<Op>(o)} {}
    joint_case(joint_case&& other) : op{std::forward<Op>(other.op)} {}  // before it starts

    Op op;
    joint_stage stage = joint_stage::fresh;
    corun::outcome<value> result{};

    void start(fiber_record& self) {
        stage = joint_stage::begun;
        try {
            if constexpr (requires { op.start_on(self); })
                op.start_on(self);
            else
                op.start(waker{self});
        } catch (...) {
            conclude(corun::outcome<value>{std::current_exception()});
        }
    }

    // True if it ends now.
    bool ends() {
        if (stage == joint_stage::over) return false;
        try {
            if (!op.ready()) return false;
            if constexpr (std::is_void_v<value>) {
                op.get();
                conclude(corun::outcome<value>{std::monostate{}});
            } else {
                conclude(corun::outcome<value>{op.get()});
            }
        } catch (...) {
            conclude(corun::outcome<value>{std::current_exception()});
        }
        return true;
    }

    // True if it has ended first: nothing that it has is lost.
    bool stop() {
        if (stage == joint_stage::fresh) {
            stage = joint_stage::over;
        } else if (stage == joint_stage::begun) {
            if (ends()) return true;
            stage = op.cancel() ? joint_stage::over : joint_stage::stopping;
        }
        return false;
    }

    static constexpr bool may_wait_for_fibers = detail::may_wait_for_fibers<std::remove_reference_t<Op>>;
    [[nodiscard]] bool waits_for_fibers() const noexcept { return stage == joint_stage::over || detail::waits_for_fibers(op); }

    // Under way, and to be ended by another thread or context.
    [[nodiscard]] bool is_elsewhere() {
        if constexpr (requires { op.is_elsewhere(); })
            return (stage == joint_stage::begun || stage == joint_stage::stopping) && op.is_elsewhere();
        else
            return false;
    }

private:
    void conclude(corun::outcome<value> with) {
        result = std::move(with);
        stage = joint_stage::over;
    }
};

// Derived has ended(case, number), called when a case has ended by itself, and may stop the others then. Ends when all have.
template <class Derived, class... Cases>
class joint_operation {
public:
    static constexpr bool has_effects_before_its_end = true;

    explicit joint_operation(Cases&&... cases) : cases_{std::move(cases)...} {}
    joint_operation(joint_operation&& other) : cases_{std::move(other.cases_)} {}  // before it starts

    [[nodiscard]] bool ready() {
        // One that ends, or stops, may let an earlier one end, and that wakes nobody: the fiber runs.
        bool again = true;
        while (again) again = any_ends();
        bool over = true;
        each([&](auto& c, std::size_t) { over &= c.stage == joint_stage::over; });
        note_where();
        return over;
    }
    void start(const waker& w) { start_on(*w.fiber()); }
    void start_on(fiber_record& self) {
        fiber_ = &self;
        each([&](auto& c, std::size_t i) {
            if (c.stage != joint_stage::fresh) return;
            if (!c.ends()) c.start(self);  // again: what came before it may have ended it
            if (c.stage == joint_stage::over) note(c, i);
        });
        note_where();
    }
    [[nodiscard]] bool cancel() {
        interrupted_ = true;
        stop_others();
        note_where();
        bool withdrawn = true;
        each([&](auto& c, std::size_t) { withdrawn &= c.stage == joint_stage::over && c.result.withdrawn(); });
        return withdrawn;
    }
    // Any of them that is under way may move the fiber on, also one that does not end the wait.
    static constexpr bool may_wait_for_fibers = (Cases::may_wait_for_fibers || ...);
    void describe_wait(wait_info& info) const noexcept {
        info.say(Derived::title, sizeof...(Cases));
        if (std::apply([](const auto&... c) { return (c.waits_for_fibers() && ...); }, cases_)) info.source = wake_source::fibers;
    }

protected:
    template <class Function>
    void each(Function f) {
        std::size_t i = 0;
        std::apply([&](auto&... c) { (f(c, i++), ...); }, cases_);
    }
    void stop_others() {
        each([&](auto& c, std::size_t i) {
            if (c.stop()) note(c, i);
        });
    }

    std::tuple<Cases...> cases_;
    fiber_record* fiber_ = nullptr;
    bool interrupted_ = false;  // by a cancellation of the fiber

private:
    bool any_ends() {
        bool any = false;
        each([&](auto& c, std::size_t i) {
            if (!c.ends()) return;
            any = true;
            note(c, i);
        });
        return any;
    }
    // A scheduler that ends waits for what is elsewhere, and only for that.
    void note_where() {
        if (fiber_ == nullptr) return;
        bool elsewhere = false;
        each([&](auto& c, std::size_t) { elsewhere |= c.is_elsewhere(); });
        fiber_->waits_elsewhere = elsewhere;
    }
    template <class Case>
    void note(Case& c, std::size_t i) {
        static_cast<Derived*>(this)->ended(c, i);
    }
};

}  // namespace corun::detail
