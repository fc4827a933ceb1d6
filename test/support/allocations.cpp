// operator new, counted, and made to fail on demand.
#include "leaks.hpp"

#include <corun/detail/sanitizer.hpp>

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <cstdlib>
#include <new>

#if defined(CORUN_SANITIZED)
#include <dlfcn.h>
#endif

namespace corun_test {
namespace {

std::atomic<std::size_t> live{0};
thread_local std::size_t made = 0;
thread_local std::size_t countdown = 0;

// Counts down to the allocation that is to fail. Not called where none can.
[[maybe_unused]] bool is_to_fail() noexcept { return countdown != 0 && --countdown == 0; }

}  // namespace

std::size_t live_allocations() noexcept { return live.load(); }
std::size_t allocations_made() noexcept { return made; }
void fail_allocation_after(std::size_t n) noexcept { countdown = n; }

failing_allocation::failing_allocation(std::size_t n) noexcept { fail_allocation_after(n); }
failing_allocation::~failing_allocation() { fail_allocation_after(0); }
bool failing_allocation::happened() const noexcept { return countdown == 0; }

std::size_t allocations_of_a_context() {
    const std::size_t before = allocations_made();
    const boost::asio::io_context context{1};
    return allocations_made() - before;
}

#if defined(CORUN_SANITIZED)

bool counts_allocations() noexcept { return false; }

#if defined(__clang__)
bool can_fail_allocations() noexcept { return false; }
#else
bool can_fail_allocations() noexcept { return true; }

// The sanitizer's own operator new, which remembers how the block was made.
void* allocate(std::size_t bytes) {
    using function = void* (*)(std::size_t);
    static constinit std::atomic<function> theirs{nullptr};
    if (is_to_fail()) throw std::bad_alloc{};
    ++made;
    function next = theirs.load(std::memory_order_relaxed);
    if (next == nullptr) {
        next = reinterpret_cast<function>(::dlsym(RTLD_NEXT, "_Znwm"));
        theirs.store(next, std::memory_order_relaxed);
    }
    return next(bytes);
}
#endif

#else

bool counts_allocations() noexcept { return true; }
bool can_fail_allocations() noexcept { return true; }

void* allocate(std::size_t bytes, std::size_t alignment = __STDCPP_DEFAULT_NEW_ALIGNMENT__) {
    if (is_to_fail()) throw std::bad_alloc{};
    const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
    void* block =
        alignment > __STDCPP_DEFAULT_NEW_ALIGNMENT__ ? std::aligned_alloc(alignment, rounded) : std::malloc(bytes + !bytes);
    if (block == nullptr) throw std::bad_alloc{};
    live.fetch_add(1, std::memory_order_relaxed);
    ++made;
    return block;
}

void release(void* block) noexcept {
    if (block == nullptr) return;
    live.fetch_sub(1, std::memory_order_relaxed);
    std::free(block);
}

#endif

}  // namespace corun_test

// Weak: a test may have its own (sim/failing_new.cpp).
#if !defined(CORUN_SANITIZED)
[[gnu::weak]] void* operator new(std::size_t bytes) { return corun_test::allocate(bytes); }
[[gnu::weak]] void* operator new(std::size_t bytes, std::align_val_t to) {
    return corun_test::allocate(bytes, static_cast<std::size_t>(to));
}
[[gnu::weak]] void operator delete(void* block) noexcept { corun_test::release(block); }
[[gnu::weak]] void operator delete(void* block, std::size_t) noexcept { corun_test::release(block); }
[[gnu::weak]] void operator delete(void* block, std::align_val_t) noexcept { corun_test::release(block); }
[[gnu::weak]] void operator delete(void* block, std::size_t, std::align_val_t) noexcept { corun_test::release(block); }
// The others (arrays, nothrow) call these.
#elif !defined(__clang__)
[[gnu::weak]] void* operator new(std::size_t bytes) { return corun_test::allocate(bytes); }
#endif
