#include <corun/sim/failing_new.hpp>

#include <corun.hpp>
#include <corun/sim.hpp>

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <vector>

namespace sim = corun::sim;

namespace {

// What the compiler must not do without.
template <class T>
T* keep(T* made) {
    asm volatile("" : : "r"(made) : "memory");
    return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(failing_new)

BOOST_AUTO_TEST_CASE(each_allocation_fails_in_turn) {
    std::size_t failed = 0;
    const auto r = sim::fail_nth(sim::point::allocation, [&] {
        try {
            auto value = std::make_unique<int>(1);
            auto f = corun::spawn([] { return std::make_unique<int>(2); });
            corun::yield(f.join());
        } catch (const std::bad_alloc&) {
            ++failed;
            throw;
        }
    });
    BOOST_TEST(r.passed());
    BOOST_TEST(r.runs >= 4U);
    BOOST_TEST(failed == r.runs - 1);
}

BOOST_AUTO_TEST_CASE(what_an_allocation_leaves_behind_is_found) {
    const auto r = sim::fail_nth(sim::point::allocation,
                                 [] {
                                     int held = 0;
                                     try {
                                         ++held;
                                         const auto value = std::make_unique<int>(1);
                                         asm volatile("" : : "r"(value.get()) : "memory");  // or the compiler would do without
                                         --held;
                                     } catch (const std::bad_alloc&) {
                                     }
                                     sim::require(held == 0, "given back");
                                 },
                                 {.throws = false});
    BOOST_TEST((r.kind == sim::failure_kind::exception));
    BOOST_TEST(r.runs == 1U);
}

BOOST_AUTO_TEST_CASE(every_form_of_new_fails) {
    struct alignas(64) wide {
        char bytes[64];
    };
    int failed = 0;
    const auto tries = [&](auto make) {
        try {
            if (make()) return;
        } catch (const std::bad_alloc&) {
        }
        ++failed;
    };
    const auto r = sim::fail_nth(sim::point::allocation, [&] {
        tries([] { return std::unique_ptr<int>(keep(new int)) != nullptr; });
        tries([] { return std::unique_ptr<int[]>(keep(new int[2])) != nullptr; });
        tries([] { return std::unique_ptr<int>(keep(new (std::nothrow) int)) != nullptr; });
        tries([] { return std::unique_ptr<int[]>(keep(new (std::nothrow) int[2])) != nullptr; });
        tries([] { return std::unique_ptr<wide>(keep(new wide)) != nullptr; });
        tries([] { return std::unique_ptr<wide[]>(keep(new wide[2])) != nullptr; });
        tries([] { return std::unique_ptr<wide>(keep(new (std::nothrow) wide)) != nullptr; });
        tries([] { return std::unique_ptr<wide[]>(keep(new (std::nothrow) wide[2])) != nullptr; });
    });
    BOOST_TEST(r.runs == 9U);
    BOOST_TEST(failed == 8);
}

BOOST_AUTO_TEST_CASE(what_is_allocated_is_aligned_and_as_large_as_was_asked) {
    struct alignas(256) page {
        char bytes[256];
    };
    const std::unique_ptr<page> one{keep(new page)};
    BOOST_TEST(reinterpret_cast<std::uintptr_t>(one.get()) % 256 == 0U);
    const std::vector<char> many(1'000'000, 'x');
    BOOST_TEST(many.back() == 'x');
    void* const nothing = ::operator new(0);
    BOOST_TEST(nothing != nullptr);
    ::operator delete(nothing);
}

BOOST_AUTO_TEST_CASE(too_much_is_refused_after_the_handler_was_asked) {
    static int asked;
    asked = 0;
    const std::new_handler before = std::set_new_handler([] {
        if (++asked == 2) std::set_new_handler(nullptr);
    });
    volatile std::size_t too_much = SIZE_MAX / 4;
#if !defined(CORUN_SANITIZED)  // a sanitizer ends the process there
    BOOST_CHECK_THROW(::operator delete(::operator new(too_much)), std::bad_alloc);
    BOOST_TEST(asked == 2);
#endif
    (void)too_much;
    std::set_new_handler(before);
}

BOOST_AUTO_TEST_SUITE_END()
