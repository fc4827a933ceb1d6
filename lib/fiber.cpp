#include "scheduler_impl.hpp"

#include <corun/fiber.hpp>
#include <corun/run.hpp>

#include <atomic>
#include <future>
#include <mutex>
#include <semaphore>

namespace corun::detail {
namespace {

std::atomic<std::uint64_t> ids{0};

struct blocked_thread final : end_listener {
    fiber_ref ended() noexcept override {
        has_ended.release();
        return {};
    }
    std::binary_semaphore has_ended{0};
};

void unlink(end_listener& listener) noexcept {
    *listener.link = listener.next;
    if (listener.next != nullptr) listener.next->link = listener.link;
    listener.listening = false;
}

}  // namespace

fiber_record::fiber_record(scheduler_core& core, std::source_location at) noexcept
    : owner{&core}, where{at}, spawned_at{at}, id{ids.fetch_add(1, std::memory_order_relaxed) + 1} {
    intrusive_ptr_add_ref(&impl_of(core));
}

fiber_record::~fiber_record() {
    for (auto& block : spare_blocks) ::operator delete(block.load(std::memory_order_relaxed));
    intrusive_ptr_release(&impl_of(*owner));
}

void destroy(fiber_record& fiber) noexcept { delete &fiber; }

bool listen(fiber_record& fiber, end_listener& listener) noexcept {
    const std::lock_guard hold{fiber.lock};
    if (fiber.has_ended.load(std::memory_order_relaxed)) return false;
    listener.next = fiber.listeners;
    listener.link = &fiber.listeners;
    if (listener.next != nullptr) listener.next->link = &listener.next;
    fiber.listeners = &listener;
    listener.listening = true;
    return true;
}

void stop_listening(fiber_record& fiber, end_listener& listener) noexcept {
    const std::lock_guard hold{fiber.lock};  // also waits for one who is just telling it
    if (listener.listening) unlink(listener);
}

fiber_ref tell_next_listener(fiber_record& fiber, bool& told) noexcept {
    const std::lock_guard hold{fiber.lock};
    end_listener* listener = fiber.listeners;
    told = listener != nullptr;
    if (!told) return {};
    unlink(*listener);
    return listener->ended();
}

void join_base::start(const waker& w) {
    if (w.fiber() == target_)
        throw switch_forbidden{"corun: fiber " + describe(*target_) + " joins itself at " + describe(target_->where)};
    joiner_ = w.fiber();
    if (!listen(*target_, *this)) joiner_.reset();
}

void detach(fiber_record& fiber) noexcept {
    bool lost = false;
    {
        const std::lock_guard hold{fiber.lock};
        fiber.detached = true;
        lost = fiber.has_ended.load(std::memory_order_relaxed) && fiber.failure && !fiber.was_cancelled && !fiber.claimed;
        if (lost) fiber.claimed = true;
    }
    if (lost) report_from_anywhere(fiber_ref{&fiber});
}

void claim(fiber_record& fiber, bool has_value) {
    bool before = false;
    {
        const std::lock_guard hold{fiber.lock};
        before = std::exchange(fiber.claimed, true);
    }
    if (fiber.failure) std::rethrow_exception(fiber.failure);
    if (before && has_value) throw std::future_error{std::future_errc::future_already_retrieved};
}

void wait_blocking(fiber_record& fiber) {
    refuse_on_fiber("fiber::get(), which blocks the thread,", std::source_location{});
    blocked_thread listener;
    if (!listen(fiber, listener)) return;
    listener.has_ended.acquire();
    stop_listening(fiber, listener);
}

}  // namespace corun::detail
