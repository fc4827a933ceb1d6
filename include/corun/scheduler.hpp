// Schedulers: fibers that share one executor and never run at the same time.
#pragma once

#include <corun/detail/core.hpp>
#include <corun/detail/function_node.hpp>
#include <corun/detail/op_memory.hpp>
#include <corun/detail/tracked_executor.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/intrusive_ptr.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace corun {

/// A failure that nobody can receive any more.
struct unhandled_failure {
    std::string fiber;                 ///< name and id
    std::source_location spawned_at;
    std::exception_ptr error;
    std::vector<std::exception_ptr> others;  ///< that failed in the same group, see other_failures
};

/// Called on the scheduler's thread, not on a fiber; what it throws leaves io_context::run(), which can be called again, and is
/// reported on stderr where the scheduler is just being destroyed.
using unhandled_handler = std::function<void(const unhandled_failure&)>;

/// The default handler, also where an empty one is set: name, message and place of the spawn, on stderr.
void report_unhandled(const unhandled_failure& failure);
/// A handler that makes the failure leave run().
void rethrow_unhandled(const unhandled_failure& failure);

struct scheduler_options {
    std::size_t stack_size = 128 * 1024;  ///< bytes of address space for a fiber's stack, its guard page included
    unhandled_handler on_unhandled = report_unhandled;
    std::uint64_t seed = 0;  ///< of its random choices among the cases of a select that are ready: the same seed, the same choices.
        ///< Each thread of a runtime counts on from it
};

namespace detail {

void intrusive_ptr_add_ref(scheduler_core*) noexcept;
void intrusive_ptr_release(scheduler_core*) noexcept;

// Takes exclusive hold of a scheduler that nobody is inside of, on a thread that runs its context. False elsewhere, where somebody
// is inside, and where the executor may be more than the context's own, a strand for instance, which only a drive can get into.
[[nodiscard]] bool try_enter_here(scheduler_core&) noexcept;
void leave(scheduler_core&) noexcept;
// Queues a function for the scheduler's next drive.
void submit(scheduler_core&, function_node*) noexcept;

// Inside of it: runs the fibers that have become ready, if the loop has called and nothing else is under way.
void go_on_here(scheduler_core&);
// Completes an operation that a fiber waits for, or a step of one: its memory is the fiber's.
template <class Function>
inline constexpr bool serves_a_fiber =
    std::is_same_v<boost::asio::associated_allocator_t<std::decay_t<Function>>, op_allocator<void>>;

// Being inside a scheduler, off fibers: what an entered handler does is exclusive with the scheduler's fibers.
class entered {
public:
    explicit entered(scheduler_core& core) noexcept : entered{core, corun_current_core} {}
    // For who has that one at hand.
    entered(scheduler_core& core, scheduler_core* outer) noexcept : core_{core}, outer_{outer} { corun_current_core = &core; }
    ~entered() {
        corun_current_core = outer_;
        leave(core_);
    }
    entered(const entered&) = delete;
    entered& operator=(const entered&) = delete;

    // Whether the thread was inside of no other scheduler.
    [[nodiscard]] bool is_outermost() const noexcept { return outer_ == nullptr; }

private:
    scheduler_core& core_;
    scheduler_core* outer_;
};

}  // namespace detail

/// Fibers of one scheduler take turns and never run at the same time, also where several threads run its context: no strand is
/// needed. Not copyable; destroying it cancels its fibers (reason: shutdown) and runs them to their end. Fibers that wait
/// for an Asio operation at that moment end when the operation does, or with the context. They run on the thread that destroys
/// it, also one on a strand: destroy that in a function of the strand, or when nothing runs there any more.
class scheduler {
public:
    class executor_type;
    /// What asio::prefer(…, outstanding_work.tracked) and asio::make_work_guard make of it: while one is left, its context runs on.
    using tracked_executor_type = detail::tracked_executor<executor_type>;

    /// The context's own scheduler, made at the first call. Lives as long as the context. Any thread.
    /// @param context  anything derived from boost::asio::execution_context that has get_executor()
    template <std::derived_from<boost::asio::execution_context> Context>
    [[nodiscard]] static scheduler& of(Context& context) {
        return of(context, boost::asio::any_io_executor{context.get_executor()});
    }

    /// One more scheduler on a context. Several on one context run in parallel on its threads.
    /// @param executor  what runs its fibers: of an io_context, a thread_pool, a strand … Throws bad_executor if it is empty,
    ///                  stack_unavailable for a stack size that cannot be
    explicit scheduler(boost::asio::any_io_executor executor, scheduler_options options = {},
                       std::source_location at = std::source_location::current());
    ~scheduler();
    scheduler(const scheduler&) = delete;
    scheduler& operator=(const scheduler&) = delete;

