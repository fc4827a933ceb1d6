// How a scheduler ends: each fiber is cancelled and runs to its end, destructors included.
#include "places.hpp"
#include "scheduler_impl.hpp"

#include <cstdio>
#include <cstdlib>
#include <thread>

namespace corun::detail {
namespace {

void say_dropped(const std::exception_ptr& thrown) noexcept {
    try {
        std::fprintf(stderr, "corun: while a scheduler shut down there was thrown, and is dropped, %s\n", describe(thrown).c_str());
    } catch (...) {
        std::fputs("corun: an exception was thrown while a scheduler shut down; it is dropped\n", stderr);
    }
}

// It would wait for the caller, which waits for it.
void refuse_own_end(const scheduler_core& core, const char* what) noexcept {
    if (current_core() != &core) return;
    std::fprintf(stderr, "corun: %s was destroyed by one of its own fibers or handlers\n", what);
    std::abort();
}

}  // namespace

void scheduler_impl::cancel_all() noexcept {
    for (fiber_record* fiber = first_live; fiber != nullptr; fiber = fiber->following)
        if (!fiber->is_cancelled) cancel(*fiber, cancel_reason::shutdown);
}

// A drive without a loop around it; the caller has entered, and leaves. Fibers that the last ones spawn are cancelled too.
void scheduler_impl::run_down() noexcept {
    places = places_of_this_thread();
    strand_at_entry = innermost_strand(places);
#if defined(CORUN_SANITIZED)
    describe_thread_stack(loop);
#endif
    timers.remove(trim_);
    stalls.rest();
    do {
        try {
            run_down_once();
        } catch (...) {
            // Nobody is left to catch it: it came from a handler that was told of a failure, or of a function that was posted.
            say_dropped(std::current_exception());
        }
        cancel_all();  // those that were spawned meanwhile
    } while (has_work());
}

void scheduler_impl::close() noexcept {
    is_closed = true;
    cancel_all();
}

void scheduler_impl::stop() noexcept {
    refuse_own_end(*this, "a scheduler");
    while (!try_enter()) std::this_thread::yield();  // a drive on another thread; it is bounded
    const entered inside{*this};
    is_transient = is_closed = true;
    run_down();
    try {
        settle();
    } catch (...) {
        // Without a timer set, those that still live wait for the context's end.
    }
}

void scheduler_impl::context_shuts_down() noexcept {
    refuse_own_end(*this, "an execution context");
    {
        while (!try_enter()) std::this_thread::yield();
        ends_on_ = std::this_thread::get_id();
        dying.store(true, std::memory_order_seq_cst);
        const entered inside{*this};
        ends_inside_ = true;
        do run_down();
        while (live != 0 && wait_for_others());
        if (live == 0) dismantle();
        ends_inside_ = false;
    }
    if (is_gone()) take_the_last();
}

// Waits for what other threads do, or for the sleep of a fiber that is unwinding. False: what is left waits for operations of
// this context, whose handlers Asio destroys after us.
bool scheduler_impl::wait_for_others() {
    bool elsewhere = false;
    for (fiber_record* fiber = first_live; fiber != nullptr; fiber = fiber->following) elsewhere |= fiber->waits_elsewhere;
    if (!elsewhere && timers.empty()) return false;
    std::unique_lock hold{dying_lock_};
    const auto news = [this] { return inbox_.load(std::memory_order_seq_cst) != nullptr; };
    if (timers.empty())
        dying_news_.wait(hold, news);
    else if (!dying_news_.wait_until(hold, timers.earliest(), news))
        set_bits(due_, timer_due);
    return true;
}

// Something was put into the inbox of a dying scheduler. Only the thread that destroys the context runs its fibers. It waits for
// this; or it is inside, and will look; or it has gone on to destroy the rest of the context, and this is a handler that it
// destroys: its fiber ends here and now, also where the context is destroyed on a fiber of another scheduler. What others bring
// meanwhile waits for the next such handler, or for the context's last moment.
void scheduler_impl::news_for_the_dying() noexcept {
    {
        const std::lock_guard hold{dying_lock_};
        dying_news_.notify_all();
    }
    if (is_gone())
        take_the_last();
    else if (ends_here())
        run_down_once_more();
}

// The other thread's may come when what the fiber uses is gone.
void scheduler_impl::wake_while_dying(fiber_record& fiber) noexcept {
    if (!is_gone() && ends_here()) run_down_once_more(&fiber);
}

void scheduler_impl::run_down_once_more(fiber_record* awake) noexcept {
    {
        while (!try_enter()) std::this_thread::yield();  // somebody looks in from outside
        const entered inside{*this};
        ends_inside_ = true;
        if (awake != nullptr) make_ready(*awake);
        run_down();
        if (live == 0) dismantle();
        ends_inside_ = false;
    }
    if (is_gone()) take_the_last();
}

// The scheduler has no fibers and no context any more: what is still brought, by any thread, is let go of.
void scheduler_impl::take_the_last() noexcept {
    while (inbox_.load(std::memory_order_seq_cst) != nullptr && try_enter()) {
        const entered inside{*this};
        run_down();
    }
}

void scheduler_impl::context_is_gone() noexcept {
    if (is_gone()) return;
    run_down_once_more();
    if (is_gone()) return;
    for (fiber_record* fiber = first_live; fiber != nullptr; fiber = fiber->following)
        std::fprintf(stderr, "corun: fiber %s waits at %s for an operation that outlived its execution context\n",
                     describe(*fiber).c_str(), describe(fiber->where).c_str());
    std::abort();
}

// Gives back what belongs to the context. Handles and wakers may keep the rest for longer. From its end on any thread may enter.
void scheduler_impl::dismantle() noexcept {
    timer_.reset();
    descriptors.close();
    work_ = boost::asio::any_io_executor{};
    promised.give_up();
    executor = boost::asio::any_io_executor{};
    asked_.clear();
    drop_kept_records(true);
    gone_.store(true, std::memory_order_seq_cst);
}

}  // namespace corun::detail
