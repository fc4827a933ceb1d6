#include "roster.hpp"

#include "run_inside.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>

namespace corun::detail {

extern "C" scheduler_impl* corun_first_scheduler;  // debug_layout.cpp: the debugger's way in

namespace {

constinit std::mutex roster_lock;

// Under the lock. Null: one without references is on its way to strike_off, which waits for the lock.
boost::intrusive_ptr<scheduler_impl> reference_to(scheduler_impl& enlisted) noexcept {
    std::uint32_t count = enlisted.references.load(std::memory_order_relaxed);
    while (count != 0 && !enlisted.references.compare_exchange_weak(count, count + 1)) {
    }
    return {count != 0 ? &enlisted : nullptr, false};
}

// A request that the scheduler's next drive takes, unless the one who asks has lost patience.
struct visit {
    std::mutex lock;
    std::condition_variable news;
    const std::function<void()>* look;  // null: nobody waits any more
    bool done = false;
    std::exception_ptr failure;  // of the look; it is the one's who asks, and not the scheduler's

    void take() {
        const std::lock_guard hold{lock};
        if (look == nullptr) return;
        try {
            (*look)();
        } catch (...) {
            failure = std::current_exception();
        }
        done = true;
        news.notify_all();
    }
};

}  // namespace

void enlist(scheduler_impl& scheduler) noexcept {
    const std::lock_guard hold{roster_lock};
    scheduler.next_enlisted = std::exchange(corun_first_scheduler, &scheduler);
}

void strike_off(scheduler_impl& scheduler) noexcept {
    const std::lock_guard hold{roster_lock};
    scheduler_impl** link = &corun_first_scheduler;
    while (*link != &scheduler) link = &(*link)->next_enlisted;
    *link = scheduler.next_enlisted;
}

boost::intrusive_ptr<scheduler_impl> any_living_of(const boost::asio::execution_context& context) noexcept {
    const std::lock_guard hold{roster_lock};
    for (scheduler_impl* s = corun_first_scheduler; s != nullptr; s = s->next_enlisted)
        if (&s->context == &context && !s->is_dying())
            if (auto found = reference_to(*s)) return found;
    return nullptr;
}

std::vector<boost::intrusive_ptr<scheduler_impl>> all_schedulers() {
    std::vector<boost::intrusive_ptr<scheduler_impl>> all;
    const std::lock_guard hold{roster_lock};
    for (scheduler_impl* s = corun_first_scheduler; s != nullptr; s = s->next_enlisted)
        if (auto found = reference_to(*s)) all.push_back(std::move(found));
    std::reverse(all.begin(), all.end());
    return all;
}

bool look_inside(scheduler_impl& scheduler, patience wait, const std::function<void()>& look) {
    if (try_run_inside(scheduler, look)) return true;
    if (scheduler.is_dying()) return false;
    const auto request = std::make_shared<visit>();
    request->look = &look;
    auto take = [request] { request->take(); };
    submit(scheduler, function_node_of<decltype(take)>::make(std::move(take)));
    std::unique_lock hold{request->lock};
    request->news.wait_for(hold, std::chrono::milliseconds{static_cast<int>(wait)}, [&] { return request->done; });
    request->look = nullptr;
    if (request->failure) std::rethrow_exception(request->failure);
    return request->done;
}

}  // namespace corun::detail
