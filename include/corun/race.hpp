// Several operations of which the first to end stops the others.
#pragma once

#include <corun/detail/branch.hpp>
#include <corun/detail/joint_operation.hpp>

#include <cstddef>
#include <string_view>
#include <tuple>
#include <utility>

namespace corun {

/// The value of a race: which operation ended first, and what became of each.
template <class... Values>
class race_result {
public:
    race_result(std::size_t winner, std::tuple<outcome<Values>...>&& outcomes) : winner_{winner}, outcomes_{std::move(outcomes)} {}

    /// The number of the operation that ended first. It may have failed.
    [[nodiscard]] std::size_t winner() const noexcept { return winner_; }
    /// The outcome of each: a loser has a value too if it completed all the same, and Asio's operation_aborted if it was stopped.
    template <std::size_t I>
    [[nodiscard]] auto& get() noexcept {
        return std::get<I>(outcomes_);
    }

private:
    std::size_t winner_;
    std::tuple<outcome<Values>...> outcomes_;
};

namespace detail {

template <class... Cases>
class [[nodiscard]] race_operation : public joint_operation<race_operation<Cases...>, Cases...> {
public:
    using joint_operation<race_operation, Cases...>::joint_operation;

    static constexpr std::string_view title = "race of ";

    race_result<typename Cases::value...> get() {
        bool any = false;
        this->each([&](auto& c, std::size_t) { any |= c.result.has_value(); });
        if (this->interrupted_ && !any) throw_cancelled(*this->fiber_);
        return std::apply([this](auto&... c) { return race_result<typename Cases::value...>{winner_, {std::move(c.result)...}}; },
                          this->cases_);
    }

private:
    friend class joint_operation<race_operation, Cases...>;
    template <class Case>
    void ended(Case&, std::size_t i) {
        if (winner_ != nobody) return;
        winner_ = i;
        this->stop_others();
    }

    static constexpr std::size_t nobody = sizeof...(Cases);
    std::size_t winner_ = nobody;
};

template <class... Cases>
auto make_race(Cases&&... cases) {
    return race_operation<Cases...>{std::move(cases)...};
}

}  // namespace detail

/// An operation: starts all, waits until one has ended, asks the others to stop (Asio's through their cancellation slots) and waits
/// until they have. None of their results is lost: see race_result. Its value is a race_result, also where the winner failed.
///
/// For operations that cannot take part in a `select` because they take effect before they end: Asio's, as
/// `race(socket.async_read_some(buffer, asio::deferred), timer.async_wait(asio::deferred))`, beside any operation of ours. If the
/// fiber is cancelled, all are stopped; then it throws `cancelled` unless one of them has a value.
template <class... Ops>
[[nodiscard]] auto race(Ops&&... ops) {
    static_assert(sizeof...(Ops) > 0, "a race of nobody never ends");
    return detail::make_race(detail::as_branch(std::forward<Ops>(ops))...);
}

}  // namespace corun
