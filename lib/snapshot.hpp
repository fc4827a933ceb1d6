// The fibers of a scheduler at one moment, copied so that they can be looked at while the program goes on.
#pragma once

#include <corun/detail/scope.hpp>
#include <corun/detail/wait_info.hpp>
#include <corun/error.hpp>
#include <corun/sleep.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <vector>

namespace corun::detail {

struct fiber_record;
class scheduler_impl;

struct scope_view {
    scope_kind kind;
    std::source_location where;
    clock::time_point deadline;  // max(): none
    clock::duration grace;       // of a shield
    bool lets_through;           // a shield whose grace is over
    std::optional<cancel_reason> cancelled;
};

struct fiber_view {
    enum class state : std::uint8_t { fresh, ready, running, waiting };

    std::uint64_t id;
    std::uint64_t spawned_by;
    char name[48];
    state is;
    std::source_location where;
    std::source_location spawned_at;
    wait_info wait;
    std::uint64_t holder_id;   // of wait.holder, which may be gone when this is read; 0: none
    char holder_name[48];
    std::int64_t yielded_at;   // nanoseconds of corun::clock; 0: not known
    clock::time_point deadline;
    std::optional<std::source_location> group_at;
    scope_view scopes[6];      // the innermost first
    std::uint32_t scope_count; // may be more than there are in `scopes`
    std::optional<cancel_reason> cancelled;
    std::size_t stack_size;    // 0: it has none yet
    std::size_t stack_used;    // bytes down to the saved stack pointer; 0: not known
};

// The block's name.
[[nodiscard]] const char* to_string(scope_kind kind) noexcept;

// Of one fiber. Allocates nothing and follows only what the fiber keeps alive: also for signal handlers.
void view(const fiber_record& fiber, bool is_running, fiber_view& out) noexcept;

using frame_list = std::array<void*, 24>;

struct scheduler_snapshot {
    const scheduler_impl* scheduler = nullptr;
    bool is_complete = true;         // false: taken by interrupting its thread, in the middle of a fiber
    bool was_seen = true;            // false: no thread could look; nothing is known
    clock::time_point now{};         // of the scheduler's clock, which may be a simulation's
    std::size_t ready = 0;
    std::vector<fiber_view> fibers;  // oldest first
    std::vector<frame_list> frames;  // beside them, if asked for
};

// Of every scheduler in the process; any thread, also on a fiber. Where a fiber does not yield within the patience (milliseconds),
// its thread is interrupted. Throws std::bad_alloc.
[[nodiscard]] std::vector<scheduler_snapshot> take_snapshots(int patience_ms, bool with_frames);

// The return addresses on a parked fiber's stack, the innermost first, ended by null. On the owner. Empty in sanitizer builds.
void frames_of(fiber_record& fiber, frame_list& frames) noexcept;

// "name (+0x12) at program(+0x345)", as far as the program's symbols go.
[[nodiscard]] std::string describe_frame(void* address);

}  // namespace corun::detail
