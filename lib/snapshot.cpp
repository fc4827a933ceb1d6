#include "snapshot.hpp"

#include "interrupt.hpp"
#include "scheduler_impl.hpp"

#include <corun/detail/simulation.hpp>

#include <algorithm>
#include <cstring>
#include <iterator>
#include <unordered_map>

namespace corun::detail {
namespace {

// Lists are followed no further than this beyond what was expected: a list may be caught while it changes.
constexpr std::size_t margin = 1024;

void copy_name(const std::string& from, char (&to)[48]) noexcept {
    const std::size_t length = std::min(from.size(), sizeof to - 1);
    std::memcpy(to, from.data(), length);
    to[length] = '\0';
}

fiber_view::state state_of(const fiber_record& fiber, bool is_running) noexcept {
    if (is_running) return fiber_view::state::running;
    switch (fiber.state) {
        case fiber_state::fresh: return fiber_view::state::fresh;
        case fiber_state::parked:
        case fiber_state::parked_traced: return fiber_view::state::waiting;
        default: return fiber_view::state::ready;
    }
}

void view_scopes(const fiber_record& fiber, fiber_view& out) noexcept {
    out.scope_count = 0;
    for (const scope* s = fiber.innermost; s != nullptr; s = s->outer()) {
        if (out.scope_count < std::size(out.scopes))
            out.scopes[out.scope_count] = {s->kind(),         s->where(),
                                           s->deadline(),     s->grace(),
                                           s->lets_through(), s->is_cancelled() ? std::optional{s->reason()} : std::nullopt};
        ++out.scope_count;
    }
}

// Fills the prepared memory of a snapshot; the fibers are the newest first. No allocation.
struct collection {
    scheduler_impl& from;
    std::vector<fiber_view>& to;  // with room
    std::size_t count = 0;
    std::size_t ready = 0;
    clock::time_point now{};

    void run() noexcept {
        now = from.simulated != nullptr ? from.simulated->now : std::chrono::steady_clock::now();
        ready = from.ready.size();
        for (const fiber_record* f = from.first_live; f != nullptr && count != to.size(); f = f->following)
            view(*f, f == from.running, to[count++]);
    }
};

std::size_t used_down_to(const void* sp, const fiber_record& fiber) noexcept {
    const auto depth = reinterpret_cast<std::uintptr_t>(fiber.stack.base) + fiber.stack.size - reinterpret_cast<std::uintptr_t>(sp);
    return sp != nullptr && depth <= fiber.stack.size ? depth : 0;
}

// Where the stacks of those end that are not parked: in the run queue, and here.
std::unordered_map<const fiber_record*, const void*> stacks_in_use(const scheduler_impl& scheduler) {
    std::unordered_map<const fiber_record*, const void*> ends;
    std::size_t left = scheduler.ready.size();
    for (std::size_t place = 0; left != 0; ++place) {
        const ready_entry& entry = scheduler.ready.at(place);
        if (entry.fiber == nullptr) continue;
        ends[entry.fiber] = entry.sp;
        --left;
    }
    if (scheduler.running != nullptr) ends[scheduler.running] = __builtin_frame_address(0);
    return ends;
}

scheduler_snapshot take(scheduler_impl& scheduler, int patience_ms, bool with_frames) {
    scheduler_snapshot result;
    result.scheduler = &scheduler;
    const auto collect_inside = [&] {
        result.fibers.resize(scheduler.live);
        collection all{scheduler, result.fibers};
        all.run();
        result.now = all.now;
        result.ready = all.ready;
        result.fibers.resize(all.count);
        const auto ends = stacks_in_use(scheduler);
        std::size_t n = 0;
        for (fiber_record* f = scheduler.first_live; f != nullptr; f = f->following, ++n)
            if (const auto end = ends.find(f); end != ends.end()) result.fibers[n].stack_used = used_down_to(end->second, *f);
        if (!with_frames) return;
        result.frames.resize(all.count);
        std::size_t i = 0;
        for (fiber_record* f = scheduler.first_live; f != nullptr; f = f->following) frames_of(*f, result.frames[i++]);
        std::reverse(result.frames.begin(), result.frames.end());
    };
    if (!look_inside(scheduler, patience{patience_ms}, collect_inside)) {
        result.is_complete = false;
        // The size is a guess, read while its owner may write it.
        result.fibers.resize(*static_cast<const volatile std::size_t*>(&scheduler.live) + margin);
        collection all{scheduler, result.fibers};
        result.was_seen = look_from_its_thread(
            scheduler, patience{patience_ms}, [](void* c) noexcept { static_cast<collection*>(c)->run(); }, &all);
        result.now = all.now;
        result.ready = all.ready;
        result.fibers.resize(result.was_seen ? all.count : 0);
    }
    std::reverse(result.fibers.begin(), result.fibers.end());
    return result;
}

}  // namespace

void view(const fiber_record& fiber, bool is_running, fiber_view& out) noexcept {
    out.id = fiber.id;
    out.spawned_by = fiber.spawned_by;
    copy_name(fiber.name, out.name);
    out.is = state_of(fiber, is_running);
    out.where = fiber.where;
    out.spawned_at = fiber.spawned_at;
    out.wait = wait_of(fiber);
    const fiber_record* holder = out.wait.holder;
    out.holder_id = holder != nullptr ? holder->id : 0;
    if (holder != nullptr) copy_name(holder->name, out.holder_name);
    const bool has_noted = is_parked(fiber.state) || (fiber.alerts & alert_observed) != 0;
    out.yielded_at = has_noted ? fiber.yielded_at : 0;
    out.deadline = effective_deadline(fiber);
    const std::source_location* group = fiber.group_at();
    out.group_at = group != nullptr ? std::optional{*group} : std::nullopt;
    view_scopes(fiber, out);
    if (const cancellation_view seen{fiber, fiber.innermost, 0}; seen.exists)
        out.cancelled = seen.source != nullptr ? seen.source->reason() : fiber.reason.load(std::memory_order_relaxed);
    out.stack_size = fiber.pool != nullptr && fiber.stack.base != nullptr ? fiber.pool->slot() : 0;
    out.stack_used = is_parked(fiber.state) ? used_down_to(fiber.sp, fiber) : 0;
}

std::vector<scheduler_snapshot> take_snapshots(int patience_ms, bool with_frames) {
    std::vector<scheduler_snapshot> result;
    for (const auto& scheduler : all_schedulers()) result.push_back(take(*scheduler, patience_ms, with_frames));
    return result;
}

}  // namespace corun::detail
