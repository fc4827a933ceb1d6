#include "guarded_memory.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23  // Linux 5.14
#endif
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

// The same advice for a page of each slot, in one call (process_madvise(2), of this very process). How many have it now.
std::size_t advise(std::byte* first_page, std::size_t slot_bytes, std::size_t page_bytes, std::size_t count, int advice) noexcept {
    constexpr long this_process = -10'000;  // Linux 6.15, PIDFD_SELF_THREAD of include/uapi/linux/pidfd.h: by any of its threads
    std::array<iovec, guarded_memory::most_prepared> pages;
    for (std::size_t i = 0; i != count; ++i) pages[i] = {first_page + i * slot_bytes, page_bytes};
    const long done = ::syscall(SYS_process_madvise, this_process, pages.data(), count, advice, 0);
    return done > 0 ? static_cast<std::size_t>(done) / page_bytes : 0;
}

std::size_t prepare(std::byte* slots, std::size_t slot_bytes, std::size_t page_bytes, std::size_t count) noexcept {
    count = advise(slots, slot_bytes, page_bytes, std::min(count, guarded_memory::most_prepared), MADV_GUARD_INSTALL);
    // Memory that is not to be had now is asked for again at the first touch.
    if (count != 0) (void)advise(slots + slot_bytes - page_bytes, slot_bytes, page_bytes, count, MADV_POPULATE_WRITE);
    return count;
}

void drop(void* base, std::size_t bytes) noexcept { ::madvise(base, bytes, MADV_DONTNEED); }

}  // namespace

guarded_memory memory_calls{map, unmap, guard_light, guard_heavy, prepare, drop};

}  // namespace corun::detail
