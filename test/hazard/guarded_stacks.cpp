// Many stacks, each with a guard, on both ways to have guards; what happens when the system has no more.
#include "../../lib/guarded_memory.hpp"
#include "../../lib/stack_pool.hpp"
#include "support/child_process.hpp"
#include "support/descriptors.hpp"
#include "support/leaks.hpp"

#include <corun/error.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

using corun::detail::memory_calls;
using corun::detail::stack;
using corun::detail::stack_pool;

namespace {

constexpr std::size_t slot = 64 * 1024;
constexpr int many = 40'000;

// Replaces the system calls for one test.
struct other_calls {
    corun::detail::guarded_memory before = memory_calls;
    ~other_calls() { memory_calls = before; }
    static inline const auto system_prepare = memory_calls.prepare;
};

bool no_light_guards(void*, std::size_t) noexcept {
    errno = EINVAL;  // what kernels before 6.13 say
    return false;
}

// Mappings that are given back when the system has no more: exceptions, forks and a sanitizer's run-time need some of their own.
struct reserve_of_mappings {
    static constexpr std::size_t pages = 1024, page = 64 * 1024;  // at least one of the system's
    static inline std::byte* base = nullptr;

    reserve_of_mappings() {
        void* const place =
            ::mmap(nullptr, pages * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        BOOST_REQUIRE(place != MAP_FAILED);
        base = static_cast<std::byte*>(place);
        for (std::size_t i = 0; i < pages; i += 2) BOOST_REQUIRE(memory_calls.guard_heavy(base + i * page, page));
    }
    ~reserve_of_mappings() { give_back(); }
    // Not by munmap(), in which some sanitizer's run-time asks for a mapping more.
    static void give_back() noexcept {
        if (base != nullptr) ::syscall(SYS_munmap, std::exchange(base, nullptr), pages * page);
    }
};

bool heavy_guard(void* page, std::size_t bytes) noexcept {
    if (::mprotect(page, bytes, PROT_NONE) == 0) return true;
    const int reason = errno;
    reserve_of_mappings::give_back();
    errno = reason;
    return false;
}

int times_refused = 0;

std::size_t prepare_none(std::byte*, std::size_t, std::size_t, std::size_t) noexcept {
    ++times_refused;
    return 0;
}

// As a system that refuses in the midst of them.
std::size_t prepare_some(std::byte* slots, std::size_t slot_bytes, std::size_t page_bytes, std::size_t count) noexcept {
    return other_calls::system_prepare(slots, slot_bytes, page_bytes, count / 2);
}

// Without a fault: by the system, which says whether it can read there.
bool is_guarded(const stack& s, int into) {
    return ::write(into, static_cast<const char*>(s.span.base) - 1, 1) == -1 && errno == EFAULT;
}

bool faults_below(const stack& s) {
    const auto end = corun_test::in_child([&] { *static_cast<volatile char*>(static_cast<char*>(s.span.base) - 1) = 1; });
    return end.signal == SIGSEGV || end.exit_code > 1;  // a sanitizer's own handler exits
}

bool can_write_at(const stack& s) {
    *static_cast<volatile char*>(s.span.base) = 1;
    *(static_cast<volatile char*>(s.top) - 1) = 1;
    return true;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(guarded_stacks, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(forty_thousand_with_light_guards_or_an_error) {
    stack_pool pool{slot};
    std::vector<stack> taken;
    try {
        for (int i = 0; i != many; ++i) taken.push_back(pool.take());
    } catch (const corun::stack_unavailable& e) {
        // Without light guards the number of mappings ends before.
        BOOST_TEST(std::string{e.what()}.find("max_map_count") != std::string::npos);
    }
    BOOST_TEST(taken.size() > 20'000);
    for (std::size_t i : {std::size_t{0}, taken.size() / 2, taken.size() - 1}) {
        BOOST_TEST(can_write_at(taken[i]));
        BOOST_TEST(faults_below(taken[i]));
    }
}

BOOST_AUTO_TEST_CASE(each_of_a_burst_is_guarded_however_many_are_prepared_together) {
    other_calls restore;
    int ends[2];
    BOOST_REQUIRE(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    const corun_test::descriptor from{ends[0]}, into{ends[1]};
    for (const auto prepare : {other_calls::system_prepare, prepare_some, prepare_none}) {
        memory_calls.prepare = prepare;
        stack_pool pool{slot};
        for (int i = 0; i != 2000; ++i) {
            const stack s = pool.take();
            BOOST_REQUIRE(can_write_at(s));
            BOOST_REQUIRE(is_guarded(s, into));
        }
    }
    BOOST_TEST(times_refused == 1);  // who cannot do it is not asked for each stack
}

BOOST_AUTO_TEST_CASE(heavy_guards_end_in_an_error_never_in_an_unguarded_stack) {
    other_calls restore;
    const reserve_of_mappings reserve;
    memory_calls.guard_light = no_light_guards;
    memory_calls.guard_heavy = heavy_guard;
    memory_calls.prepare = prepare_none;
    stack_pool pool{slot};
    std::vector<stack> taken;
    taken.reserve(many);
    std::string message;
    try {
        for (int i = 0; i != many; ++i) taken.push_back(pool.take());
    } catch (const corun::stack_unavailable& e) {
        message = e.what();
    }
    BOOST_TEST(taken.size() > 20'000);
    if (taken.size() < static_cast<std::size_t>(many)) BOOST_TEST(message.find("max_map_count") != std::string::npos);
    BOOST_TEST(can_write_at(taken.back()));
    BOOST_TEST(faults_below(taken.back()));
    // What was handed out can be handed back and out again.
    const std::size_t carved = pool.carved();
    pool.give(taken.back().span);
    BOOST_TEST(pool.take().span.base == taken.back().span.base);
    BOOST_TEST(pool.carved() == carved);
}

BOOST_AUTO_TEST_SUITE_END()
