// Groups: no fiber outlives the block that it was spawned in, and no failure is lost.
#pragma once

#include <corun/detail/block.hpp>
#include <corun/detail/group_state.hpp>
#include <corun/fiber.hpp>
#include <corun/group_options.hpp>
#include <corun/spawn.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace corun {

namespace detail {

template <class R, class Function>
struct group_child final : fiber_body<R, Function>, group_member {
    group_child(scheduler_core& core, std::source_location at, Function&& f, boost::intrusive_ptr<group_state> in)
        : fiber_body<R, Function>{core, at, std::move(f)}, group_member{*this, std::move(in)} {}
    bool deliver() override { return group->ended(*this); }
    void cancelled_before_its_turn() noexcept override { group->cancelled_before_its_turn(*this); }
    [[nodiscard]] const std::source_location* group_at() const noexcept override { return &group->where(); }
};

template <class Function, class... Args>
auto with_arguments(Function&& f, Args&&... args) {
    if constexpr (sizeof...(Args) == 0)
        return std::decay_t<Function>(std::forward<Function>(f));
    else
        return [f = std::decay_t<Function>(std::forward<Function>(f)),
                args = std::tuple<std::decay_t<Args>...>(std::forward<Args>(args)...)]() mutable -> decltype(auto) {
            return std::apply(std::move(f), std::move(args));
        };
}

}  // namespace detail

namespace detail {
template <class Body>
class group_block;
}

/// A handle to a group. Copyable; copies may outlive the group: then spawning throws group_ended. To be used on fibers and handlers
/// of the scheduler whose fiber runs the block (elsewhere it throws wrong_scheduler): a callback comes there by the
/// scheduler's executor, `asio::post(scheduler, [g]() mutable { g.spawn(...); })`. Nothing here switches.
class group {
public:
    /// Starts a child; its arguments are copied or moved into it. The handle may be dropped: the group keeps the child.
    /// A child that is cancelled, or spawned into a cancelled group, ends at its first yield; one that still waits for its turn
    /// then (max_concurrency) never begins. Children inherit the deadlines around the group, and the scoped values of the fiber
    /// that spawns. Where it has arguments and no options, its place is the group's. Throws group_ended, stack_unavailable, std::bad_alloc, wrong_scheduler.
    template <class Function, class... Args>
        requires std::invocable<std::decay_t<Function>&&, std::decay_t<Args>&&...>
    auto spawn(spawn_options options, Function&& f, Args&&... args) {
        auto function = detail::with_arguments(std::forward<Function>(f), std::forward<Args>(args)...);
        using R = std::invoke_result_t<decltype(function)>;
        boost::intrusive_ptr<detail::group_child<R, decltype(function)>> child{
            new detail::group_child<R, decltype(function)>{state_->scheduler(), options.at, std::move(function), state_}, false};
        state_->admit(*child, options);
        return fiber<R>{std::move(child)};
    }
    template <class Function, class... Args>
        requires(sizeof...(Args) > 0 && std::invocable<std::decay_t<Function> &&, std::decay_t<Args> && ...>)
    auto spawn(Function&& f, Args&&... args) {
        return spawn(spawn_options{.at = where_}, std::forward<Function>(f), std::forward<Args>(args)...);
    }
    template <class Function>
        requires std::invocable<std::decay_t<Function>&&>
    auto spawn(Function&& f, std::source_location at = std::source_location::current()) {
        return spawn(spawn_options{.at = at}, std::forward<Function>(f));
    }

    /// Cancels the body and all children (reason: group). The block then ends without an error, unless something fails.
    void cancel() { state_->cancel(); }

    /// Has f called after all children have ended, on the fiber that runs the block, whatever the end was like; the last one
    /// deferred is called first. Each is shielded from cancellation for the group's grace. What it throws counts as the body's
    /// failure.
    template <std::invocable Function>
    void defer(Function&& f) {
        struct call final : detail::deferred_call {
            explicit call(Function&& function) : f{std::forward<Function>(function)} {}
            void run() override { std::invoke(std::move(f)); }
            std::decay_t<Function> f;
        };
        state_->defer(std::make_unique<call>(std::forward<Function>(f)));
    }

    /// Children that have not ended, those that wait for their turn included.
    [[nodiscard]] std::size_t size() const { return state_->size(); }

private:
    template <class Body>
    friend class detail::group_block;
    group(boost::intrusive_ptr<detail::group_state> state, std::source_location where) noexcept
        : state_{std::move(state)}, where_{where} {}

    boost::intrusive_ptr<detail::group_state> state_;
    std::source_location where_;
};

namespace detail {

template <class Body>
class [[nodiscard]] group_block {
public:
    group_block(const group_options& options, Body body) : options_{options}, body_{std::forward<Body>(body)} {}

    std::invoke_result_t<Body, group&> run(std::source_location where) {
        using R = std::invoke_result_t<Body, group&>;
        static_assert(std::is_void_v<R> || std::is_object_v<R>, "the body of a group returns a value or void, not a reference");
        const boost::intrusive_ptr<group_state> state{new group_state{enter_yield(where), options_, where}};
        group handle{state, where};
        if constexpr (std::is_void_v<R>) {
            state->run([&] { std::invoke(std::forward<Body>(body_), handle); });
            state->conclude(where);
        } else {
            std::optional<R> value;
            state->run([&] { value.emplace(std::invoke(std::forward<Body>(body_), handle)); });
            state->conclude(where);
            if (!value) state->throw_without_value();
            return std::move(*value);
        }
    }

private:
    group_options options_;
    Body body_;
};

}  // namespace detail

/// A block, to be yielded on: runs `body(group&)` in the calling fiber, then waits until every child that was spawned into the
/// group has ended, then runs what was deferred. Whatever happens, no child outlives the yield.
///
/// A failure of the body cancels the children under fail_fast and isolate; under collect they run to their end. A cancellation from
/// outside cancels the children, waits for them, and is thrown on; a failure of a child is thrown in its place.
/// @return, from the yield, what the body returns. Throws the failures as the policy says, `cancelled`, and what yield throws.
/// Where
///         group::cancel cut a body short that was to return a value: fiber_cancelled.
template <class Body>
    requires std::invocable<Body, group&>
[[nodiscard]] auto with_group(const group_options& options, Body&& body) {
    return detail::group_block<Body>{options, std::forward<Body>(body)};
}
template <class Body>
    requires std::invocable<Body, group&>
[[nodiscard]] auto with_group(Body&& body) {
    return detail::group_block<Body>{group_options{}, std::forward<Body>(body)};
}

/// In a handler of an exception that a group threw, on the fiber that caught it or one that got it by a join: the failures that
/// happened beside it in its group and in the groups within. Empty for any other exception.
[[nodiscard]] std::vector<std::exception_ptr> other_failures();

}  // namespace corun
