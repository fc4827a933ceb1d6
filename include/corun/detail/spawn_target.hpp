// Where a fiber can be spawned: a scheduler, an execution context or an executor.
#pragma once

#include <corun/scheduler.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>

#include <concepts>
#include <type_traits>

namespace corun::detail {

template <class T>
concept context_target = std::derived_from<T, boost::asio::execution_context> && requires(T& t) { t.get_executor(); };
template <class T>
concept executor_target = boost::asio::execution::is_executor<T>::value && std::constructible_from<boost::asio::any_io_executor, T>;
template <class T>
concept spawn_target = std::same_as<std::remove_cvref_t<T>, scheduler> || context_target<std::remove_reference_t<T>> ||
                       executor_target<std::remove_cvref_t<T>>;

// The scheduler that runs on an executor: its context's own where that has the same executor, otherwise one that lives while
// it has fibers.
[[nodiscard]] scheduler_core& scheduler_on(const boost::asio::any_io_executor& executor);

template <spawn_target Target>
[[nodiscard]] scheduler_core& scheduler_for(Target& target) {
    using T = std::remove_cvref_t<Target>;
    if constexpr (std::same_as<T, scheduler> || std::same_as<T, scheduler::executor_type>)
        return target.core();
    else if constexpr (context_target<Target>)
        return scheduler::of(target).core();
    else
        return scheduler_on(target);
}

}  // namespace corun::detail
