// Fibers parked inside catch blocks, and inside destructors during unwinding, resumed in every order: each keeps its own
// exceptions.
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

// Parks its fiber until it is that fiber's turn.
class turnstile {
public:
    void wait_for(int turn) {
        while (turn_ != turn) corun::yield();
    }
    void next() { ++turn_; }

private:
    int turn_ = 0;
};

struct waits_while_unwinding {
    turnstile& turns;
    int turn;
    ~waits_while_unwinding() {
        BOOST_TEST(std::uncaught_exceptions() == 1);
        turns.wait_for(turn);
        BOOST_TEST(std::uncaught_exceptions() == 1);
        turns.next();
    }
};

void in_every_order(int fibers, auto body) {
    std::vector<int> order(static_cast<std::size_t>(fibers));
    for (int i = 0; i != fibers; ++i) order[static_cast<std::size_t>(i)] = i;
    do
        corun::run([&] {
            turnstile turns;
            std::vector<corun::fiber<>> all;
            for (int turn : order) all.push_back(corun::spawn([&turns, turn, body] { body(turns, turn); }));
            for (auto& fiber : all) corun::yield(fiber.join());
        });
    while (std::next_permutation(order.begin(), order.end()));
}

std::string message_of_current() {
    try {
        throw;
    } catch (const std::exception& e) {
        return e.what();
    }
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(exception_state, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(parked_in_a_catch_block) {
    in_every_order(4, [](turnstile& turns, int turn) {
        const std::string mine = "mine is " + std::to_string(turn);
        try {
            throw std::runtime_error{mine};
        } catch (...) {
            turns.wait_for(turn);
            BOOST_TEST(message_of_current() == mine);
            turns.next();
        }
        BOOST_TEST((std::current_exception() == nullptr));
    });
}

BOOST_AUTO_TEST_CASE(parked_in_nested_catch_blocks) {
    in_every_order(3, [](turnstile& turns, int turn) {
        const std::string outer = "outer " + std::to_string(turn), inner = "inner " + std::to_string(turn);
        try {
            throw std::runtime_error{outer};
        } catch (...) {
            try {
                throw std::runtime_error{inner};
            } catch (...) {
                turns.wait_for(turn);
                BOOST_TEST(message_of_current() == inner);
            }
            corun::yield();
            BOOST_TEST(message_of_current() == outer);
            turns.next();
        }
    });
}

BOOST_AUTO_TEST_CASE(parked_in_a_destructor_during_unwinding) {
    in_every_order(4, [](turnstile& turns, int turn) {
        try {
            waits_while_unwinding guard{turns, turn};
            throw turn;
        } catch (int thrown) {
            BOOST_TEST(thrown == turn);
        }
        BOOST_TEST(std::uncaught_exceptions() == 0);
    });
}

BOOST_AUTO_TEST_CASE(unwinding_beside_handling_beside_neither) {
    in_every_order(3, [](turnstile& turns, int turn) {
        if (turn == 0) {
            try {
                waits_while_unwinding guard{turns, turn};
                throw 1;
            } catch (int) {
            }
        } else if (turn == 1) {
            try {
                throw std::runtime_error{"kept"};
            } catch (...) {
                turns.wait_for(turn);
                BOOST_TEST(std::uncaught_exceptions() == 0);
                BOOST_TEST(message_of_current() == "kept");
                turns.next();
            }
        } else {
            turns.wait_for(turn);
            BOOST_TEST(std::uncaught_exceptions() == 0);
            BOOST_TEST((std::current_exception() == nullptr));
            turns.next();
        }
    });
}

BOOST_AUTO_TEST_CASE(the_loop_run_inside_a_catch_block_keeps_its_exception) {
    try {
        throw std::runtime_error{"the loop's"};
    } catch (...) {
        corun::run([] {
            BOOST_TEST((std::current_exception() == nullptr));
            corun::yield();
            try {
                throw std::runtime_error{"the fiber's"};
            } catch (...) {
                corun::yield(corun::sleep_for(std::chrono::milliseconds{1}));
                BOOST_TEST(message_of_current() == "the fiber's");
            }
        });
        BOOST_TEST(message_of_current() == "the loop's");
    }
}

BOOST_AUTO_TEST_SUITE_END()
