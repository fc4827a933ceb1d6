#include "scheduler_impl.hpp"

#include <corun/blocking.hpp>
#include <corun/detail/token_handler.hpp>

#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <exception>

namespace corun::detail {
namespace {

// Enough that a few slow calls do not hold up the rest; they wait, they do not compute.
constexpr std::size_t threads = 16;

// The pool of one execution context, made when the first function comes.
class blocking_service final : public boost::asio::execution_context::service {
public:
    static inline boost::asio::execution_context::id id;

    explicit blocking_service(boost::asio::execution_context& context) : service{context} {}

    std::atomic<bool> closing{false};  // the pool's threads look at it to the last
    boost::asio::thread_pool pool{threads};

private:
    // Before the fibers are cancelled. Functions that have begun are waited for, also those that no cancellation will withdraw; the
    // others are passed over.
    void shutdown() noexcept override {
        closing = true;
        pool.join();
    }
};

// On a thread of the pool, or there destroyed uncalled.
class job_runner {
public:
    job_runner(const blocking_service& service, std::shared_ptr<blocking_job> job) noexcept
        : service_{service}, job_{std::move(job)} {}

    void operator()() {
        if (service_.closing && !job_->is_indispensable) return;
        auto expected = blocking_job::stage::waiting;
        if (!job_->at.compare_exchange_strong(expected, blocking_job::stage::running)) return;
        job_->call();
        job_->at.store(blocking_job::stage::finished, std::memory_order_release);
        job_->waiting->wake();
    }

private:
    const blocking_service& service_;
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
    job->is_indispensable = fiber.is_leaving || std::uncaught_exceptions() != 0;
    auto& service = boost::asio::use_service<blocking_service>(impl_of(*fiber.owner).context);
    boost::asio::post(service.pool, job_runner{service, std::move(job)});
}

}  // namespace corun::detail
