// Schedulers on contexts that several threads run.
#include <corun/scheduler.hpp>

#include <corun/spawn.hpp>
#include <corun/this_fiber.hpp>
#include <corun/token.hpp>

#include "support/leaks.hpp"
#include "support/threads.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <deque>
#include <latch>
#include <memory>

namespace asio = boost::asio;

namespace {

// Counts those who are inside at the same time as another.
class exclusive {
public:
    template <class Function>
    void operator()(Function&& f) {
        if (inside_.exchange(true)) ++overlaps_;
        f();
        inside_ = false;
    }
    [[nodiscard]] int overlaps() const { return overlaps_; }

private:
    std::atomic<bool> inside_{false};
    std::atomic<int> overlaps_{0};
};

constexpr int fibers = 40;
constexpr int rounds = 50;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(scheduler_threads, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(fibers_and_handlers_of_one_never_overlap) {
    asio::io_context context;
    auto& own = corun::scheduler::of(context);
    exclusive section;
    int plain = 0;  // a race would be seen by a sanitizer
    const auto step = [&] { section([&] { ++plain; }); };
    for (int i = 0; i < fibers; ++i)
        corun::spawn(
            own,
            [&, i] {
                asio::steady_timer timer{context};
                for (int k = 0; k < rounds; ++k) {
                    step();
                    if (i % 4 == 0) {
                        corun::yield();
                    } else if (i % 4 == 1) {
                        asio::post(context, corun::yield);
                    } else if (i % 4 == 2) {
                        asio::post(context, asio::bind_executor(own.get_executor(), step));
                        asio::post(own.get_executor(), corun::yield);
                    } else {
                        timer.expires_at(asio::steady_timer::time_point::min());
                        timer.async_wait(corun::yield);
                    }
                }
            },
            asio::detached);
    corun_test::run_on_threads(context, 4);
    BOOST_TEST(section.overlaps() == 0);
    BOOST_TEST(plain == fibers * rounds + fibers / 4 * rounds);
}

BOOST_AUTO_TEST_CASE(several_on_one_context_run_in_parallel) {
    asio::io_context context;
    corun::scheduler one{context.get_executor()}, other{context.get_executor()};
    std::latch both_inside{2};  // blocks the thread, not the fiber: passed only when both run at once
    const auto meets = [&] { both_inside.arrive_and_wait(); };
    corun::spawn(one, meets, asio::detached);
    corun::spawn(other, meets, asio::detached);
    corun_test::run_on_threads(context, 2);
}

BOOST_AUTO_TEST_CASE(several_on_one_context_each_exclude_only_their_own) {
    asio::io_context context;
    struct part {
        explicit part(asio::io_context& c) : scheduler{c.get_executor()} {}
        corun::scheduler scheduler;
        exclusive section;
        int plain = 0;
    };
    std::deque<part> parts;
    for (int i = 0; i < 4; ++i) parts.emplace_back(context);
    for (int i = 0; i < fibers; ++i) {
        auto& home = parts[static_cast<std::size_t>(i) % parts.size()];
        corun::spawn(
            home.scheduler,
            [&] {
                for (int k = 0; k < rounds; ++k) {
                    home.section([&] { ++home.plain; });
                    corun::yield();
                    auto& next = parts[static_cast<std::size_t>(k) % parts.size()];
                    auto visit = corun::spawn(next.scheduler, [&next] { next.section([&next] { ++next.plain; }); });
                    corun::yield(visit.join());
                }
            },
            asio::detached);
    }
    corun_test::run_on_threads(context, 3);
    int total = 0, overlaps = 0;
    for (const auto& p : parts) {
        total += p.plain;
        overlaps += p.section.overlaps();
    }
    BOOST_TEST(total == 2 * fibers * rounds);
    BOOST_TEST(overlaps == 0);
}

BOOST_AUTO_TEST_CASE(on_a_strand_fibers_exclude_its_other_functions) {
    asio::thread_pool pool{3};
    const auto strand = asio::make_strand(pool);
    exclusive section;
    int plain = 0;
    const auto step = [&] { section([&] { ++plain; }); };
    for (int i = 0; i < fibers; ++i) {
        asio::post(strand, step);
        corun::spawn(
            strand,
            [&] {
                for (int k = 0; k < rounds; ++k) {
                    step();
                    corun::yield();
                    asio::post(pool, corun::yield);
                }
            },
            asio::detached);
    }
    pool.join();
    BOOST_TEST(plain == fibers * (rounds + 1));
    BOOST_TEST(section.overlaps() == 0);
}

BOOST_AUTO_TEST_CASE(fibers_of_one_strand_share_a_scheduler) {
    asio::io_context context;
    const auto strand = asio::make_strand(context), other = asio::make_strand(context);
    const auto home = [] { return std::make_unique<corun::scheduler::executor_type>(corun::this_fiber::executor()); };
    corun::spawn(
        context,
        [&] {
            auto a = corun::spawn(strand, home), b = corun::spawn(strand, home), c = corun::spawn(other, home);
            const auto first = corun::yield(a.join()), second = corun::yield(b.join()), third = corun::yield(c.join());
            BOOST_TEST((*first == *second));
            BOOST_TEST((*first != *third));
            BOOST_TEST((*first != corun::this_fiber::executor()));
        },
        asio::detached);
    context.run();
}

BOOST_AUTO_TEST_CASE(a_thread_pool_is_a_context_like_another) {
    asio::thread_pool pool{2};
    std::atomic<int> ended{0};
    for (int i = 0; i < fibers; ++i)
        corun::spawn(
            pool,
            [&] {
                corun::yield();
                ++ended;
            },
            asio::detached);
    pool.join();
    BOOST_TEST(ended == fibers);
}

BOOST_AUTO_TEST_CASE(destroyed_while_other_threads_run_its_context) {
    asio::thread_pool pool{2};
    for (int i = 0; i < 50; ++i) {
        std::atomic<int> ended{0};
        {
            corun::scheduler own{pool.get_executor()};
            for (int k = 0; k < 10; ++k)
                corun::spawn(
                    own,
                    [&] {
                        struct count {
                            std::atomic<int>& to;
                            ~count() { ++to; }
                        } last{ended};
                        for (;;) corun::yield();
                    },
                    asio::detached);
        }
        BOOST_TEST(ended == 10);
    }
    pool.join();
}

BOOST_AUTO_TEST_SUITE_END()
