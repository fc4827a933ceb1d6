// Where a fiber can be spawned: a scheduler, an execution context or an executor.
#pragma once

#include <corun/scheduler.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>

#include <concepts>
#include <type_traits>
#include <utility>

namespace corun::detail {

template <class T>
concept context_target = std::derived_from<T, boost::asio::execution_context> && requires(T& t) { t.get_executor(); };
template <class T>
concept executor_target = boost::asio::execution::is_executor<T>::value && std::constructible_from<boost::asio::any_io_executor, T>;
template <class T>
concept spawn_target = std::same_as<std::remove_cvref_t<T>, scheduler> || context_target<std::remove_reference_t<T>> ||
                       executor_target<std::remove_cvref_t<T>>;

// A scheduler that is about to be given work. One that lives only while it has fibers is not forgotten meanwhile.
class scheduler_claim {
public:
    struct counted {};
    explicit scheduler_claim(scheduler_core& lives_anyway) noexcept : core_{&lives_anyway} {}
    scheduler_claim(scheduler_core& core, counted) noexcept : core_{&core}, is_counted_{true} {}
    scheduler_claim(scheduler_claim&& other) noexcept : core_{other.core_}, is_counted_{std::exchange(other.is_counted_, false)} {}
    ~scheduler_claim() {
        if (is_counted_) let_go(*core_);
    }
    [[nodiscard]] scheduler_core& core() const noexcept { return *core_; }

private:
    static void let_go(scheduler_core& core) noexcept;

    scheduler_core* core_;
    bool is_counted_ = false;
};

// The scheduler that runs on an executor: its context's own where that has the same executor, otherwise one that lives while
// it has fibers.
[[nodiscard]] scheduler_claim scheduler_on(const boost::asio::any_io_executor& executor);
// For who has kept one that may have been forgotten since: the one that runs on its executor now.
[[nodiscard]] scheduler_claim claim_again(scheduler_core& kept);

template <spawn_target Target>
[[nodiscard]] scheduler_claim scheduler_for(Target& target) {
    using T = std::remove_cvref_t<Target>;
    if constexpr (std::same_as<T, scheduler> || std::same_as<T, scheduler::executor_type> ||
                  std::same_as<T, scheduler::tracked_executor_type>)
        return scheduler_claim{target.core()};
    else if constexpr (context_target<Target>)
        return scheduler_claim{scheduler::of(target).core()};
    else
        return scheduler_on(target);
}

}  // namespace corun::detail
