// Memory of one size that is kept and used again.
#pragma once

#include <corun/detail/spin_lock.hpp>

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <new>
#include <utility>

namespace corun::detail {

// Any thread. Outlives what is made in it.
class recycled_memory {
public:
    explicit recycled_memory(std::size_t alignment) noexcept
        : alignment_{std::max<std::size_t>(alignment, __STDCPP_DEFAULT_NEW_ALIGNMENT__)} {}
    recycled_memory(const recycled_memory&) = delete;
    recycled_memory& operator=(const recycled_memory&) = delete;
    ~recycled_memory() {
        while (first_ != nullptr) ::operator delete(std::exchange(first_, first_->next), alignment_);
    }

    // @param size  the same each time. Throws std::bad_alloc.
    [[nodiscard]] void* take(std::size_t size) {
        {
            const std::lock_guard hold{lock_};
            if (first_ != nullptr) return std::exchange(first_, first_->next);
        }
        return ::operator new(size < sizeof(unused) ? sizeof(unused) : size, alignment_);
    }
    void give_back(void* memory) noexcept {
        const std::lock_guard hold{lock_};
        first_ = new (memory) unused{first_};
    }

private:
    struct unused {
        unused* next;
    };

    std::align_val_t alignment_;
    spin_lock lock_;
    unused* first_ = nullptr;
};

// For one type: the memory is that of one of its objects, with what its owner keeps beside it, and has its alignment.
template <class T>
class recycling_allocator {
public:
    using value_type = T;

    explicit recycling_allocator(recycled_memory& from) noexcept : from_{&from} {}
    template <class U>
    recycling_allocator(const recycling_allocator<U>& other) noexcept : from_{&other.memory()} {}

    [[nodiscard]] T* allocate(std::size_t) { return static_cast<T*>(from_->take(sizeof(T))); }
    void deallocate(T* memory, std::size_t) noexcept { from_->give_back(memory); }
    [[nodiscard]] recycled_memory& memory() const noexcept { return *from_; }
    bool operator==(const recycling_allocator& other) const noexcept { return from_ == other.from_; }

private:
    recycled_memory* from_;
};

}  // namespace corun::detail
