#include <corun/detail/steps.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <cstdint>
#include <thread>

namespace {

namespace detail = corun::detail;

void check_each_step() {
    std::atomic<std::uint32_t> count{1};
    detail::add_reference(count);
    BOOST_TEST(count.load() == 2u);
    BOOST_TEST(detail::drop_reference(count) == 2u);
    BOOST_TEST(detail::drop_reference(count) == 1u);
    BOOST_TEST(count.load() == 0u);

    std::atomic<std::uint8_t> word{1};
    BOOST_TEST(detail::set_bits(word, 6) == 1);
    BOOST_TEST(word.load() == 7);

    std::atomic<bool> flag{false};
    BOOST_TEST(!detail::swap_in(flag, true));
    BOOST_TEST(detail::swap_in(flag, true));
    detail::put(flag, false);
    BOOST_TEST(!flag.load());
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(steps, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(do_the_same_before_and_after_a_second_thread_was_made) {
    check_each_step();
    std::thread{[] {
        BOOST_TEST(!detail::is_only_thread());
        check_each_step();
    }}.join();
}

BOOST_AUTO_TEST_CASE(are_indivisible_where_threads_share_what_was_plain_before) {
    constexpr std::uint32_t rounds = 100'000;
    std::atomic<std::uint32_t> count{0};
    const auto add = [&count] {
        for (std::uint32_t i = 0; i != rounds; ++i) detail::add_reference(count);
    };
    detail::add_reference(count);
    std::thread other{add};
    add();
    other.join();
    BOOST_TEST(count.load() == 2 * rounds + 1);
}

BOOST_AUTO_TEST_SUITE_END()
