#include "scheduler_impl.hpp"

#include <corun/blocking.hpp>
#include <corun/detail/token_handler.hpp>

#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

namespace corun::detail {
namespace {

// Enough that a few slow calls do not hold up the rest; they wait, they do not compute.
constexpr std::size_t threads = 16;

// The pool of one execution context, made when the first function comes.
class blocking_service final : public boost::asio::execution_context::service {
public:
    static inline boost::asio::execution_context::id id;

    explicit blocking_service(boost::asio::execution_context& context) : service{context} {}

    boost::asio::thread_pool pool{threads};

private:
    // Functions that have begun are waited for, those that have not are dropped: their fibers have been cancelled.
    void shutdown() noexcept override {
        pool.stop();
        pool.join();
    }
};

// On a thread of the pool, or there destroyed uncalled.
class job_runner {
public:
    explicit job_runner(std::shared_ptr<blocking_job> job) noexcept : job_{std::move(job)} {}

    void operator()() {
        auto expected = blocking_job::stage::waiting;
        if (!job_->at.compare_exchange_strong(expected, blocking_job::stage::running)) return;
        job_->call();
        job_->at.store(blocking_job::stage::finished, std::memory_order_release);
        job_->waiting->wake();
    }

private:
    std::shared_ptr<blocking_job> job_;
};

}  // namespace

void submit_blocking(std::shared_ptr<blocking_job> job) {
    fiber_record& fiber = *job->waiting->fiber();
    if (fiber.owner->simulated != nullptr) {
        fiber.owner->simulated->run_blocking(std::move(job));
        return;
    }
    refuse_when_context_is_gone(fiber);
    auto& service = boost::asio::use_service<blocking_service>(impl_of(*fiber.owner).context);
    boost::asio::post(service.pool, job_runner{std::move(job)});
}

}  // namespace corun::detail
