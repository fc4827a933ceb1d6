// What a debugger needs to find every fiber, in a process or a core file whose library has no debugging information: where the list
// of schedulers begins, and where in each object lies what. Read by lib/gdb/corun-gdb.py; the order is its contract with that file.
#include "scheduler_impl.hpp"

#include <corun/detail/wait_info.hpp>

#include <cstddef>
#include <cstdint>

// Conditionally supported for types with virtual functions; every compiler that corun knows does.
#pragma GCC diagnostic ignored "-Winvalid-offsetof"

// The script's text, for gdb (its manual, "The .debug_gdb_scripts section"; 4: Python): in the shared library, and in programs that
// were linked with the static one.
#if defined(CORUN_GDB_SCRIPT) && defined(__ELF__)
asm(".pushsection \".debug_gdb_scripts\", \"MS\", @progbits, 1\n.byte 4\n.ascii \"corun-gdb.py\\n\"\n.incbin \"" CORUN_GDB_SCRIPT
    "\"\n.byte 0\n.popsection");
#endif

namespace corun::detail {

struct run_queue_layout {
    static constexpr std::uint32_t slots = offsetof(run_queue, slots_);
    static constexpr std::uint32_t head = offsetof(run_queue, head_);
    static constexpr std::uint32_t tail = offsetof(run_queue, tail_);
    static constexpr std::uint32_t mask = offsetof(run_queue, mask_);
};

extern "C" {

scheduler_impl* corun_first_scheduler = nullptr;

extern const std::uint32_t corun_debug_layout[];
const std::uint32_t corun_debug_layout[] = {
    2,  // version: of the order below
    offsetof(scheduler_impl, next_enlisted),
    offsetof(scheduler_impl, first_live),
    offsetof(scheduler_impl, running),
    offsetof(scheduler_impl, ready) + run_queue_layout::slots,
    offsetof(scheduler_impl, ready) + run_queue_layout::head,
    offsetof(scheduler_impl, ready) + run_queue_layout::tail,
    offsetof(scheduler_impl, ready) + run_queue_layout::mask,
    offsetof(fiber_record, following),
    offsetof(fiber_record, id),
    offsetof(fiber_record, name),
    offsetof(fiber_record, state),
    offsetof(fiber_record, sp),
    offsetof(fiber_record, where),
    offsetof(fiber_record, spawned_at),
    offsetof(fiber_record, spawned_by),
    offsetof(fiber_record, waits_for),
    offsetof(fiber_record, stack) + offsetof(stack_span, base),
    offsetof(fiber_record, stack) + offsetof(stack_span, size),
};

}  // extern "C"
}  // namespace corun::detail
