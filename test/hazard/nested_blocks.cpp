// Blocks in every combination and in strange places: in each other, thousands deep, in destructors, in what is deferred, in stop
// callbacks.
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <vector>

using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

using body = std::function<void()>;

const auto wait_for_ever = [] { corun::yield(corun::sleep_for(24h)); };

const std::vector<std::function<void(const body&)>> blocks = {
    [](const body& f) { corun::yield(corun::with_timeout(1h, f)); },
    [](const body& f) { (void)corun::yield(corun::move_on_after(1h, f)); },
    [](const body& f) { corun::yield(corun::with_shield(100us, f)); },
    [](const body& f) { (void)corun::yield(corun::with_stop_token(std::stop_source{}.get_token(), f)); },
    [](const body& f) { corun::yield(corun::with_group([&](corun::group&) { f(); })); },
    [](const body& f) { corun::yield(corun::with_group([&](corun::group& g) { g.spawn(f); })); },
    [](const body& f) { corun::yield(corun::with_group([&](corun::group& g) { g.defer(f); })); },
};

// f in a fiber that is cancelled once it waits; whether it ended by that.
bool cut_short(const body& f) {
    auto fiber = corun::spawn(f);
    for (int turns = 0; turns != 10; ++turns) corun::yield();
    fiber.cancel();
    corun::yield(fiber.wait());
    return fiber.status() == corun::fiber_status::cancelled;
}

void nest_fibers(int depth) {
    if (depth == 0) {
        wait_for_ever();
        return;
    }
    corun::yield(corun::with_group([depth](corun::group& g) { g.spawn([depth] { nest_fibers(depth - 1); }); }));
}

void nest_blocks(int depth) {
    if (depth == 0)
        wait_for_ever();
    else
        corun::yield(corun::with_timeout(1h, [depth] { nest_blocks(depth - 1); }));
}

