// The floor below every stack that waits: a page of it, touched for the first time, in a mapping of as many stacks.
#include "../support/parked.hpp"

#include <sys/mman.h>

namespace {

constexpr std::size_t stack = 128 * 1024;  // of address space, as corun's stacks by default

void run(perf::parked& work) {
    const std::size_t size = work.fibers * stack;
    void* const place = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    perf::check(place != MAP_FAILED, "mmap");
    ::madvise(place, size, MADV_NOHUGEPAGE);
    volatile char* const stacks = static_cast<char*>(place);
    for (std::size_t i = 0; i != work.fibers; ++i) {
        stacks[(i + 1) * stack - 1] = 1;
        work.waits();
    }
    work.all_wait();
    for (std::size_t i = 0; i != work.fibers; ++i) work.woken();
    ::munmap(place, size);
}

}  // namespace

int main(int argc, char** argv) { return perf::parked_main(argc, argv, "page_touch", run); }
