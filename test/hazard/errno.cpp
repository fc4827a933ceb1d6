// errno belongs to the fiber.
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <vector>

namespace {

// Out of line, so that no address of errno is kept across a yield.
__attribute__((noinline)) int get_errno() { return errno; }
__attribute__((noinline)) void set_errno(int value) { errno = value; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(errno_per_fiber, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(kept_across_yields_and_sleeps) {
    corun::run([] {
        std::vector<corun::fiber<>> all;
        for (int i = 1; i != 20; ++i)
            all.push_back(corun::spawn([i] {
                set_errno(i);
                for (int round = 0; round != 5; ++round) {
                    corun::yield();
                    BOOST_TEST(get_errno() == i);
                }
                corun::yield(corun::sleep_for(std::chrono::milliseconds{i % 3}));
                BOOST_TEST(get_errno() == i);
            }));
        for (auto& fiber : all) corun::yield(fiber.join());
    });
}

BOOST_AUTO_TEST_CASE(kept_across_the_first_wait_for_a_descriptor) {
    int ends[2];
    BOOST_REQUIRE(::pipe2(ends, O_NONBLOCK | O_CLOEXEC) == 0);
    corun::run([&] {
        auto writer = corun::spawn([&] {
            set_errno(4);
            (void)!::write(ends[1], "x", 1);
        });
        set_errno(3);
        corun::yield(corun::readable(ends[0]));
        BOOST_TEST(get_errno() == 3);
        corun::yield(writer.join());
    });
    ::close(ends[0]);
    ::close(ends[1]);
}

BOOST_AUTO_TEST_CASE(the_loop_keeps_its_own) {
    set_errno(77);
    corun::run([] {
        set_errno(5);
        corun::yield();
    });
    // The context may set it, a fiber must not.
    BOOST_TEST(get_errno() != 5);
}

BOOST_AUTO_TEST_SUITE_END()
