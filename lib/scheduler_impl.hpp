// A scheduler's inside.
#pragma once

#include "drive_memory.hpp"
#include "promised_work.hpp"
#include "readiness.hpp"
#include "record_memory.hpp"
#include "run_meter.hpp"
#include "stack_pool.hpp"
#include "stall.hpp"

#include <corun/clock.hpp>
#include <corun/detail/steps.hpp>
#include <corun/scheduler.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace corun::detail {

// Schedulers of several contexts whose threads give each other work, as those of a runtime: what one does may wake the others'
// fibers.
struct scheduler_family {
    std::atomic<bool> is_open{true};  // others may give them work, too, or the fibers will be cancelled
};

// One thread at a time is inside (owned_). A thread gets in to drive the fibers, from handlers of our own that Asio calls, or to
// run one completion handler. Who cannot get in leaves a node in the inbox and trusts the owner, who looks there on leaving.
// While anything is to be done, a drive is posted to the executor (posted_).
class scheduler_impl final : public scheduler_core {
public:
    scheduler_impl(boost::asio::any_io_executor executor, scheduler_options options);
    ~scheduler_impl();

    // --- inbox.cpp, drive.cpp: any thread ---
    [[nodiscard]] bool try_enter() noexcept { return try_take(owned_); }
    void leave() noexcept;
    void push(inbox_node& node) noexcept;  // the node stays untouched until its `take` is called
    void post_drive() noexcept;
    void drive();
    void go_on_here();
    void descriptors_are_due();
    // The owner: what waits there for its turn.
    template <class Function>
    void look_through_inbox(Function f) noexcept {
        fetch_inbox();
        for (inbox_node* node = taken_; node != nullptr; node = node->next) f(*node);
    }

    // --- alarm.cpp: the owner ---
    void expire_timers(timer_queue::time_point until) noexcept;
    void add_timer(timer_node& node, timer_queue::time_point when);  // throws std::bad_alloc and adds nothing then
    // The time. It is noted, for whoever can do with an earlier one.
    timer_queue::time_point look_at_clock() noexcept {
        const timer_queue::time_point now = clock::now();
        coarse_now = now.time_since_epoch().count();
        return now;
    }
    // Timers will be looked at before that time, or very soon if it has passed, whatever else happens.
    [[nodiscard]] bool wakes_before(timer_queue::time_point when) const noexcept {
        return armed_for <= when && simulated == nullptr && !is_dying();
    }

    // --- lifecycle.cpp: the owner ---
    void admit(fiber_record& fresh, bool held = false) noexcept;  // takes over one reference
    void start_held(fiber_record& fresh) noexcept;
    void hasten(fiber_record& joined) noexcept;
    [[nodiscard]] fcontext_t begin(fiber_record& fresh, bool on_ended_stack) noexcept;
    [[nodiscard]] bool next_begins_here() noexcept;
    void end_without_stack(fiber_record& fresh) noexcept;
    void end(fiber_record& fiber) noexcept;  // its function has returned or never runs
    void cancel(fiber_record& fiber, cancel_reason reason, stop_request hardest = stop_terminal) noexcept;
    void escalate_later(fiber_record& fiber);  // token.cpp
    void ask_again_later(fiber_record& fiber);  // token.cpp

    // --- supplies.cpp: the owner; but references are lent to and taken back from anybody ---
    [[nodiscard]] stack_pool& pool_for(std::size_t wanted);
    [[nodiscard]] stack_pool& usual_pool();
    void count_stacks(std::size_t& in_use, std::size_t& cached) const noexcept;  // adds; metrics.cpp
    // Of those in hand, where there is one.
    [[nodiscard]] scheduler_impl& lend_reference() noexcept {
        if (spare_references_ != 0)
            --spare_references_;
        else
            add_reference(references);
        return *this;
    }
    [[nodiscard]] std::uint64_t lend_to_record() noexcept;  // a reference to this; returns a new id
    void take_back_from_record() noexcept;

