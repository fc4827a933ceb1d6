#include "record_memory.hpp"

#include "scheduler_impl.hpp"

#include <new>

namespace corun::detail {

record_memory::~record_memory() {
    for (free_list& list : lists_)
        while (block* first = list.first) {
            list.first = first->next;
            ::operator delete(first);
        }
}

void* record_memory::take(std::size_t bytes) noexcept {
    free_list& list = lists_[class_of(bytes)];
    block* first = list.first;
    if (first == nullptr) return nullptr;
    list.first = first->next;
    --list.length;
    return first;
}

bool record_memory::give(void* memory, std::size_t bytes) noexcept {
    free_list& list = lists_[class_of(bytes)];
    if (list.length == most) return false;
    list.first = new (memory) block{list.first};
    ++list.length;
    return true;
}

namespace {

// Under a sanitizer each record has memory of its own, so that it sees who uses one that has ended.
#if defined(CORUN_SANITIZED)
constexpr bool keeps_blocks = false;
#else
constexpr bool keeps_blocks = true;
#endif

}  // namespace

void* fiber_record::operator new(std::size_t bytes) {
    if (!keeps_blocks || !record_memory::is_kept(bytes)) return ::operator new(bytes);
    scheduler_core* core = current_core();
    void* kept = core != nullptr ? impl_of(*core).records.take(bytes) : nullptr;
    return kept != nullptr ? kept : ::operator new(record_memory::rounded(bytes));
}

void fiber_record::operator delete(void* memory, std::size_t bytes) noexcept {
    scheduler_core* core = current_core();
    const bool keep = keeps_blocks && record_memory::is_kept(bytes) && core != nullptr;
    if (!keep || !impl_of(*core).records.give(memory, bytes)) ::operator delete(memory);
}

}  // namespace corun::detail
