#include "tracer.hpp"

#include "probes.hpp"
#include "scheduler_impl.hpp"

#include <corun/clock.hpp>
#include <corun/detail/wait_info.hpp>
#include <corun/trace.hpp>

#include <sys/syscall.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cstring>
#include <exception>

#if CORUN_HAS_PROBES
// In the order of the declarations in probes.hpp.
asm(R"(
    .pushsection .probes, "aw", @progbits
    .balign 8
    .globl corun_probe_semaphores
    .hidden corun_probe_semaphores
    .type corun_probe_semaphores, @object
    .size corun_probe_semaphores, 16
corun_probe_semaphores:
    .irp name, spawn, run, give_way, park, wake, end, span_begin, span_end
    .globl corun_\name\()_semaphore
    .hidden corun_\name\()_semaphore
    .type corun_\name\()_semaphore, @object
    .size corun_\name\()_semaphore, 2
corun_\name\()_semaphore:
    .zero 2
    .endr
    .popsection
)");
#endif

namespace corun::detail {

constinit std::atomic<trace_ring*> recorded_by{nullptr};
constinit std::atomic<std::uint32_t> recorders_inside{0};

namespace {

// What a thread knows while it is inside of a scheduler. The place of the last `call` for each target, as far as they do not
// share a slot: an arrow that is missing does no harm.
constinit std::array<std::atomic<std::uint64_t>, 1024> last_calls{};  // place + 1
constinit thread_local std::uint64_t running_call = 0;  // the one that a traced_call is about

template <std::size_t N>
void copy(std::string_view from, char (&to)[N]) noexcept {
    const std::size_t length = std::min(from.size(), N - 1);
    std::memcpy(to, from.data(), length);
    to[length] = '\0';
}

trace_event event_of(trace_kind kind, const fiber_record* fiber) noexcept {
    trace_event event;
    event.kind = kind;
    event.at = clock::now().time_since_epoch().count();
    event.thread = this_thread_number();
    if (fiber == nullptr) return event;
    event.fiber = fiber->id;
    copy(fiber->name, event.name);
    return event;
}

void set_place(trace_event& event, const std::source_location& where) noexcept {
    event.line = where.line();
    event.file = where.file_name();
    event.function = where.function_name();
}

// Returns one more than its place; 0 where nothing is recorded, only probed.
std::uint64_t record(const trace_event& event) noexcept {
    // Counted before it is used, and looked at after it was counted: whoever takes the ring away waits for us, or we do not see
    // it.
    recorders_inside.fetch_add(1, std::memory_order_seq_cst);
    trace_ring* ring = recorded_by.load(std::memory_order_seq_cst);
    const std::uint64_t result = ring != nullptr ? ring->add(event) + 1 : 0;
    recorders_inside.fetch_sub(1, std::memory_order_release);
    return result;
}

const fiber_record* running_fiber() noexcept {
    const scheduler_core* core = current_core();
    return core != nullptr ? core->running : nullptr;
}

void set_cause(trace_event& event) noexcept {
    const fiber_record* by = running_fiber();
    if (by != nullptr)
        event.other = by->id;
    else
        event.cause = running_call;
}

std::string_view end_of(const fiber_record& fiber) noexcept {
    return fiber.was_cancelled ? "cancelled" : fiber.failure ? "failed" : "returned";
}

std::atomic<std::uint64_t>& last_call(const fiber_record& target) noexcept { return last_calls[target.id % last_calls.size()]; }

}  // namespace

std::uint64_t this_thread_number() noexcept {
    static thread_local const auto number = static_cast<std::uint64_t>(::syscall(SYS_gettid));
    return number;
}

void trace_spawn(const fiber_record& fresh) noexcept {
    trace_event event = event_of(trace_kind::spawn, &fresh);
    set_place(event, fresh.spawned_at);
    set_cause(event);
    CORUN_PROBE(spawn, event.fiber, fresh.name.c_str(), fresh.spawned_by, event.file, event.line);
    record(event);
}

void trace_end(const fiber_record& fiber) noexcept {
    trace_event event = event_of(trace_kind::end, &fiber);
    copy(end_of(fiber), event.text);
    CORUN_PROBE(end, event.fiber, fiber.name.c_str());
    record(event);
}

void make_ready_traced(fiber_record& fiber, bool first) noexcept {
    if (fiber.state != fiber_state::parked_traced) return;
    trace_event event = event_of(trace_kind::wake, &fiber);
    set_cause(event);
    CORUN_PROBE(wake, event.fiber, event.other);
    record(event);
    fiber.state = fiber_state::parked;
    if (first)
        make_ready_first(fiber);
    else
        make_ready(fiber);
}

void trace_call(const fiber_record& target) noexcept {
    const fiber_record* by = running_fiber();
    if (by == nullptr) return;
    trace_event event = event_of(trace_kind::call, by);
    event.other = target.id;
    last_call(target).store(record(event), std::memory_order_release);
}

traced_call::traced_call(const fiber_record& target) noexcept {
    running_call = last_call(target).exchange(0, std::memory_order_acq_rel);
}
traced_call::~traced_call() { running_call = 0; }

traced_turn::traced_turn(fiber_record& fiber) noexcept : fiber_{&fiber} {
    trace_event event = event_of(trace_kind::run, &fiber);
    set_place(event, fiber.where);
    CORUN_PROBE(run, event.fiber, fiber.name.c_str());
    record(event);
}

traced_turn::~traced_turn() {
    if (fiber_->state == fiber_state::ended) return;  // trace_end has told
    const bool parks = fiber_->state == fiber_state::parked;
    trace_event event = event_of(parks ? trace_kind::park : trace_kind::give_way, fiber_.get());
    set_place(event, fiber_->where);
    if (parks) {
        const wait_info wait = wait_of(*fiber_);
        copy(wait.text, event.text);
        if (wait.holder != nullptr) event.other = wait.holder->id;
        fiber_->state = fiber_state::parked_traced;
        CORUN_PROBE(park, event.fiber, fiber_->name.c_str(), &event.text[0], event.file, event.line);
    } else {
        CORUN_PROBE(give_way, event.fiber, fiber_->name.c_str(), event.file, event.line);
    }
    record(event);
}

// As run_fibers, but each switch comes by here: while a fiber runs, its budget is used up. What is left of the drive's is kept
// aside.
void scheduler_impl::run_traced_fibers() {
    std::int32_t left = budget;
    while (!ready.empty() && --left >= 0) {
        ready_entry next = ready.pop();
        if (next.sp == nullptr && (next.sp = continuation(*this, next.fiber, next.fiber)) == nullptr) continue;
        budget = -1;
        running = next.fiber;
        const traced_turn turn{*next.fiber};
        jump(places, next.sp, &loop_sp, &loop, next.fiber->stack);
    }
    budget = left;
}

}  // namespace corun::detail

namespace corun {

trace_span::trace_span(std::string_view name) noexcept : is_open_{detail::is_observed(detail::observer::turns)} {
    if (!is_open_) return;
    detail::trace_event event = detail::event_of(detail::trace_kind::span_begin, detail::running_fiber());
    detail::copy(name, event.text);
    CORUN_PROBE(span_begin, event.fiber, &event.text[0]);
    detail::record(event);
}

trace_span::~trace_span() {
    if (!is_open_ || !detail::is_observed(detail::observer::turns)) return;
    const detail::trace_event event = detail::event_of(detail::trace_kind::span_end, detail::running_fiber());
    CORUN_PROBE(span_end, event.fiber);
    detail::record(event);
}

}  // namespace corun