    void report_lost(fiber_ref fiber) noexcept;  // unhandled.cpp: the owner
    // --- shutdown.cpp ---
    // Cancels every fiber and runs what can run to its end. Fibers that wait for Asio operations are left: the context still runs.
    void stop() noexcept;
    // On the owner: cancels every fiber, also those spawned from now on, and leaves it to the event loop to run them to their end.
    void close() noexcept;
    // The context is being destroyed. The same; what waits for the context's own operations ends when Asio destroys their handlers.
    void context_shuts_down() noexcept;
    // Any thread: a fiber's wake that another thread has promised to put into the inbox, and has not yet.
    void wake_while_dying(fiber_record& fiber) noexcept;
    // The context's last moment. Aborts with a message if a fiber still lives.
    void context_is_gone() noexcept;

    boost::asio::any_io_executor executor;
    scheduler_options options;
    readiness descriptors;
    record_memory records;
    promised_work promised;
    stall_detector stalls{*this};
    std::size_t live = 0;
    std::uint64_t spawned = 0;
    std::uint64_t cancellations = 0;  // of fibers as a whole
    run_meter runs;
    const std::uint64_t number;  // in the process, from 1
    fiber_record* first_live = nullptr;
    bool is_transient = false;  // made for an executor; forgotten when its last fiber has ended
    bool is_of_executor = false;  // found by its executor: by whoever spawns there
    std::uint32_t claims = 0;  // of those who are about to spawn here; it and the next under the lock of the context's service
    bool is_to_be_forgotten = false;  // as soon as there is no claim
    bool is_closed = false;  // new fibers are cancelled
    std::atomic<std::uint32_t> references{1};
    scheduler_impl* next_enlisted = nullptr;  // in the process's roster, under its lock
    const scheduler_family* family = nullptr;  // set before it has fibers
    std::atomic<long> family_guards{0};  // that the family holds on the context

    // What the context counts as outstanding on our behalf.
    [[nodiscard]] long own_work() const noexcept {
        return long{static_cast<bool>(work_)} + long{posted_.load()} + long{armed_for != timer_queue::time_point::max()} +
               long{descriptors.is_armed()} + family_guards.load();
    }
    // Whether what runs there may wake fibers here without any work being outstanding that others would see.
    [[nodiscard]] bool is_related_to(const scheduler_impl& other) const noexcept {
        return &context == &other.context || (family != nullptr && family == other.family);
    }
    // That of `executor`, where it is an io_context's own; null otherwise.
    [[nodiscard]] const boost::asio::io_context::executor_type* own_executor() const noexcept { return own_executor_; }
    [[nodiscard]] bool trims_later() const noexcept { return trim_.is_waiting(); }
    [[nodiscard]] bool has_work() const noexcept { return !ready.empty() || taken_ != nullptr || lost_ != nullptr || has_news(); }

private:
    friend class simulated_loop;  // sim/loop.hpp: a drive of its own

    struct trim_timer final : timer_node {
        explicit trim_timer(scheduler_impl& s) noexcept : owner{s} {}
        void expired() noexcept override;
        scheduler_impl& owner;
    };

    // inbox.cpp
    enum event : std::uint8_t { timer_due = 1, descriptors_due = 2 };
    void knock() noexcept;
    void leave_to_others() noexcept;
    void fetch_inbox() noexcept;
    void take_inbox();
    // What others may have published, who need not have entered.
    [[nodiscard]] bool has_news() const noexcept {
        return inbox_.load(std::memory_order_seq_cst) != nullptr || due_.load(std::memory_order_seq_cst) != 0;
    }

    // drive.cpp
    void begin_drive() noexcept;
    void poll_events() noexcept;
    void run_fibers();
    void run_down_once();
    void trim_later();
    void run_traced_fibers();  // tracer.cpp
    void hand_over_failures(bool is_last = false);  // unhandled.cpp; throws what the handler throws, which nobody catches at last
    void settle();
    void settle_down();
    void arm_timer();  // alarm.cpp
    void quiesce() noexcept;
    void escalate();  // token.cpp; of those in asked_

