// Nothing may be left behind by a test: no allocation, and with it no fiber, no scheduler and no handler; no stack.
#pragma once

#include <cstddef>

namespace corun_test {

/// Whether operator new is counted. Not in sanitizer builds: there LeakSanitizer looks for what is left.
[[nodiscard]] bool counts_allocations() noexcept;

/// Blocks of operator new that live now, of all threads. 0 where they are not counted.
[[nodiscard]] std::size_t live_allocations() noexcept;

/// Calls of operator new by the calling thread so far. 0 where none can be made to fail.
[[nodiscard]] std::size_t allocations_made() noexcept;

/// Makes the n-th next operator new of the calling thread throw std::bad_alloc, once; 1 is the next one, 0 none.
void fail_allocation_after(std::size_t n) noexcept;

/// Whether fail_allocation_after works. Not in sanitizer builds by clang, whose run-time cannot be asked for the memory.
[[nodiscard]] bool can_fail_allocations() noexcept;

/// Makes the n-th operator new of its scope, on this thread, throw. Boost.Test allocates: no check inside the scope.
class failing_allocation {
public:
    explicit failing_allocation(std::size_t n) noexcept;
    ~failing_allocation();
    failing_allocation(const failing_allocation&) = delete;
    failing_allocation& operator=(const failing_allocation&) = delete;

    /// Whether it came to the n-th. A loop over n ends when it no longer does.
    [[nodiscard]] bool happened() const noexcept;
};

/// What a loop over the allocations of corun::run leaves out: those of its io_context, whose constructor, in Boost 1.88 for one,
/// leaves behind what it had allocated when a later one fails.
[[nodiscard]] std::size_t allocations_of_a_context();

/// Bytes of stack memory that the library has mapped and not unmapped.
[[nodiscard]] std::size_t mapped_stack_bytes() noexcept;

/// A fixture: `BOOST_FIXTURE_TEST_SUITE(yield, corun_test::nothing_left)`. At the end of each test case as many allocations live
/// and as many stacks are mapped as at its begin. A thread that the test started must have been joined. A test case that hangs
/// is named on stderr and aborted.
class nothing_left {
public:
    nothing_left();
    ~nothing_left();
    nothing_left(const nothing_left&) = delete;
    nothing_left& operator=(const nothing_left&) = delete;

private:
    std::size_t allocations_;
    std::size_t stack_bytes_;
};

}  // namespace corun_test
