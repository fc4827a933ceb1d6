// The record of one fiber: all that the runtime knows of it.
#pragma once

#include <corun/detail/run_queue.hpp>
#include <corun/detail/sanitizer.hpp>
#include <corun/detail/spin_lock.hpp>
#include <corun/detail/steps.hpp>
#include <corun/error.hpp>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/intrusive_ptr.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <source_location>
#include <stop_token>
#include <string>
#include <vector>

namespace corun {
class no_yield;
}

namespace corun::detail {

struct scheduler_core;
struct fiber_record;
class scope;
class stack_pool;
struct local_slot;
struct wait_kind;
struct value_node;

// Something that another thread hands to a scheduler. It sits in the inbox until the scheduler's next drive takes it.
struct inbox_node {
    inbox_node* next = nullptr;
    void (*take)(inbox_node&, scheduler_core&) = nullptr;
};

// Told once when a fiber has ended. In one of the fiber's lists of listeners, both ways linked, exactly while `listening`.
struct end_listener {
    void enlist(end_listener*& list) noexcept {
        next = list;
        link = &list;
        if (next != nullptr) next->link = &next;
        list = this;
        listening = true;
    }
    void strike_off() noexcept {
        *link = next;
        if (next != nullptr) next->link = link;
        listening = false;
    }

    end_listener* next = nullptr;
    end_listener** link = nullptr;  // what points to this one
    bool listening = false;
    bool is_local = false;          // of the fiber's own scheduler: in local_listeners

    // On the thread that ended it, no longer in the list; of another scheduler or thread: under the fiber's lock. Returns whom to
    // wake once the lock is free.
    virtual boost::intrusive_ptr<fiber_record> ended() noexcept = 0;

protected:
    ~end_listener() = default;
};

// Changed only by the scheduler that owns the fiber.
enum class fiber_state : std::uint8_t {
    fresh,  // in the run queue without a stack; the first switch to it takes one
    active,  // running (scheduler_core::running), or in the run queue with its stack saved there; or to be ended without one
    parked,  // in no container but the list of live fibers; its stack is saved in `sp`, and whatever it waits for wakes it
    ended,  // in no container; lives on only for those who hold a reference
    parked_traced,  // parked; who wakes it is to be written down
};
[[nodiscard]] constexpr bool is_parked(fiber_state state) noexcept {
    return state == fiber_state::parked || state == fiber_state::parked_traced;
}

// Who may hold locks of one scheduler: a fiber, or what stands in for one (lock_owner).
struct lock_holder {
    fiber_state state = fiber_state::fresh;
    std::uint16_t locks_held = 0;
};

// Reasons for the slow way at the next yield.
enum alert : std::uint8_t {
    alert_cancelled = 1,  // a cancellation shows at this point of the fiber's code: yields throw
    alert_no_yield = 2,  // inside a no_yield scope: yields are refused
    alert_observed = 4,  // somebody wants to know of each yield, and when
    alert_holds_lock = 8,  // it holds a mutex of threads that is checked
};

// What everybody may know of a fiber's end; one word, so that the end happens at once for all.
enum outcome : std::uint8_t {
    outcome_ended = 1,  // the result or failure is in place, and stays
    outcome_watched = 2,  // some other scheduler or thread has listened; the end must look at `listeners`
    outcome_claimed = 4,  // somebody has received the result or failure, or reported the failure
    outcome_detached = 8,  // no handle is left to receive it
    outcome_joined = 16,  // a join has had it
    outcome_dropped = 32,  // the handler that was to receive it was destroyed without being called
};

// How hard an Asio operation is asked to stop when its fiber is cancelled: the types of asio::cancellation_type in their order.
enum stop_request : std::uint8_t { stop_total = 1, stop_partial = 2, stop_terminal = 3 };

// What other threads ask of a fiber; collected in one word so that the record is in the inbox at most once. And, by its own
// scheduler, that it ends without having begun: there was no stack for it.
enum demand : std::uint8_t { demand_admit = 1, demand_wake = 2, demand_cancel = 4, demand_end = 8 };

// What else has failed in a group, beside the failure that was thrown.
struct attached_failures {
    std::exception_ptr thrown;
    std::vector<std::exception_ptr> others;
};

// Counted references: the scheduler's own while the fiber is live, one per handle, waker and outstanding handler.
struct fiber_record : inbox_node, lock_holder {
    fiber_record(scheduler_core& core, std::source_location spawned_at) noexcept;
    fiber_record(const fiber_record&) = delete;
    virtual ~fiber_record();

    // From the memory of records that have ended, kept by the scheduler that the calling thread is inside of.
    static void* operator new(std::size_t bytes);
    static void operator delete(void* memory, std::size_t bytes) noexcept;
    static void* operator new(std::size_t bytes, std::align_val_t alignment) { return ::operator new(bytes, alignment); }
    static void operator delete(void* memory, std::size_t, std::align_val_t alignment) noexcept {
        ::operator delete(memory, alignment);
    }

    // Runs the user's function, on the fiber's stack, and keeps its outcome. An exception that comes out is a failure.
    virtual void run() = 0;
    // Destroys the user's function, also of a fiber that never ran.
    virtual void drop_function() noexcept = 0;
    // The outcome is in place. Called once, on the owner, before the listeners are told. True: somebody took the failure.
    virtual bool deliver() { return false; }
    // It is cancelled as a whole, and no stack has been taken for it. Called on the owner, also more than once.
    virtual void cancelled_before_its_turn() noexcept {}
    // The block of the group that it is a child of; null: of none. Also called while the fiber stands still anywhere.
    [[nodiscard]] virtual const std::source_location* group_at() const noexcept { return nullptr; }

