// What became of an operation.
#pragma once

#include <exception>
#include <type_traits>
#include <utility>
#include <variant>

namespace corun {

/// The value of an operation, or its failure, or nothing if it was withdrawn before it came to either. T may be void.
template <class T>
class outcome {
public:
    using value_type = std::conditional_t<std::is_void_v<T>, std::monostate, std::decay_t<T>>;

    /// Withdrawn.
    outcome() noexcept = default;
    explicit outcome(value_type&& value) : state_{std::in_place_index<1>, std::move(value)} {}
    explicit outcome(std::exception_ptr error) noexcept : state_{std::in_place_index<2>, std::move(error)} {}

    outcome(const outcome&) = default;
    outcome(outcome&&) = default;
    outcome& operator=(const outcome&) = default;
    // T need not be assignable.
    outcome& operator=(outcome&& other) noexcept(std::is_nothrow_move_constructible_v<value_type>) {
        if (this == &other) return *this;
        if (other.has_value())
            state_.template emplace<1>(std::get<1>(std::move(other.state_)));
        else if (!other.withdrawn())
            state_.template emplace<2>(other.error());
        else
            state_.template emplace<0>();
        return *this;
    }
    ~outcome() = default;

    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 1; }
    [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }
    /// What the operation threw; null if nothing.
    [[nodiscard]] std::exception_ptr error() const noexcept { return state_.index() == 2 ? std::get<2>(state_) : nullptr; }
    [[nodiscard]] bool withdrawn() const noexcept { return state_.index() == 0; }

    /// The value; throws the failure, or std::bad_variant_access if it was withdrawn.
    value_type& value() & {
        if (state_.index() == 2) std::rethrow_exception(std::get<2>(state_));
        return std::get<1>(state_);
    }
    value_type&& value() && { return std::move(value()); }

private:
    std::variant<std::monostate, value_type, std::exception_ptr> state_;
};

}  // namespace corun
