#include "roster.hpp"
#include "scheduler_impl.hpp"

#include <corun/detail/random.hpp>
#include <corun/detail/spawn_target.hpp>
#include <corun/scheduler.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/thread_pool.hpp>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace corun {
namespace {

// Whether an executor is what its context's get_executor() returns, rather than a strand or another adapter around it.
bool is_of_context(const boost::asio::any_io_executor& executor) noexcept {
    return executor.target<boost::asio::io_context::executor_type>() != nullptr ||
           executor.target<boost::asio::thread_pool::executor_type>() != nullptr ||
           executor.target<boost::asio::system_executor>() != nullptr;
}

// Throws bad_executor if the executor is empty: Asio's own query would call through null.
boost::asio::execution_context& context_behind(const boost::asio::any_io_executor& executor) {
    if (!executor) throw boost::asio::execution::bad_executor{};
    return boost::asio::query(executor, boost::asio::execution::context);
}

}  // namespace

// Every scheduler of one execution context, so that they end with it.
class scheduler_service final : public boost::asio::execution_context::service {
public:
    static inline boost::asio::execution_context::id id;
    using impl_ref = boost::intrusive_ptr<detail::scheduler_impl>;

    explicit scheduler_service(boost::asio::execution_context& context) : service{context} {}
    ~scheduler_service() override {
        for (const impl_ref& impl : all_) impl->context_is_gone();
    }

    // The context's own scheduler, which runs on the context's own executor.
    [[nodiscard]] scheduler& own(const boost::asio::any_io_executor& executor) {
        const std::lock_guard hold{lock_};
        if (!own_) {
            own_.reset(new scheduler{impl_ref{new detail::scheduler_impl{executor, {}}, false}});
            all_.emplace_back(&detail::impl_of(*own_));
        }
        return *own_;
    }

    [[nodiscard]] impl_ref make(boost::asio::any_io_executor executor, scheduler_options options) {
        impl_ref impl{new detail::scheduler_impl{std::move(executor), std::move(options)}, false};
        const std::lock_guard hold{lock_};
        add(impl);
        return impl;
    }

    [[nodiscard]] detail::scheduler_claim on(const boost::asio::any_io_executor& executor) {
        if (is_of_context(executor)) return detail::scheduler_claim{own(executor).core()};
        const std::lock_guard hold{lock_};
        for (const impl_ref& impl : all_)
            if (impl->executor == executor) return claim(*impl);
        const impl_ref impl{new detail::scheduler_impl{executor, {}}, false};
        impl->is_transient = impl->is_of_executor = true;
        add(impl);
        return claim(*impl);
    }

    void let_go(detail::scheduler_impl& claimed) noexcept {
        const impl_ref held{&claimed};
        {
            const std::lock_guard hold{lock_};
            if (--claimed.claims != 0 || !std::exchange(claimed.is_to_be_forgotten, false)) return;
        }
        claimed.post_drive();  // which forgets it, unless it has fibers again
    }

    void forget(detail::scheduler_impl& gone) noexcept {
        const std::lock_guard hold{lock_};
        if ((gone.is_to_be_forgotten = gone.claims != 0)) return;
        std::erase_if(all_, [&](const impl_ref& impl) { return impl.get() == &gone; });
    }

private:
    [[nodiscard]] static detail::scheduler_claim claim(detail::scheduler_impl& impl) noexcept {
        ++impl.claims;
        return {impl, detail::scheduler_claim::counted{}};
    }

    // Beside the context's own.
    void add(const impl_ref& impl) {
        if (own_) impl->family = detail::impl_of(*own_).family;
        all_.push_back(impl);
    }

    void shutdown() noexcept override {
        for (std::size_t i = 0;; ++i) {
            impl_ref impl;
            {
                const std::lock_guard hold{lock_};
                if (i == all_.size()) break;
                impl = all_[i];
            }
            impl->context_shuts_down();
        }
        // Handles and wakers may keep those that were forgotten for longer than the context lives.
        while (const impl_ref forgotten = detail::any_living_of(context())) forgotten->context_shuts_down();
    }

    std::mutex lock_;
    std::vector<impl_ref> all_;
    std::unique_ptr<scheduler> own_;
};

scheduler& scheduler::of(boost::asio::execution_context& context, const boost::asio::any_io_executor& executor) {
    return boost::asio::use_service<scheduler_service>(context).own(executor);
}

scheduler::scheduler(boost::asio::any_io_executor executor, scheduler_options options, std::source_location at) {
    options.stack_size = detail::slot_size(options.stack_size, at);
    auto& context = context_behind(executor);
    core_ = boost::asio::use_service<scheduler_service>(context).make(std::move(executor), std::move(options));
}

scheduler::scheduler(boost::intrusive_ptr<detail::scheduler_core> core) noexcept : core_{std::move(core)} {}

scheduler::~scheduler() {
    if (core_ && !detail::impl_of(*core_).is_dying()) detail::impl_of(*core_).stop();
}

std::size_t scheduler::live_fibers() const noexcept { return impl_of(*core_).live; }

void scheduler::on_unhandled(unhandled_handler handler) { impl_of(*core_).options.on_unhandled = std::move(handler); }

void scheduler::seed(std::uint64_t number) noexcept { detail::seed_random(*core_, number); }

void scheduler::stack_size(std::size_t bytes, std::source_location at) {
    impl_of(*core_).options.stack_size = detail::slot_size(bytes, at);
}

namespace detail {

scheduler_claim scheduler_on(const boost::asio::any_io_executor& executor) {
    if (const auto* ours = executor.target<scheduler::executor_type>()) return scheduler_claim{ours->core()};
    if (const auto* ours = executor.target<scheduler::tracked_executor_type>()) return scheduler_claim{ours->core()};
    return boost::asio::use_service<scheduler_service>(context_behind(executor)).on(executor);
}

scheduler_claim claim_again(scheduler_core& kept) {
    const scheduler_impl& impl = impl_of(kept);
    return impl.is_of_executor && !impl.is_dying() ? scheduler_on(impl.executor) : scheduler_claim{kept};
}

void scheduler_claim::let_go(scheduler_core& core) noexcept {
    boost::asio::use_service<scheduler_service>(core.context).let_go(impl_of(core));
}

void forget_transient(scheduler_impl& scheduler) noexcept {
    boost::asio::use_service<scheduler_service>(scheduler.context).forget(scheduler);
}

namespace {

std::uint64_t next_number() noexcept {
    static std::atomic<std::uint64_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace

scheduler_impl::scheduler_impl(boost::asio::any_io_executor on, scheduler_options with)
    : scheduler_core{boost::asio::query(on, boost::asio::execution::context)},
      executor{std::move(on)},
      options{std::move(with)},
      descriptors{*this},
      number{next_number()} {
    options.stack_size = slot_size(options.stack_size);
    seed_random(*this, options.seed);
    enlist(*this);
}

scheduler_impl::~scheduler_impl() {
    strike_off(*this);
    take_back_left_stack();
}

void scheduler_impl::trim_timer::expired() noexcept {
    for (const auto& pool : owner.pools_) pool->trim_unused();
    owner.some_ended_ = true;  // it is to be looked again
}

void intrusive_ptr_add_ref(scheduler_core* scheduler) noexcept { add_reference(impl_of(*scheduler).references); }
void intrusive_ptr_release(scheduler_core* scheduler) noexcept {
    if (drop_reference(impl_of(*scheduler).references) == 1) delete &impl_of(*scheduler);
}

}  // namespace detail
}  // namespace corun
