// A variable that several fibers use, said to be one.
#pragma once

#include <corun/detail/simulation.hpp>

#include <concepts>
#include <utility>

namespace corun {

/// Holds a T and tells sim::explore which turns read and which change it, so that turns that do not concern each other need not
/// be tried in both orders (sim::reduction::all_state_is_marked). It is no lock, and never switches; outside of a simulation it is
/// its T, and a test of one pointer. Not copyable: it is a place, not a value.
template <class T>
class shared {
public:
    shared() = default;
    template <class... Args>
        requires(sizeof...(Args) > 0 && std::constructible_from<T, Args...>)
    explicit(sizeof...(Args) == 1) shared(Args&&... args) : value_(std::forward<Args>(args)...) {}
    shared(const shared&) = delete;
    shared& operator=(const shared&) = delete;

    /// For reading, until the next yield.
    [[nodiscard]] const T& read() const noexcept {
        detail::touches(name_, detail::access::read);
        return value_;
    }
    /// For reading and changing, until the next yield.
    [[nodiscard]] T& write() noexcept {
        detail::touches(name_, detail::access::write);
        return value_;
    }

    operator const T&() const noexcept { return read(); }
    const T* operator->() const noexcept { return &read(); }
    template <class U>
        requires std::assignable_from<T&, U&&>
    shared& operator=(U&& value) {
        write() = std::forward<U>(value);
        return *this;
    }
    shared& operator++() { return ++write(), *this; }
    shared& operator--() { return --write(), *this; }
    template <class U>
    shared& operator+=(const U& by) {
        write() += by;
        return *this;
    }
    template <class U>
    shared& operator-=(const U& by) {
        write() -= by;
        return *this;
    }

private:
    T value_{};
    detail::named_object name_;
};

}  // namespace corun