struct yields_at_its_end {
    int* gone;
    explicit yields_at_its_end(int& g) : gone{&g} {}
    yields_at_its_end(yields_at_its_end&& other) noexcept : gone{std::exchange(other.gone, nullptr)} {}
    ~yields_at_its_end() {
        if (gone == nullptr) return;
        corun::yield();
        corun::yield(corun::sleep_for(100us));
        ++*gone;
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(nested_blocks, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(three_of_any_kind_pass_an_exception_and_a_cancellation) {
    corun::run([] {
        for (const auto& outer : blocks)
            for (const auto& middle : blocks)
                for (const auto& inner : blocks) {
                    const auto nest = [&](const body& f) { outer([&] { middle([&] { inner(f); }); }); };
                    int ran = 0;
                    nest([&] {
                        corun::yield();
                        ++ran;
                    });
                    BOOST_TEST(ran == 1);
                    BOOST_CHECK_THROW(nest([] { throw std::domain_error{"own"}; }), std::domain_error);
                    // On a slow machine the millisecond is over before the cancellation comes, which then comes to the second wait.
                    BOOST_TEST(
                        cut_short([&] { nest([] { corun::yield(corun::move_on_after(1ms, wait_for_ever)); }), wait_for_ever(); }));
                }
    });
}

BOOST_AUTO_TEST_CASE(ten_thousand_groups_each_in_a_child_of_the_other) {
#if defined(CORUN_TSAN)  // which knows no more than 8128 stacks at a time
    constexpr int depth = 5000;
#else
    constexpr int depth = 10'000;
#endif
    corun::run([] { BOOST_TEST(cut_short([] { nest_fibers(depth); })); });
}

BOOST_AUTO_TEST_CASE(ten_thousand_deadlines_in_one_fiber) {
    corun::run([] {
        auto fiber = corun::spawn({.stack_size = 512 << 20}, [] { nest_blocks(10'000); });
        corun::yield();
        fiber.cancel();
        BOOST_CHECK_THROW(corun::yield(fiber.join()), corun::fiber_cancelled);
    });
}

BOOST_AUTO_TEST_CASE(a_stop_callback_may_cancel_and_spawn) {
    corun::run([] {
        bool ran = false;
        corun::yield(corun::with_group([&](corun::group& g) {
            auto sibling = g.spawn(wait_for_ever);
            g.spawn([&] {
                const std::stop_callback on_stop{corun::this_fiber::stop_token(), [&] {
                                                     g.cancel();
                                                     sibling.cancel();
                                                     g.spawn([&] { ran = true; });
                                                 }};
                wait_for_ever();
            });
            corun::yield();
            g.cancel();
        }));
        BOOST_TEST(ran);
    });
}

BOOST_AUTO_TEST_CASE(a_cancelled_exception_that_is_kept_and_thrown_later_ends_no_other_block) {
    corun::run([] {
        std::optional<corun::cancelled> kept;
        corun::yield(corun::move_on_after(0s, [&] {
            try {
                corun::yield();
            } catch (const corun::cancelled c) {
                kept = c;
                throw;
            }
        }));
        const auto throw_it = [&] { throw corun::cancelled{*kept}; };
        BOOST_CHECK_THROW(corun::yield(corun::with_timeout(1h, throw_it)), corun::cancelled);
        BOOST_CHECK_THROW(corun::yield(corun::with_group([&](corun::group&) { throw_it(); })), corun::cancelled);
    });
}

BOOST_AUTO_TEST_CASE(exceptions_of_any_type_are_failures) {
    corun::run([] {
        struct not_an_exception {};
        const auto of_a_child = [](corun::group& g) { g.spawn([] { throw not_an_exception{}; }); };
        BOOST_CHECK_THROW(corun::yield(corun::with_group(of_a_child)), not_an_exception);
        BOOST_CHECK_THROW(corun::yield(corun::with_group({.failure = corun::collect}, of_a_child)), corun::group_error);
        BOOST_CHECK_THROW(corun::yield(corun::with_group([](corun::group&) { throw 5; })), int);
        BOOST_CHECK_THROW(corun::yield(corun::with_timeout(1h, [] { throw "text"; })), const char*);
    });
}

BOOST_AUTO_TEST_CASE(captures_of_a_child_that_never_begins_may_yield_when_they_go) {
    corun::run([] {
        int gone = 0;
        corun::yield(corun::with_group({.max_concurrency = 1}, [&](corun::group& g) {
            for (int i = 0; i != 4; ++i) g.spawn([last = yields_at_its_end{gone}] { wait_for_ever(); });
            corun::yield();
            const corun::no_yield guard{"cancelling never switches"};
            g.cancel();
            g.spawn([last = yields_at_its_end{gone}] { BOOST_ERROR("it began"); });
        }));
        BOOST_TEST(gone == 5);
    });
}

BOOST_AUTO_TEST_CASE(captures_of_a_cancelled_child_may_yield_when_they_go) {
    corun::run([] {
        int gone = 0;
        corun::yield(corun::with_group([&](corun::group& g) {
            for (int i = 0; i != 3; ++i) g.spawn([last = yields_at_its_end{gone}] { wait_for_ever(); });
            corun::yield();
            g.cancel();
        }));
        BOOST_TEST(gone == 3);
    });
}

BOOST_AUTO_TEST_CASE(a_grandchild_spawns_after_the_cancellation_and_detached_fibers_live_on) {
    corun::run([] {
        int begun = 0, detached = 0;
        corun::yield(corun::with_group([&](corun::group& g) {
            g.spawn([&] {
                corun::spawn([&] {
                    for (int i = 0; i != 20; ++i) corun::yield();
                    ++detached;
                });
                corun::yield(corun::with_group([&](corun::group& inner) {
                    inner.spawn([&] {
                        try {
                            wait_for_ever();
                        } catch (const corun::cancelled&) {
                            g.spawn([&] { ++begun, corun::yield(), ++begun; });
                            inner.spawn([&] { ++begun, corun::yield(), ++begun; });
                            throw;
                        }
                    });
                }));
            });
            for (int i = 0; i != 3; ++i) corun::yield();
            g.cancel();
        }));
        BOOST_TEST(begun == 2);
        for (int i = 0; i != 20; ++i) corun::yield();
        BOOST_TEST(detached == 1);
    });
}

BOOST_AUTO_TEST_CASE(the_end_of_the_context_while_shielded_with_children_waits_for_the_grace) {
    int finished = 0, cut = 0;
    {
        asio::io_context io;
        corun::spawn(io, [&] {
            corun::yield(corun::with_shield(1h, corun::with_group([&](corun::group& g) {
                                                const auto child = [&] {
                                                    try {
                                                        wait_for_ever();
                                                    } catch (const corun::cancelled&) {  // a child's own end comes at once
                                                        ++cut;
                                                        throw;
                                                    }
                                                };
                                                for (int i = 0; i != 3; ++i) g.spawn(child);
                                                corun::yield(corun::sleep_for(1ms));
                                                ++finished;
                                            })));
        });
        io.poll();
    }
    BOOST_TEST(finished == 1);
    BOOST_TEST(cut == 3);
}

BOOST_AUTO_TEST_SUITE_END()
