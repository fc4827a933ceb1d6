#include <corun/blocking.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/this_fiber.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <atomic>
#include <latch>
#include <memory>
#include <semaphore>
#include <stdexcept>
#include <thread>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

static_assert(corun::operation<decltype(corun::blocking([] { return 1; }))>);

namespace {

// More functions than the pool has threads, all held until release() is called.
struct busy_pool {
    static constexpr int functions = 64;
    std::counting_semaphore<> gate{0};
    std::atomic<int> begun{0};
    std::vector<corun::fiber<>> fibers;

    busy_pool() {
        for (int i = 0; i < functions; ++i)
            fibers.push_back(corun::spawn([this] {
                corun::yield(corun::blocking([this] {
                    ++begun;
                    gate.acquire();
                }));
            }));
    }
    void release() {
        gate.release(functions);
        for (auto& f : fibers) corun::yield(f.join());
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(blocking, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(has_the_value_of_the_function_which_ran_on_another_thread) {
    corun::run([] {
        const auto here = std::this_thread::get_id();
        const auto there = corun::yield(corun::blocking([] { return std::this_thread::get_id(); }));
        BOOST_TEST((here != there));
        BOOST_TEST((here == std::this_thread::get_id()));
        BOOST_TEST(*corun::yield(corun::blocking([p = std::make_unique<int>(3)]() mutable { return std::move(p); })) == 3);
        int written = 0;
        corun::yield(corun::blocking([&] { written = 5; }));
        BOOST_TEST(written == 5);
    });
}

BOOST_AUTO_TEST_CASE(does_nothing_until_it_is_yielded_on) {
    corun::run([] {
        bool called = false;
        {
            const auto op = corun::blocking([&] { called = true; });
        }
        corun::yield(corun::blocking([] {}));
        BOOST_TEST(!called);
    });
}

BOOST_AUTO_TEST_CASE(throws_what_the_function_throws) {
    corun::run([] {
        BOOST_CHECK_THROW(corun::yield(corun::blocking([]() -> int { throw std::out_of_range{"x"}; })), std::out_of_range);
        boost::system::error_code ec;
        corun::yield(corun::blocking([] { throw boost::system::system_error{asio::error::eof}; }), ec);
        BOOST_TEST((ec == asio::error::eof));
    });
}

BOOST_AUTO_TEST_CASE(others_run_meanwhile) {
    corun::run([] {
        std::binary_semaphore gate{0};
        auto opener = corun::spawn([&] { gate.release(); });
        corun::yield(corun::blocking([&] { gate.acquire(); }));
        corun::yield(opener.join());
    });
}

BOOST_AUTO_TEST_CASE(functions_run_at_the_same_time) {
    corun::run([] {
        std::latch together{4};
        std::vector<corun::fiber<>> fibers;
        for (int i = 0; i < 4; ++i)
            fibers.push_back(corun::spawn([&] { corun::yield(corun::blocking([&] { together.arrive_and_wait(); })); }));
        for (auto& f : fibers) corun::yield(f.join());
    });
}

BOOST_AUTO_TEST_CASE(more_than_there_are_threads_take_turns) {
    corun::run([] {
        std::atomic<int> done{0};
        std::vector<corun::fiber<>> fibers;
        for (int i = 0; i < 300; ++i) fibers.push_back(corun::spawn([&] { corun::yield(corun::blocking([&] { ++done; })); }));
        for (auto& f : fibers) corun::yield(f.join());
        BOOST_TEST(done == 300);
    });
}

BOOST_AUTO_TEST_CASE(the_function_is_not_on_a_fiber) {
    corun::run([] {
        BOOST_TEST(!corun::yield(corun::blocking([] { return corun::this_fiber::exists(); })));
        BOOST_CHECK_THROW(corun::yield(corun::blocking([] { corun::yield(); })), corun::not_in_fiber);
    });
}

BOOST_AUTO_TEST_CASE(a_cancellation_withdraws_a_function_that_has_not_begun) {
    corun::run([] {
        busy_pool pool;
        corun::yield();
        bool called = false;
        auto held = std::make_shared<int>();
        auto f = corun::spawn([&] { corun::yield(corun::blocking([&, held] { called = true; })); });
        corun::yield();
        f.cancel();
        BOOST_CHECK_THROW(corun::yield(f.join()), corun::fiber_cancelled);
        BOOST_TEST(!called);
        pool.release();
        corun::yield(corun::blocking([] {}));
        BOOST_TEST(!called);
    });
}

BOOST_AUTO_TEST_CASE(what_a_withdrawn_one_has_captured_ends_before_the_yield_has_thrown) {
    corun::run([] {
        busy_pool pool;
        corun::yield();
        bool has_ended = false;
        auto f = corun::spawn([&] {
            auto captured = std::make_shared<int>();
            const std::weak_ptr<int> watched = captured;
            try {
                corun::yield(corun::blocking([captured = std::move(captured)] {}));
            } catch (const corun::cancelled&) {
                has_ended = watched.expired();
                throw;
            }
        });
        corun::yield();
        f.cancel();
        BOOST_CHECK_THROW(corun::yield(f.join()), corun::fiber_cancelled);
        BOOST_TEST(has_ended);
        pool.release();
    });
}

BOOST_AUTO_TEST_CASE(one_that_has_begun_is_waited_for_and_its_value_returned) {
    corun::run([] {
        std::binary_semaphore begun{0}, gate{0};
        int value = 0;
        auto f = corun::spawn([&] {
            int local = 1;  // the function refers to it
            value = corun::yield(corun::blocking([&] {
                begun.release();
                gate.acquire();
                return ++local;
            }));
            corun::yield();
            value = -1;
        });
        corun::yield();
        begun.acquire();
        f.cancel();
        for (int i = 0; i < 3; ++i) corun::yield();
        BOOST_TEST(!f.done());
        gate.release();
        BOOST_CHECK_THROW(corun::yield(f.join()), corun::fiber_cancelled);
        BOOST_TEST(value == 2);
    });
}

BOOST_AUTO_TEST_CASE(schedulers_of_one_context_share_the_pool) {
    asio::io_context context;
    corun::scheduler one{context.get_executor()}, two{context.get_executor()};
    int sum = 0;
    corun::spawn(one, [&] { sum += corun::yield(corun::blocking([] { return 1; })); });
    corun::spawn(two, [&] { sum += corun::yield(corun::blocking([] { return 2; })); });
    context.run();
    BOOST_TEST(sum == 3);
}

BOOST_AUTO_TEST_SUITE_END()