    /// Runs functions and completion handlers exclusively with the fibers. Any thread.
    [[nodiscard]] executor_type get_executor() const noexcept;

    /// Fibers spawned here and not ended. On the scheduler's own thread.
    [[nodiscard]] std::size_t live_fibers() const noexcept;

    /// Replaces the handler of failures that nobody can receive. Not while fibers run on another thread.
    void on_unhandled(unhandled_handler handler);

    /// Stack size of fibers that do not ask for one. Throws stack_unavailable if impossible. Not while fibers run elsewhere.
    void stack_size(std::size_t bytes, std::source_location at = std::source_location::current());

    /// Begins its random choices anew, see scheduler_options. Not while fibers run on another thread.
    void seed(std::uint64_t number) noexcept;

    [[nodiscard]] detail::scheduler_core& core() const noexcept { return *core_; }

private:
    [[nodiscard]] static scheduler& of(boost::asio::execution_context& context, const boost::asio::any_io_executor& executor);

    friend class scheduler_service;
    explicit scheduler(boost::intrusive_ptr<detail::scheduler_core> core) noexcept;
    boost::intrusive_ptr<detail::scheduler_core> core_;
};

/// An Asio executor (it models execution::executor) that is valid as long as its scheduler. Tracked, it keeps the context running.
/// Its functions run on threads that run the scheduler's context: in place where the caller is one of them and nobody is inside
/// the scheduler, in a drive otherwise.
class scheduler::executor_type {
public:
    explicit executor_type(detail::scheduler_core& core) noexcept : core_{&core} {}

    /// For the handlers of what one of its fibers waits for, or for its own end: it keeps the context running anyway. Tracking
    /// does nothing.
    [[nodiscard]] static executor_type of_fiber(detail::scheduler_core& core) noexcept { return {core, false, false}; }

    [[nodiscard]] boost::asio::execution_context& query(boost::asio::execution::context_t) const noexcept { return core_->context; }
    [[nodiscard]] boost::asio::execution::blocking_t query(boost::asio::execution::blocking_t) const noexcept {
        return never_inline_ ? boost::asio::execution::blocking_t{boost::asio::execution::blocking.never}
                             : boost::asio::execution::blocking_t{boost::asio::execution::blocking.possibly};
    }
    [[nodiscard]] static constexpr boost::asio::execution::outstanding_work_t query(
        boost::asio::execution::outstanding_work_t) noexcept {
        return boost::asio::execution::outstanding_work.untracked;
    }
    [[nodiscard]] executor_type require(boost::asio::execution::blocking_t::never_t) const noexcept {
        return {*core_, true, is_counted_};
    }
    [[nodiscard]] executor_type require(boost::asio::execution::blocking_t::possibly_t) const noexcept {
        return {*core_, false, is_counted_};
    }
    [[nodiscard]] executor_type require(boost::asio::execution::outstanding_work_t::untracked_t) const noexcept { return *this; }
    [[nodiscard]] tracked_executor_type require(boost::asio::execution::outstanding_work_t::tracked_t) const;

    /// The calling thread is inside the scheduler: on one of its fibers, or in a function it runs.
    [[nodiscard]] bool running_in_this_thread() const noexcept { return detail::current_core() == core_; }

    template <class Function>
    void execute(Function&& f) const {
        using node = detail::function_node_of<std::decay_t<Function>>;
        if (!never_inline_) {
            if (running_in_this_thread()) {
                std::decay_t<Function> function{std::forward<Function>(f)};
                std::move(function)();
                return;
            }
            if (detail::try_enter_here(*core_)) {
                detail::entered inside{*core_};
                {
                    std::decay_t<Function> function{std::forward<Function>(f)};
                    std::move(function)();
                }
                if constexpr (detail::serves_a_fiber<Function>)
                    if (inside.is_outermost()) detail::go_on_here(*core_);
                return;
            }
        }
        detail::submit(*core_, node::make(std::forward<Function>(f)));
    }

    [[nodiscard]] detail::scheduler_core& core() const noexcept { return *core_; }

    friend bool operator==(const executor_type& a, const executor_type& b) noexcept {
        return a.core_ == b.core_ && a.never_inline_ == b.never_inline_;
    }

private:
    friend tracked_executor_type;
    executor_type(detail::scheduler_core& core, bool never_inline, bool is_counted) noexcept
        : core_{&core}, never_inline_{never_inline}, is_counted_{is_counted} {}

    detail::scheduler_core* core_;
    bool never_inline_ = false;
    bool is_counted_ = true;  // where it is tracked
};

inline scheduler::executor_type scheduler::get_executor() const noexcept { return executor_type{*core_}; }

inline scheduler::tracked_executor_type scheduler::executor_type::require(
    boost::asio::execution::outstanding_work_t::tracked_t) const {
    return tracked_executor_type{*this};
}

}  // namespace corun
