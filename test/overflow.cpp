#include <corun/overflow.hpp>

#include "support/child_process.hpp"
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/test/unit_test.hpp>

#include <csignal>
#include <cstdlib>
#include <sstream>
#include <string>

namespace {

template <std::size_t Bytes>
__attribute__((noinline)) void use_stack() {
    char frame[Bytes];
    for (std::size_t i = 0; i < Bytes; i += 64) static_cast<volatile char&>(frame[i]) = 1;
}

// Until so many bytes lie between its first caller and it.
__attribute__((noinline)) void descend(const void* from, std::size_t bytes) {
    volatile char frame[128] = {};
    const auto depth = static_cast<const char*>(from) - static_cast<const char*>(__builtin_frame_address(0));
    if (depth < static_cast<std::ptrdiff_t>(bytes)) descend(from, bytes);
    if (frame[0] != 0) std::abort();  // so that the frame is there until now
}

// In a child: how a fiber of that stack size ends that goes so deep.
corun_test::child_end end_of(std::size_t stack_size, std::size_t bytes) {
    return corun_test::in_child([&] {
        for (const int number : {SIGSEGV, SIGBUS}) std::signal(number, SIG_DFL);  // sanitizers have theirs
        corun::report_overflows();
        corun::run([&] {
            const corun::spawn_options options{.name = "deep", .stack_size = stack_size};
            corun::yield(corun::spawn(options, [&] { descend(__builtin_frame_address(0), bytes); }).join());
        });
    });
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(overflow, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_watch_knows_the_deepest_fiber_of_each_spawn_site) {
    const corun::stack_watch watch{1};
    corun::run([] {
        for (int i = 0; i != 3; ++i) corun::yield(corun::spawn({.name = "shallow"}, [] { use_stack<2 * 1024>(); }).join());
        corun::yield(corun::spawn({.name = "deep", .stack_size = 256 * 1024}, [] { use_stack<100 * 1024>(); }).join());
    });
    const auto sites = watch.result();
    BOOST_REQUIRE(sites.size() >= 2U);  // and main
    BOOST_TEST(sites[0].name == "deep");
    BOOST_TEST(sites[0].fibers == 1U);
    BOOST_TEST(sites[0].deepest >= 100U * 1024);
    BOOST_TEST(sites[0].deepest < 140U * 1024);
    BOOST_TEST(sites[0].stack_size == 256U * 1024);
    BOOST_TEST(sites[0].advice() == 256U * 1024);
    const auto shallow = std::find_if(sites.begin(), sites.end(), [](const auto& use) { return use.name == "shallow"; });
    BOOST_REQUIRE((shallow != sites.end()));
    BOOST_TEST(shallow->fibers == 3U);
    BOOST_TEST(shallow->deepest >= 2U * 1024);
    BOOST_TEST(shallow->deepest < 32U * 1024);
}

BOOST_AUTO_TEST_CASE(a_stack_that_a_deeper_fiber_used_before_does_not_count) {
    std::size_t first = 0, second = 0;
    corun::run([&] {
        const corun::stack_watch watch{1};
        corun::yield(corun::spawn({.name = "deep"}, [] { use_stack<80 * 1024>(); }).join());
        corun::yield();
        corun::yield(corun::spawn({.name = "after"}, [] {}).join());
        for (const auto& use : watch.result()) (use.name == "deep" ? first : second) = use.deepest;
    });
    BOOST_TEST(first >= 80U * 1024);
    BOOST_TEST(second < 32U * 1024);
    BOOST_TEST(second > 0U);
}

BOOST_AUTO_TEST_CASE(the_size_that_is_advised_suffices_and_half_of_it_need_not) {
    constexpr std::size_t bytes = 61'200;
    std::size_t advice = 0;
    corun::run([&] {
        const corun::stack_watch watch{1};
        const corun::spawn_options options{.name = "deep", .stack_size = 1024 * 1024};
        corun::yield(corun::spawn(options, [] { descend(__builtin_frame_address(0), bytes); }).join());
        advice = watch.result().front().advice();
    });
    BOOST_TEST(end_of(advice, bytes).exit_code == 0);
#if !defined(CORUN_ASAN) && !defined(CORUN_TSAN)  // whose frames are larger
    BOOST_TEST(advice == 128U * 1024);
    const auto end = end_of(advice / 2, bytes);
    BOOST_TEST(end.error_output.find("corun: stack overflow: fiber 'deep' #") != std::string::npos, end.error_output);
    BOOST_TEST((end.signal == SIGSEGV || end.signal == SIGBUS));
#endif
}

BOOST_AUTO_TEST_CASE(beyond_the_fraction_a_site_is_named_once_with_advice) {
    const auto end = corun_test::in_child([] {
        const corun::stack_watch watch{0.5};
        corun::run([] {
            for (int i = 0; i != 3; ++i) corun::yield(corun::spawn({.name = "deep"}, [] { use_stack<80 * 1024>(); }).join());
        });
    });
    BOOST_TEST(end.exit_code == 0);
    const auto first = end.error_output.find("corun: fiber 'deep' (#");
    BOOST_TEST(first != std::string::npos, end.error_output);
    BOOST_TEST(end.error_output.find("corun: fiber 'deep'", first + 1) == std::string::npos, end.error_output);
    BOOST_TEST(end.error_output.find("advised: .stack_size = 262144") != std::string::npos, end.error_output);
}

BOOST_AUTO_TEST_CASE(a_second_watch_is_refused) {
    const corun::stack_watch watch;
    BOOST_CHECK_THROW(corun::stack_watch{}, std::logic_error);
}

BOOST_AUTO_TEST_CASE(the_table_names_sites) {
    std::ostringstream out;
    out << std::vector<corun::stack_use>{{std::source_location::current(), "x", 3, 5000, 131072}};
    BOOST_TEST(out.str().find("      5000    131072     32768         3  ") != std::string::npos, out.str());
    BOOST_TEST(out.str().find("overflow.cpp:") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
