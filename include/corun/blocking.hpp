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
    bool is_indispensable = false;  // its fiber unwinds: the context's end does not cancel it, and waits for it

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
    static_assert(std::is_void_v<value_type> || std::is_object_v<value_type>,
                  "a function given to blocking returns a value or void, not a reference");

    explicit blocking_operation(Function&& f)
        : job_{std::make_shared<detail::blocking_job_of<Function, value_type>>(std::move(f))} {}
    blocking_operation(blocking_operation&&) noexcept = default;
    // On the fiber. The pool keeps a withdrawn job for longer; what the function has captured may refer to the fiber's variables.
    ~blocking_operation() {
        if (job_) job_->function.reset();
    }

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
/// a function that has not begun; one that has begun is waited for. So it, and what it has captured, may refer to the fiber's
/// variables. The function does not run on a fiber and must not yield. It returns a value or void, not a reference. At the end of
/// the context those that have not begun are withdrawn, but for those that a fiber waits for while it unwinds.
template <class Function>
[[nodiscard]] auto blocking(Function&& f) {
    return blocking_operation<std::decay_t<Function>>{std::decay_t<Function>(std::forward<Function>(f))};
}

}  // namespace corun
