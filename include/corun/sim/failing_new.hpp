// Gives the program an operator new that fails where sim::fail_nth(sim::point::allocation, …) has it fail, and is the usual one
// elsewhere. To be included in exactly one source file of a test program; a second one is an error of the linker. Not part of
// <corun/sim.hpp>.
#pragma once

#include <corun/sim/fault.hpp>

#include <cstddef>
#include <cstdlib>
#include <new>

#if defined(__clang__)
#if __has_feature(thread_sanitizer)
#error "the operator new of clang's ThreadSanitizer cannot be replaced: leave <corun/sim/failing_new.hpp> out, or use g++'s"
#endif
#endif

namespace corun::sim::detail {

// As the standard library's, with the one question before it.
inline void* allocate(std::size_t bytes, std::size_t alignment) {
    if (allocation_is_to_fail()) throw std::bad_alloc{};
    for (;;) {
        const std::size_t wanted = bytes != 0 ? bytes : 1;
        void* block = alignment <= __STDCPP_DEFAULT_NEW_ALIGNMENT__
                          ? std::malloc(wanted)
                          : std::aligned_alloc(alignment, (wanted + alignment - 1) / alignment * alignment);
        if (block != nullptr) return block;
        const std::new_handler handler = std::get_new_handler();
        if (handler == nullptr) throw std::bad_alloc{};
        handler();
    }
}
inline void* allocate(std::size_t bytes, std::align_val_t to) { return allocate(bytes, static_cast<std::size_t>(to)); }
inline void* allocate(std::size_t bytes) { return allocate(bytes, __STDCPP_DEFAULT_NEW_ALIGNMENT__); }

template <class... Alignment>
void* allocate_or_null(std::size_t bytes, Alignment... to) noexcept {
    try {
        return allocate(bytes, to...);
    } catch (const std::bad_alloc&) {
        return nullptr;
    }
}

}  // namespace corun::sim::detail

// All of them: where one is left to a sanitizer, its blocks would be freed by another's. Never inline: where g++
// has inlined only one of a pair, it warns that they do not match.
[[gnu::noinline]] void* operator new(std::size_t n) { return corun::sim::detail::allocate(n); }
[[gnu::noinline]] void* operator new[](std::size_t n) { return corun::sim::detail::allocate(n); }
[[gnu::noinline]] void* operator new(std::size_t n, std::align_val_t to) { return corun::sim::detail::allocate(n, to); }
[[gnu::noinline]] void* operator new[](std::size_t n, std::align_val_t to) { return corun::sim::detail::allocate(n, to); }
[[gnu::noinline]] void* operator new(std::size_t n, const std::nothrow_t&) noexcept {
    return corun::sim::detail::allocate_or_null(n);
}
[[gnu::noinline]] void* operator new[](std::size_t n, const std::nothrow_t&) noexcept {
    return corun::sim::detail::allocate_or_null(n);
}
[[gnu::noinline]] void* operator new(std::size_t n, std::align_val_t to, const std::nothrow_t&) noexcept {
    return corun::sim::detail::allocate_or_null(n, to);
}
[[gnu::noinline]] void* operator new[](std::size_t n, std::align_val_t to, const std::nothrow_t&) noexcept {
    return corun::sim::detail::allocate_or_null(n, to);
}

[[gnu::noinline]] void operator delete(void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete[](void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete[](void* block, std::size_t) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete[](void* block, std::align_val_t) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete[](void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, const std::nothrow_t&) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete[](void* block, const std::nothrow_t&) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::align_val_t, const std::nothrow_t&) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete[](void* block, std::align_val_t, const std::nothrow_t&) noexcept { std::free(block); }
