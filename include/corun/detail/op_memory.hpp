// Memory for Asio operations: a fiber keeps the last blocks it freed, so that its next operation allocates nothing.
#pragma once

#include <corun/detail/record.hpp>

#include <cstddef>
#include <new>

namespace corun::detail {

// Any thread: an operation's memory is freed where it completes, and two branches of a parallel group may do so at once.
[[nodiscard]] void* take_block(fiber_record& fiber, std::size_t bytes);
void give_block(fiber_record& fiber, void* block) noexcept;

template <class T>
class op_allocator {
public:
    using value_type = T;

    explicit op_allocator(fiber_record& fiber) noexcept : fiber_{&fiber} {}
    template <class U>
    op_allocator(const op_allocator<U>& other) noexcept : fiber_{other.fiber()} {}

    [[nodiscard]] T* allocate(std::size_t n) {
        static_assert(alignof(T) <= __STDCPP_DEFAULT_NEW_ALIGNMENT__, "operations of extended alignment are not supported");
        return static_cast<T*>(take_block(*fiber_, n * sizeof(T)));
    }
    void deallocate(T* block, std::size_t) noexcept { give_block(*fiber_, block); }

    [[nodiscard]] fiber_record* fiber() const noexcept { return fiber_; }
    template <class U>
    friend bool operator==(const op_allocator& a, const op_allocator<U>& b) noexcept {
        return a.fiber() == b.fiber();
    }

private:
    fiber_record* fiber_;
};

// What rebinding starts from.
template <>
class op_allocator<void> {
public:
    using value_type = void;
    explicit op_allocator(fiber_record& fiber) noexcept : fiber_{&fiber} {}
    template <class U>
    op_allocator(const op_allocator<U>& other) noexcept : fiber_{other.fiber()} {}
    [[nodiscard]] fiber_record* fiber() const noexcept { return fiber_; }
    friend bool operator==(const op_allocator&, const op_allocator&) noexcept = default;

private:
    fiber_record* fiber_;
};

}  // namespace corun::detail