    // --- touched at every switch, as is `state` ---
    std::uint8_t alerts = 0;
    std::uint8_t inline_depth = 0;  // operations that completed while being initiated, nested
    std::uint8_t stop_stage = 0;  // how hard the Asio operation was asked to stop: 0 not, else a stop_request
    std::uint8_t stop_limit = 0;  // how hard it may be asked
    scheduler_core* const owner;
    union {
        fcontext_t sp = nullptr;  // parked: where its stack was left
        std::size_t queued_at;  // fresh: its place in the run queue; 0: it is not there
    };
    bool waits_elsewhere = false;  // for something that another thread will bring to its end
    bool is_cancelled = false;  // as a whole
    bool never_begins = false;  // cancelled before its turn: its fiber only ends its captures, which may yield
    bool is_leaving = false;  // its function has ended; destructors of captures and locals are not interrupted
    bool is_ahead = false;  // it began before its turn, for the fiber that joins it; that one follows at once
    bool was_cancelled = false;  // ended by its cancellation; failure is a fiber_cancelled then
    std::uint32_t cancellations_thrown = 0;  // and swallowed, since it entered the outermost scope that is cancelled
    scope* innermost = nullptr;  // of the cancellation scopes that it is in; on its stack
    std::source_location where;  // of the last yield; before it, of the spawn
    const wait_kind* waits_for = nullptr;  // while it stands still in an operation: in what kind,
    const void* waits_in = nullptr;  // and which one
    std::int64_t yielded_at = 0;  // coarse_now when it began to wait or, where that is observed, yielded last
    stack_span stack;
    stack_pool* pool = nullptr;  // whose stack it is

    // --- shared with other threads ---
    std::atomic<std::uint32_t> references{1};
    std::atomic<std::uint8_t> demands{0};
    std::atomic<std::uint8_t> outcome{0};
    std::atomic<bool> cancel_requested{false};
    std::atomic<cancel_reason> reason{cancel_reason::requested};
    std::atomic<std::uint8_t> hardest_request{0};  // by which it was cancelled as a whole
    spin_lock lock;  // guards listeners
    end_listener* listeners = nullptr;  // of other schedulers and of threads

    // --- the owner's, seldom touched ---
    end_listener* local_listeners = nullptr;
    fiber_record* previous = nullptr;  // in the scheduler's list of live fibers
    fiber_record* following = nullptr;
    std::exception_ptr failure;
    std::shared_ptr<const attached_failures> attached;  // beside the one that it got from a group or a join last
    std::source_location spawned_at;
    std::string name;
    std::uint64_t id = 0;
    std::uint64_t spawned_by = 0;  // id of the fiber that called spawn; 0: it was none
    std::size_t stack_size = 0;  // asked for; 0: the scheduler's default
    std::source_location first_thrown_at;
    std::unique_ptr<local_slot> locals;  // the last one made first
    boost::intrusive_ptr<const value_node> values;  // the innermost with_value; of the fiber that spawned this one, at first
    std::stop_source stop{std::nostopstate};  // made when its token is asked for; the scopes have their own
    std::chrono::steady_clock::time_point inherited_deadline = std::chrono::steady_clock::time_point::max();
    const corun::no_yield* innermost_no_yield = nullptr;

    // --- for Asio operations ---
    boost::asio::cancellation_signal cancellation;
    std::atomic<void*> spare_blocks[2] = {};  // freed operation memory, kept for the next operation
};

void destroy(fiber_record& fiber) noexcept;
void intrusive_ptr_add_ref(fiber_record* fiber) noexcept;
void intrusive_ptr_release(fiber_record* fiber) noexcept;

[[nodiscard]] inline bool has_ended(const fiber_record& fiber) noexcept {
    return (fiber.outcome.load(std::memory_order_acquire) & outcome_ended) != 0;
}

// Adds to and removes from the fiber's listeners. False, and nothing is added, if it has ended. Where the fiber's owner listens
// to a fiber of its own, neither takes a lock.
[[nodiscard]] bool listen(fiber_record& fiber, end_listener& listener) noexcept;
void stop_listening(fiber_record& fiber, end_listener& listener) noexcept;
// Those of other schedulers and threads, of an ended fiber, on its owner.
void tell_listeners_elsewhere(fiber_record& fiber) noexcept;

inline void intrusive_ptr_add_ref(fiber_record* fiber) noexcept { add_reference(fiber->references); }
inline void intrusive_ptr_release(fiber_record* fiber) noexcept {
    // Who holds the only reference needs no atomic step: nobody else is there to take another one.
    if (fiber->references.load(std::memory_order_acquire) == 1 || drop_reference(fiber->references) == 1) destroy(*fiber);
}
using fiber_ref = boost::intrusive_ptr<fiber_record>;

// "'name' (#7)" or "#7".
[[nodiscard]] std::string describe(const fiber_record& fiber);
[[nodiscard]] std::string describe(const std::source_location& where);
// For an error of a function that knows no line of its own: ", on fiber 'name' (#7), last yield at file:line" or ", spawned at
// file:line". In plain code nothing.
[[nodiscard]] std::string describe_here();
// Throws a std::logic_error with the message and describe_here().
[[noreturn]] void refuse_use(const char* message);
// "type: message".
[[nodiscard]] std::string describe(const std::exception_ptr& failure);

}  // namespace corun::detail
