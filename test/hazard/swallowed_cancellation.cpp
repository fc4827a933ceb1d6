// A fiber that catches its cancellation again and again: reported by name, the others go on, shutdown ends in an abort.
#include "support/child_process.hpp"
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <csignal>
#include <string>

using namespace std::chrono_literals;

BOOST_FIXTURE_TEST_SUITE(swallowed_cancellation, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(the_others_go_on_and_the_fiber_is_named_with_both_places) {
    constexpr int first_line = __LINE__ + 7;
    const auto child = corun_test::in_child([] {
        corun::run([] {
            bool enough = false;
            int others_turns = 0;
            auto stubborn = corun::spawn({.name = "stubborn"}, [&] {
                try {
                    corun::yield(corun::sleep_for(1h));  // the first place
                } catch (...) {
                }
                while (!enough) try {
                        corun::yield(corun::sleep_for(1h));
                    } catch (...) {
                    }
            });
            corun::yield();
            stubborn.cancel();
            while (others_turns < 1000) {
                ++others_turns;
                corun::yield();
            }
            enough = true;
            corun::yield(stubborn.join());
        });
    });
    BOOST_TEST(child.exit_code == 0);
    BOOST_TEST(child.error_output.find("'stubborn'") != std::string::npos);
    const std::string first = "first at " __FILE__ ":" + std::to_string(first_line);
    const std::string last = "last at " __FILE__ ":" + std::to_string(first_line + 4);
    BOOST_TEST(child.error_output.find(first) != std::string::npos, child.error_output);
    BOOST_TEST(child.error_output.find(last) != std::string::npos, child.error_output);
}

namespace {
void never_ends() {
    for (;;) try {
            corun::yield();
        } catch (...) {
        }
}
}  // namespace

BOOST_AUTO_TEST_CASE(the_end_of_a_scheduler_or_a_runtime_aborts_too) {
    const auto aborts = [](auto body) {
        const auto child = corun_test::in_child(body);
        BOOST_TEST(child.signal == SIGABRT);
        BOOST_TEST(child.error_output.find("'immortal'") != std::string::npos, child.error_output);
    };
    aborts([] {
        boost::asio::io_context io;
        corun::scheduler own{io.get_executor()};
        corun::spawn(own, {.name = "immortal"}, never_ends);
        io.poll_one();
    });
    aborts([] {
        corun::runtime cores{{.threads = 1}};
        cores.spawn({.name = "immortal"}, never_ends);
        cores.stop();
        cores.join();
    });
}

BOOST_AUTO_TEST_CASE(shutdown_aborts_and_says_why) {
    const auto child = corun_test::in_child([] {
        corun::run([] {
            corun::spawn({.name = "immortal"}, [] {
                for (;;) try {
                        corun::yield();
                    } catch (...) {
                    }
            });
            corun::yield();
        });
    });
    BOOST_TEST(child.signal == SIGABRT);
    BOOST_TEST(child.error_output.find("'immortal'") != std::string::npos);
    BOOST_TEST(child.error_output.find("aborted") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
