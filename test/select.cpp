#include <corun/select.hpp>

#include <corun/channel.hpp>
#include <corun/event.hpp>
#include <corun/fiber.hpp>
#include <corun/io.hpp>
#include <corun/mutex.hpp>
#include <corun/once.hpp>
#include <corun/run.hpp>
#include <corun/semaphore.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/this_fiber.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"
#include "support/operations.hpp"

#include <boost/test/unit_test.hpp>

#include <unistd.h>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

using corun_test::scripted;
using namespace std::chrono_literals;

namespace {

using received = std::optional<int>;

static_assert(corun::detail::selectable<corun::sleep_operation>);
static_assert(!corun::detail::selectable<decltype(std::declval<corun::once&>().call([] {}))>);
static_assert(!corun::detail::selectable<decltype(corun::select(corun::sleep_for(1s)))>);

}  // namespace

BOOST_FIXTURE_TEST_SUITE(select_, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(the_variants_index_says_which_case_it_was) {
    corun::run([] {
        corun::channel<int> numbers{1};
        corun::channel<std::string> words{1};
        numbers.try_send(4);
        auto result = corun::yield(corun::select(words.receive(), numbers.receive(), corun::sleep_for(1h)));
        static_assert(std::is_same_v<decltype(result), std::variant<std::optional<std::string>, received, std::monostate>>);
        BOOST_TEST(result.index() == 1);
        BOOST_TEST(std::get<1>(result).value() == 4);
    });
}

BOOST_AUTO_TEST_CASE(functions_of_one_type_give_the_value) {
    corun::run([] {
        corun::channel<int> c;
        auto sender = corun::spawn([&] { corun::yield(c.send(4)); });
        const std::string said =
            corun::yield(corun::select(corun::on(c.receive(), [](received n) { return "received " + std::to_string(n.value()); }),
                                       corun::on(corun::sleep_for(1h), [] { return std::string{"late"}; })));
        BOOST_TEST(said == "received 4");
    });
}

BOOST_AUTO_TEST_CASE(a_cases_function_may_yield) {
    corun::run([] {
        corun::channel<int> c{1};
        c.try_send(4);
        int seen = 0;
        corun::yield(corun::select(corun::on(c.receive(), [&](received n) {
            corun::yield(corun::sleep_for(1ms));
            seen = n.value();
        })));
        BOOST_TEST(seen == 4);
    });
}

BOOST_AUTO_TEST_CASE(the_default_case_is_taken_only_if_no_other_is_ready) {
    corun::run([] {
        corun::channel<int> c{1};
        BOOST_TEST(corun::yield(corun::select(c.receive(), corun::or_else())).index() == 1);
        c.try_send(4);
        BOOST_TEST(corun::yield(corun::select(c.receive(), corun::or_else())).index() == 0);
        BOOST_TEST(
            corun::yield(corun::select(corun::on(c.receive(), [](received) { return 1; }), corun::or_else([] { return 2; }))) == 2);
    });
}

BOOST_AUTO_TEST_CASE(ordered_takes_the_first_that_is_ready) {
    corun::run([] {
        corun::channel<int> low{8}, high{8};
        for (int i = 0; i < 4; ++i) {
            low.try_send(i);
            high.try_send(i);
        }
        std::string order;
        for (int i = 0; i < 8; ++i)
            order += corun::yield(corun::select_ordered(high.receive(), low.receive())).index() == 0 ? 'h' : 'l';
        BOOST_TEST(order == "hhhhllll");
    });
}

BOOST_AUTO_TEST_CASE(ready_ties_are_broken_evenly_over_100000_rounds) {
    corun::run([] {
        std::array<corun::channel<int>, 5> c{corun::channel<int>{1}, corun::channel<int>{1}, corun::channel<int>{1},
                                             corun::channel<int>{1}, corun::channel<int>{1}};
        std::array<int, 5> chosen{};
        constexpr int rounds = 100'000;
        for (int i = 0; i < rounds; ++i) {
            for (std::size_t k : {0U, 1U, 3U, 4U}) (void)c[k].try_send(i);  // not the third one: ties among some of the cases
            ++chosen[corun::yield(corun::select(c[0].receive(), c[1].receive(), c[2].receive(), c[3].receive(), c[4].receive()))
                         .index()];
        }
        BOOST_TEST(chosen[2] == 0);
        // A quarter each; the standard deviation is 137.
        for (std::size_t k : {0U, 1U, 3U, 4U}) BOOST_TEST(std::abs(chosen[k] - rounds / 4) < 1000);
    });
}

BOOST_AUTO_TEST_CASE(the_same_seed_makes_the_same_choices) {
    const auto choices = [](std::uint64_t seed) {
        return corun::run(
            [] {
                corun::event a{corun::event_reset::manual, true}, b{corun::event_reset::manual, true};
                std::string made;
                for (int i = 0; i < 64; ++i) made += corun::yield(corun::select(a.wait(), b.wait())).index() == 0 ? 'a' : 'b';
                return made;
            },
            {.scheduler = {.seed = seed}});
    };
    BOOST_TEST(choices(5) == choices(5));
    BOOST_TEST(choices(5) != choices(6));
}

BOOST_AUTO_TEST_CASE(a_closed_channel_is_ready_for_both_sides) {
    corun::run([] {
        corun::channel<int> c;
        c.close();
        BOOST_TEST(!std::get<0>(corun::yield(corun::select(c.receive(), corun::sleep_for(1h)))).has_value());
        BOOST_CHECK_THROW(corun::yield(corun::select(c.send(1), corun::sleep_for(1h))), corun::channel_closed);
    });
}

BOOST_AUTO_TEST_CASE(over_a_sleep_a_join_and_a_descriptor) {
    corun::run([] {
        std::array<int, 2> ends;
        BOOST_REQUIRE(::pipe(ends.data()) == 0);
        auto slow = corun::spawn([] {
            corun::yield(corun::sleep_for(2ms));
            return 7;
        });
        const auto wait = [&](auto&& sleep) {
            return corun::yield(corun::select(std::move(sleep), slow.join(), corun::readable(ends[0])));
        };
        BOOST_TEST(wait(corun::sleep_for(0ms)).index() == 0);
        const auto joined = wait(corun::sleep_for(1h));
        BOOST_TEST(std::get<1>(joined) == 7);
        BOOST_TEST(::write(ends[1], "x", 1) == 1);
        auto endless = corun::spawn([] { corun::yield(corun::sleep_for(1h)); });
        BOOST_TEST(corun::yield(corun::select(endless.join(), corun::readable(ends[0]))).index() == 1);
        ::close(ends[0]);
        ::close(ends[1]);
    });
}

// It begins as late as at the next poll where another timer is due before it; never too early.
BOOST_AUTO_TEST_CASE(a_sleep_takes_at_least_its_span) {
    corun::run([] {
        corun::channel<int> c;
        auto earlier = corun::spawn([] { corun::yield(corun::sleep_for(1ms)); });
        corun::yield();
        const auto begin = corun::clock::now();
        BOOST_TEST(corun::yield(corun::select(c.receive(), corun::sleep_for(3ms))).index() == 1U);
        BOOST_TEST((corun::clock::now() - begin >= 3ms));
        corun::yield(earlier.join());
    });
}

BOOST_AUTO_TEST_CASE(an_operation_of_the_users_may_win) {
    corun::run([] {
        corun::channel<int> c;
        scripted op;
        op.on_start = [&](const corun::waker& w) {
            corun::spawn([&op, w] {
                op.is_ready = true;
                w.wake();
            });
        };
        const auto result = corun::yield(corun::select(c.receive(), op));
        BOOST_TEST(std::get<1>(result) == 5);
        BOOST_TEST(op.calls == "start;get;");
    });
}

BOOST_AUTO_TEST_CASE(an_operation_may_lie_anywhere) {
    corun::run([] {
        corun::channel<int> c, idle;
        auto sender = corun::spawn([&] {
            for (int i = 0; i != 2; ++i) corun::yield(c.send(i));
        });
        for (int i = 0; i != 2; ++i) {
            const auto elsewhere = std::make_unique<decltype(c.receive())>(c.receive());
            auto above = idle.receive();
            auto result = corun::yield(corun::select(above, *elsewhere, corun::sleep_for(1h)));
            BOOST_TEST(std::get<1>(result).value() == i);
        }
        BOOST_TEST(!c.try_send(2));
        BOOST_TEST(!idle.try_send(2));
    });
}

BOOST_AUTO_TEST_CASE(it_allocates_nothing) {
    if (!corun_test::counts_allocations()) return;
    corun::run([] {
        corun::channel<int> a{1}, b;
        corun::event e;
        auto sender = corun::spawn([&] {
            for (int i = 0; i < 100; ++i) corun::yield(b.send(i));
        });
        std::size_t before = 0;
        for (int i = 0; i < 100; ++i) {
            if (i == 2) before = corun_test::allocations_made();
            (void)corun::yield(corun::select(a.receive(), b.receive(), e.wait(), corun::sleep_for(1h)));
        }
        BOOST_TEST(corun_test::allocations_made() == before);
    });
}

BOOST_AUTO_TEST_SUITE_END()
