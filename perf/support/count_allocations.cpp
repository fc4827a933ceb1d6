// A library to be preloaded: counts the calls that allocate, and writes their number to the file $CORUN_PERF_ALLOCATIONS when the
// program ends. `operator new` of libstdc++ calls malloc and is counted there.
#include <atomic>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

namespace {

std::atomic<unsigned long> allocations{0};

struct writer {
    ~writer() {
        const char* const path = std::getenv("CORUN_PERF_ALLOCATIONS");
        if (path == nullptr) return;
        const unsigned long counted = allocations;  // fopen allocates
        if (std::FILE* const file = std::fopen(path, "w")) {
            std::fprintf(file, "%lu\n", counted);
            std::fclose(file);
        }
    }
} at_exit;

}  // namespace

extern "C" {
void* malloc(std::size_t size) {
    ++allocations;
    return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
    ++allocations;
    return __libc_calloc(count, size);
}
void* realloc(void* old, std::size_t size) {
    ++allocations;
    return __libc_realloc(old, size);
}
void* memalign(std::size_t alignment, std::size_t size) {
    ++allocations;
    return __libc_memalign(alignment, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) { return memalign(alignment, size); }
int posix_memalign(void** result, std::size_t alignment, std::size_t size) {
    *result = memalign(alignment, size);
    return *result == nullptr ? 12 /* ENOMEM */ : 0;
}
}
