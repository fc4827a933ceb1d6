// Functions that block a thread, run on other threads.
#pragma once

#include <corun/operation.hpp>

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

namespace corun {

namespace detail {

// A job on its way to the thread pool. Shared by the waiting fiber and the pool.
struct blocking_job {
    enum class stage : int {
        waiting,    // in the pool's queue; the fiber may withdraw it
        running,    // on a thread of the pool; the fiber must wait
        finished,   // the outcome is in place
        withdrawn,  // nobody waits; the pool drops it
    };
    std::atomic<stage> at{stage::waiting};
    std::optional<waker> waiting;

    virtual ~blocking_job() = default;
    virtual void call() noexcept = 0;
};

// Hands the job to the pool of the running fiber's context.
void submit_blocking(std::shared_ptr<blocking_job> job);

template <class Function, class R>
struct blocking_job_of final : blocking_job {
    explicit blocking_job_of(Function&& f) : function{std::move(f)} {}
    void call() noexcept override {
        try {
            if constexpr (std::is_void_v<R>) {
                std::invoke(std::move(*function));
                result.emplace();
            } else {
                result.emplace(std::invoke(std::move(*function)));
            }
        } catch (...) {
            failure = std::current_exception();
        }
        function.reset();
    }
    struct nothing {};
    std::optional<Function> function;
    std::optional<std::conditional_t<std::is_void_v<R>, nothing, R>> result;
    std::exception_ptr failure;
};

}  // namespace detail

/// The operation that `blocking` makes.
template <class Function>
class [[nodiscard]] blocking_operation {
public:
    using value_type = std::invoke_result_t<Function&&>;

    explicit blocking_operation(Function&& f)
        : job_{std::make_shared<detail::blocking_job_of<Function, value_type>>(std::move(f))} {}

    [[nodiscard]] bool ready() const noexcept {
        return job_->at.load(std::memory_order_acquire) == detail::blocking_job::stage::finished;
    }
    void start(waker w) {
        job_->waiting = std::move(w);
        detail::submit_blocking(job_);
    }
    [[nodiscard]] bool cancel() noexcept {
        auto expected = detail::blocking_job::stage::waiting;
        return job_->at.compare_exchange_strong(expected, detail::blocking_job::stage::withdrawn);
    }
    value_type get() {
        if (job_->failure) std::rethrow_exception(job_->failure);
        if constexpr (!std::is_void_v<value_type>) return std::move(*job_->result);
    }

private:
    std::shared_ptr<detail::blocking_job_of<Function, value_type>> job_;
};

/// Runs a function on a thread pool that the context's fibers share and waits for it: for files, name look-ups, calls into
/// libraries that block. The value of the yield is the function's result; what it throws, the yield throws. Cancellation withdraws
/// a function that has not begun; one that has begun is waited for, so that it may refer to the fiber's variables. The function
/// does not run on a fiber and must not yield.
template <class Function>
[[nodiscard]] auto blocking(Function&& f) {
    return blocking_operation<std::decay_t<Function>>{std::decay_t<Function>(std::forward<Function>(f))};
}

}  // namespace corun
