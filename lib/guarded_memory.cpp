#include "guarded_memory.hpp"

#include <sys/mman.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102  // Linux 6.13, include/uapi/asm-generic/mman-common.h; older C libraries do not name it
#endif

namespace corun::detail {
namespace {

void* map(std::size_t bytes) noexcept {
    void* base = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (base == MAP_FAILED) return nullptr;
    ::madvise(base, bytes, MADV_NOHUGEPAGE);  // a huge page would make one touched stack cost sixteen
    return base;
}

void unmap(void* base, std::size_t bytes) noexcept { ::munmap(base, bytes); }

bool guard_light(void* page, std::size_t bytes) noexcept { return ::madvise(page, bytes, MADV_GUARD_INSTALL) == 0; }

bool guard_heavy(void* page, std::size_t bytes) noexcept { return ::mprotect(page, bytes, PROT_NONE) == 0; }

void drop(void* base, std::size_t bytes) noexcept { ::madvise(base, bytes, MADV_DONTNEED); }

}  // namespace

guarded_memory memory_calls{map, unmap, guard_light, guard_heavy, drop};

}  // namespace corun::detail
