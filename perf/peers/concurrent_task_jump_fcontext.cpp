// The floor below every runtime whose sleepers have guarded stacks: the stacks, made as fast as the system can, each left once and
// continued once, and given back. Nothing spawns, no timer is kept, nobody is told of an end.
#include "../support/concurrent_task.hpp"

#include <boost/context/detail/fcontext.hpp>

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>
#include <vector>

namespace {

using boost::context::detail::fcontext_t;
using boost::context::detail::jump_fcontext;
using boost::context::detail::transfer_t;

constexpr std::size_t page = 4096, stack = 128 * 1024;  // of address space, as corun's stacks by default
constexpr std::size_t together = 64;                    // stacks that are prepared by one call
constexpr int guard_install = 102, populate_write = 23;  // Linux 6.13, 5.14

// The advice for one page of each stack of a row. False where the system has no such call for a process itself (Linux 6.15).
bool advise(char* first, std::size_t count, int advice) {
    std::array<iovec, together> pages;
    for (std::size_t i = 0; i != count; ++i) pages[i] = {first + i * stack, page};
    return ::syscall(SYS_process_madvise, -10'000, pages.data(), count, advice, 0) == static_cast<long>(count * page);
}

void guard(char* slots, std::size_t count) {
    if (advise(slots, count, guard_install)) {
        advise(slots + stack - page, count, populate_write);
        return;
    }
    for (std::size_t i = 0; i != count; ++i)
        perf::check(::madvise(slots + i * stack, page, guard_install) == 0 || ::mprotect(slots + i * stack, page, PROT_NONE) == 0,
                    "no guard page");
}

std::size_t counted = 0;

// A sleeper: sleeps when it is entered, and counts when it is continued.
void sleeper(transfer_t from) {
    from = jump_fcontext(from.fctx, nullptr);
    ++counted;
    jump_fcontext(from.fctx, nullptr);
}

std::size_t run(const perf::concurrent_task& work) {
    using clock = std::chrono::steady_clock;
    struct entry {
        clock::time_point until;
        fcontext_t left_at;
    };
    const std::size_t size = work.tasks * stack;
    void* const place = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    perf::check(place != MAP_FAILED, "mmap");
    ::madvise(place, size, MADV_NOHUGEPAGE);
    std::vector<entry> sleepers;
    sleepers.reserve(work.tasks);
    for (std::size_t i = 0; i != work.tasks; ++i) {
        char* const slot = static_cast<char*>(place) + i * stack;
        if (i % together == 0) guard(slot, std::min(together, work.tasks - i));
        const std::size_t colour = (i % 16 + 1) * 64;
        const fcontext_t fresh = boost::context::detail::make_fcontext(slot + stack - colour, stack - page - colour, sleeper);
        sleepers.push_back({clock::now() + work.sleep_of(i), jump_fcontext(fresh, nullptr).fctx});
    }
    if (work.random) std::sort(sleepers.begin(), sleepers.end(), [](auto& a, auto& b) { return a.until < b.until; });
    for (clock::time_point now{}; const entry& next : sleepers) {
        if (next.until > now) {
            std::this_thread::sleep_until(next.until);
            now = clock::now();
        }
        jump_fcontext(next.left_at, nullptr);
    }
    ::munmap(place, size);
    return counted;
}

}  // namespace

int main(int argc, char** argv) { return perf::concurrent_task_main(argc, argv, "jump_fcontext", run); }
