#include <corun/checked_mutex.hpp>

#include "observers.hpp"
#include "snapshot.hpp"

#include <corun/detail/core.hpp>
#include <corun/detail/spin_lock.hpp>

#include <execinfo.h>
#include <algorithm>
#include <array>
#include <iostream>
#include <mutex>
#include <set>
#include <tuple>
#include <utility>

namespace corun {
namespace detail {
namespace {

constexpr std::size_t frames_kept = 8;

struct entry {
    const void* lock = nullptr;  // null: free
    const fiber_record* fiber = nullptr;
    std::array<void*, frames_kept> frames{};
    int count = 0;
};

// The locks that fibers hold at this moment: few, because a fiber that does not yield holds as many as it has nested. What does not
// fit is not watched. A spin lock and no allocation: this is called from within pthread_mutex_lock.
constexpr std::size_t most = 256;
constinit spin_lock table_lock;
constinit std::array<entry, most> table{};

// Taking a backtrace may lock something itself.
thread_local bool is_noting = false;

const bool unwinder_is_loaded = [] {
    void* frame[1];
    return ::backtrace(frame, 1) >= 0;
}();

fiber_record* running_fiber() noexcept {
    const scheduler_core* core = current_core();
    return core != nullptr ? core->running : nullptr;
}

bool holds_any(const fiber_record& fiber) noexcept {
    return std::any_of(table.begin(), table.end(), [&](const entry& e) { return e.lock != nullptr && e.fiber == &fiber; });
}

constinit std::mutex handler_lock;
held_lock_handler& handler() {
    static held_lock_handler current = report_held_lock;
    return current;
}

// Whether these two places were not told before.
bool is_news(const entry& held, const std::source_location& yield) {
    static std::set<std::tuple<std::array<void*, frames_kept>, const char*, std::uint_least32_t>> told;
    return told.insert({held.frames, yield.file_name(), yield.line()}).second;
}

held_lock describe(const entry& held, const fiber_record& self) {
    held_lock found{held.lock, self.id, self.name, self.where, {}};
    for (int i = 1; i < held.count; ++i) found.locked_at.push_back(describe_frame(held.frames[static_cast<std::size_t>(i)]));
    return found;
}

}  // namespace

void note_lock(const void* lock) noexcept {
    fiber_record* self = running_fiber();
    if (self == nullptr || is_noting) return;
    is_noting = true;
    entry taken{lock, self, {}, 0};
    taken.count = ::backtrace(taken.frames.data(), frames_kept);
    is_noting = false;
    const std::lock_guard hold{table_lock};
    for (entry& e : table)
        if (e.lock == nullptr) {
            e = taken;
            self->alerts |= alert_holds_lock;
            return;
        }
}

void note_unlock(const void* lock) noexcept {
    fiber_record* self = running_fiber();
    if (self == nullptr || is_noting || (self->alerts & alert_holds_lock) == 0) return;
    const std::lock_guard hold{table_lock};
    // A recursive mutex is in it more than once.
    const auto found = std::find_if(table.begin(), table.end(), [&](const entry& e) { return e.lock == lock && e.fiber == self; });
    if (found != table.end()) found->lock = nullptr;
    if (!holds_any(*self)) self->alerts &= static_cast<std::uint8_t>(~alert_holds_lock);
}

void tell_held_locks(fiber_record& self) {
    std::vector<entry> held;
    {
        const std::lock_guard hold{table_lock};
        std::copy_if(table.begin(), table.end(), std::back_inserter(held),
                     [&](const entry& e) { return e.lock != nullptr && e.fiber == &self; });
    }
    if (held.empty()) {  // released by somebody else
        self.alerts &= static_cast<std::uint8_t>(~alert_holds_lock);
        return;
    }
    held_lock_handler tell;
    {
        const std::lock_guard hold{handler_lock};
        tell = handler();
        std::erase_if(held, [&](const entry& e) { return !is_news(e, self.where); });
    }
    for (const entry& e : held)
        if (tell) tell(describe(e, self));
}

void forget_held_locks(const fiber_record& ended) noexcept {
    const std::lock_guard hold{table_lock};
    for (entry& e : table)
        if (e.fiber == &ended) e.lock = nullptr;
}

}  // namespace detail

void report_held_lock(const held_lock& found) {
    std::cerr << "corun: fiber #" << found.id << (found.name.empty() ? "" : " '" + found.name + "'") << " yields at "
              << detail::describe(found.yield) << " while it holds the lock " << found.lock << " of threads, which it took at\n";
    for (const std::string& frame : found.locked_at) std::cerr << "    " << frame << '\n';
    std::cerr << std::flush;
}

void on_held_lock(held_lock_handler handler) {
    const std::lock_guard hold{detail::handler_lock};
    detail::handler() = std::move(handler);
}

}  // namespace corun
