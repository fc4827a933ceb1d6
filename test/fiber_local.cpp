// Variables of a fiber.
#include <corun/fiber_local.hpp>

#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

corun::fiber_local<int> counter;
corun::fiber_local<std::string> text{[] { return std::string{"begin"}; }};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(fiber_local, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(each_fiber_has_its_own) {
    corun::run([] {
        std::vector<corun::fiber<int>> fibers;
        for (int i = 0; i != 5; ++i)
            fibers.push_back(corun::spawn([i] {
                for (int k = 0; k != i; ++k) {
                    ++*counter;
                    *text += "x";
                    corun::yield();
                }
                BOOST_TEST(*text == "begin" + std::string(static_cast<std::size_t>(i), 'x'));
                return *counter;
            }));
        for (int i = 0; i != 5; ++i) BOOST_TEST(corun::yield(fibers[static_cast<std::size_t>(i)].join()) == i);
        BOOST_TEST(*counter == 0);
        BOOST_TEST(text->size() == 5u);
    });
}

BOOST_AUTO_TEST_CASE(off_fibers_there_is_none) { BOOST_CHECK_THROW((void)*counter, corun::not_in_fiber); }

BOOST_AUTO_TEST_CASE(it_ends_with_its_fiber_the_last_one_first_before_the_join_returns) {
    std::string order;
    struct note {
        std::string& to;
        char what;
        ~note() {
            corun::yield();
            to += what;
        }
    };
    const corun::fiber_local<std::unique_ptr<note>> a{[&] { return std::unique_ptr<note>{new note{order, 'a'}}; }};
    const corun::fiber_local<std::unique_ptr<note>> b{[&] { return std::unique_ptr<note>{new note{order, 'b'}}; }};
    corun::run([&] {
        auto child = corun::spawn([&] {
            (void)*a;
            (void)*b;
        });
        corun::yield(child.join());
        BOOST_TEST(order == "ba");
    });
}

BOOST_AUTO_TEST_CASE(a_destructor_may_ask_for_another_one) {
    static corun::fiber_local<std::vector<int>> log;
    static int logged = 0;
    struct logs_at_end {
        ~logs_at_end() {
            log->push_back(1);
            logged = static_cast<int>(log->size());
        }
    };
    const corun::fiber_local<logs_at_end> last;
    corun::run([&] { (void)*last; });
    BOOST_TEST(logged == 1);
}

BOOST_AUTO_TEST_CASE(what_making_it_throws_passes_and_the_next_use_tries_again) {
    int made = 0;
    const corun::fiber_local<int> fussy{[&] {
        if (++made == 1) throw std::runtime_error{"not yet"};
        return 8;
    }};
    corun::run([&] {
        BOOST_CHECK_THROW((void)*fussy, std::runtime_error);
        BOOST_TEST(*fussy == 8);
        BOOST_TEST(*fussy == 8);
        BOOST_TEST(made == 2);
    });
}

BOOST_AUTO_TEST_CASE(a_variable_may_end_before_the_fibers_that_have_used_it) {
    corun::run([] {
        std::optional<corun::fiber_local<std::string>> gone;
        gone.emplace();
        auto child = corun::spawn([&] {
            **gone = "a string that is too long for the small buffer";
            corun::yield();
        });
        corun::yield();
        gone.reset();
        corun::fiber_local<std::string> another;  // perhaps at the same address
        BOOST_TEST(another->empty());
        corun::yield(child.join());
    });
}

BOOST_AUTO_TEST_SUITE_END()