    [[nodiscard]] bool takes_left_stack(fiber_record& fresh) noexcept;  // lifecycle.cpp
    void take_back_left_stack() noexcept;  // supplies.cpp

    // deadlock.cpp
    void keep_for_its_guards(fiber_record& ended) noexcept;
    void drop_kept_records(bool all) noexcept;

    // shutdown.cpp
    void cancel_all() noexcept;
    void run_down() noexcept;
    void news_for_the_dying() noexcept;
    [[nodiscard]] bool ends_here() const noexcept { return std::this_thread::get_id() == ends_on_ && !ends_inside_; }
    void run_down_once_more(fiber_record* awake = nullptr) noexcept;
    void take_the_last() noexcept;
    [[nodiscard]] bool is_gone() const noexcept { return gone_.load(std::memory_order_seq_cst); }
    [[nodiscard]] bool wait_for_others();
    void dismantle() noexcept;

    std::atomic<bool> owned_{false};
    std::atomic<bool> posted_{false};
    std::atomic<std::uint8_t> due_{0};  // events that nobody has seen to yet
    std::atomic<inbox_node*> inbox_{nullptr};  // last in first
    inbox_node* taken_ = nullptr;  // in order; the owner's

    const boost::asio::io_context::executor_type* const own_executor_ = executor.target<boost::asio::io_context::executor_type>();
    handler_block drive_block_;
    handler_block timer_block_;
    std::optional<boost::asio::steady_timer> timer_;
    timer_queue::time_point last_expiry_{};
    boost::asio::any_io_executor work_;  // keeps the context running while fibers live; empty otherwise
    std::vector<std::unique_ptr<stack_pool>> pools_;
    stack_pool* usual_pool_ = nullptr;  // of the fibers that do not ask for a size
    trim_timer trim_{*this};
    std::vector<fiber_ref> asked_;  // whose operations were asked to stop and may need to be asked harder
    std::uint32_t hastened_ = 0;
    bool some_ended_ = false;  // fibers, since it was last looked for stacks to give back
    std::uint32_t spare_references_ = 0;  // to this, counted, in the owner's hand
    std::uint64_t next_id_ = 0;
    std::uint64_t last_id_ = 0;
    fiber_record* last_lost_ = nullptr;
    fiber_record* lost_ = nullptr;  // failures for the unhandled handler, linked by `following`; counted references
    fiber_record* kept_ = nullptr;  // ended with locks held, linked by `previous`; counted references
    stack_span left_stack_;  // of the fiber that ended last, which may still run its last instructions on it
    stack_pool* left_pool_ = nullptr;  // where it belongs; null: none is left

    std::thread::id ends_on_;  // the thread that destroys the context, once it is dying,
    bool ends_inside_ = false;  // and whether that is inside; its own
    std::atomic<bool> gone_{false};  // no fibers, no context
    std::mutex dying_lock_;  // for the wait of the thread that shuts down
    std::condition_variable dying_news_;
};

// Destroys fiber_locals, and lets go of inherited values; on the fiber.
void drop_locals(fiber_record& self) noexcept;

[[nodiscard]] unhandled_failure unhandled_failure_of(const fiber_record& fiber);

// Reports a failure to the handler of the fiber's scheduler; any thread.
void report_from_anywhere(fiber_ref fiber) noexcept;

// Whether the service that keeps the schedulers of a context may let go of one whose fibers have ended.
void forget_transient(scheduler_impl& scheduler) noexcept;

[[nodiscard]] inline scheduler_impl& impl_of(scheduler_core& core) noexcept { return static_cast<scheduler_impl&>(core); }
[[nodiscard]] inline scheduler_impl& impl_of(const scheduler& scheduler) noexcept { return impl_of(scheduler.core()); }

}  // namespace corun::detail
