// Several operations at the same time.
#pragma once

#include <corun/detail/branch.hpp>
#include <corun/detail/joint_operation.hpp>

#include <cstddef>
#include <exception>
#include <string_view>
#include <tuple>
#include <utility>

namespace corun {

namespace detail {

template <class... Cases>
class [[nodiscard]] all_operation : public joint_operation<all_operation<Cases...>, Cases...> {
public:
    using joint_operation<all_operation, Cases...>::joint_operation;

    static constexpr std::string_view title = "all of ";

    std::tuple<typename corun::outcome<typename Cases::value>::value_type...> get() {
        bool all = true;
        this->each([&](auto& c, std::size_t) { all &= c.result.has_value(); });
        if (this->interrupted_ && !all) throw_cancelled(*this->fiber_);
        if (failure_) std::rethrow_exception(failure_);
        return std::apply([](auto&... c) { return std::tuple{std::move(c.result).value()...}; }, this->cases_);
    }

private:
    friend class joint_operation<all_operation, Cases...>;
    template <class Case>
    void ended(Case& c, std::size_t) {
        if (failure_ || !c.result.error()) return;
        failure_ = c.result.error();
        this->stop_others();
    }

    std::exception_ptr failure_;  // the first
};

template <class... Cases>
auto make_all(Cases&&... cases) {
    return all_operation<Cases...>{std::move(cases)...};
}

}  // namespace detail

/// An operation: starts all and waits until all have ended. Its value is the tuple of theirs, std::monostate for nothing. If one
/// fails, the others are asked to stop and waited for, and it throws the first failure; the values of those that had ended are
/// dropped then, as they are when the fiber is cancelled. Takes Asio's deferred operations and any of ours.
template <class... Ops>
[[nodiscard]] auto all(Ops&&... ops) {
    return detail::make_all(detail::as_branch(std::forward<Ops>(ops))...);
}

}  // namespace corun
