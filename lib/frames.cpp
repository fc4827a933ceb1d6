#include "scheduler_impl.hpp"
#include "snapshot.hpp"

#include <boost/context/detail/fcontext.hpp>
#include <boost/core/demangle.hpp>

#include <dlfcn.h>
#include <execinfo.h>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace corun::detail {

#if !defined(CORUN_SANITIZED)
namespace {

using boost::context::detail::transfer_t;

// The unwinder's own frames, and what the loader may need.
constexpr std::ptrdiff_t room_needed = 6 * 1024;
// What jump_fcontext saved at the stack pointer, on any machine, and what of it a function that runs on top overwrites.
constexpr std::size_t saved_context = 512;

// Runs on top of a parked fiber's stack, as if the fiber had called it where it parked.
transfer_t unwind_here(transfer_t caller) noexcept {
    auto& frames = *static_cast<frame_list*>(caller.data);
    const int count = ::backtrace(frames.data(), static_cast<int>(frames.size()));
    std::memmove(frames.data(), frames.data() + 1, sizeof frames - sizeof frames[0]);  // this function
    frames[static_cast<std::size_t>(count > 0 ? count - 1 : 0)] = nullptr;
    return boost::context::detail::jump_fcontext(caller.fctx, nullptr);  // never comes back: its frame is given up
}

}  // namespace

// The only other switch of stacks: to the fiber and straight back. What it overwrites of the fiber's saved context is put back, so
// that the fiber goes on from where it parked.
void frames_of(fiber_record& fiber, frame_list& frames) noexcept {
    frames.fill(nullptr);
    auto* sp = static_cast<std::byte*>(fiber.sp);
    auto* base = static_cast<std::byte*>(fiber.stack.base);
    if (!is_parked(fiber.state) || sp == nullptr || sp - base < room_needed) return;
    void* loaded[1];
    ::backtrace(loaded, 1);  // the loader's work is done on this stack, if it was not before
    const int error_number = errno;
    const std::size_t saved = std::min(saved_context, static_cast<std::size_t>(base + fiber.stack.size - sp));
    std::byte context[saved_context];
    std::memcpy(context, sp, saved);
    (void)boost::context::detail::ontop_fcontext(fiber.sp, &frames, unwind_here);
    std::memcpy(sp, context, saved);
    errno = error_number;
}
#else
void frames_of(fiber_record&, frame_list& frames) noexcept { frames.fill(nullptr); }
#endif

std::string describe_frame(void* address) {
    Dl_info info{};
    char text[64];
    if (::dladdr(static_cast<std::byte*>(address) - 1, &info) == 0 || info.dli_fname == nullptr) {
        std::snprintf(text, sizeof text, "%p", address);
        return text;
    }
    std::snprintf(text, sizeof text, "(+0x%zx)",
                  static_cast<std::size_t>(static_cast<std::byte*>(address) - static_cast<std::byte*>(info.dli_fbase)));
    const std::string place = info.dli_fname + std::string{text};
    return info.dli_sname != nullptr ? boost::core::demangle(info.dli_sname) + " in " + place : place;
}

}  // namespace corun::detail
