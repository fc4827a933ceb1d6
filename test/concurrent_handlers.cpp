// Handlers of the concurrent_ twins: their memory, their executors and the ends of their contexts.
#include <corun/concurrent_channel.hpp>
#include <corun/concurrent_mutex.hpp>
#include <corun/concurrent_semaphore.hpp>

#include "support/leaks.hpp"

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <cstring>
#include <exception>
#include <functional>
#include <new>
#include <optional>
#include <thread>
#include <vector>

namespace asio = boost::asio;

namespace {

/// An executor that runs everything at once, also what is posted.
struct in_place {
    asio::execution_context& query(asio::execution::context_t) const {
        return asio::query(asio::system_executor{}, asio::execution::context);
    }
    static constexpr asio::execution::blocking_t query(asio::execution::blocking_t) noexcept {
        return asio::execution::blocking.never;  // which is not true
    }
    template <class Function>
    void execute(Function f) const {
        f();
    }
    bool operator==(const in_place&) const noexcept = default;
};

using channel_of_ints = corun::concurrent_channel<int>;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(concurrent_handlers, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(callbacks_and_coroutines_allocate_nothing_in_steady_state) {
    if (!corun_test::counts_allocations()) return;
    asio::io_context context;
    corun::concurrent_channel<int> there, back{2};
    corun::concurrent_semaphore permits{0};
    corun::concurrent_mutex mutex;
    constexpr int rounds = 100;
    std::size_t before = 0, made = 0;
    asio::co_spawn(
        context,
        [&]() -> asio::awaitable<void> {
            for (int i = 0; i != rounds; ++i) {
                if (i == rounds / 2) before = corun_test::allocations_made();
                co_await there.async_send(i, asio::use_awaitable);
                BOOST_TEST((co_await back.async_receive(asio::use_awaitable)).value() == i);
                co_await permits.async_acquire(1, asio::use_awaitable);
                const auto held = co_await mutex.async_lock(asio::use_awaitable);
            }
            made = corun_test::allocations_made() - before;
            there.close();
        },
        asio::detached);
    std::function<void()> echo = [&] {
        there.async_receive(asio::bind_executor(context, [&](const std::exception_ptr&, std::optional<int> value) {
            if (!value) return;
            (void)back.try_send(*value);
            permits.release();
            echo();
        }));
    };
    echo();
    context.run();
    BOOST_TEST(made == 0U);
}

// Who serves the last handler of a context may still be busy telling the context of it.
BOOST_AUTO_TEST_CASE(a_context_may_end_as_soon_as_its_handlers_were_called) {
    for (int round = 0; round != 300; ++round) {
        corun::concurrent_channel<int> c;
        int received = 0;
        std::jthread sending{[&] { c.blocking_send(5); }};
        {
            asio::io_context context;
            c.async_receive(asio::bind_executor(
                context, [&](const std::exception_ptr&, std::optional<int> value) { received = value.value(); }));
            context.run();
        }
        BOOST_TEST_REQUIRE(received == 5);
    }
}

BOOST_AUTO_TEST_CASE(a_handler_may_be_called_in_place) {
    corun::concurrent_channel<int> c;
    corun::concurrent_mutex m;
    int received = 0, locked = 0;
    c.async_receive(
        asio::bind_executor(in_place{}, [&](const std::exception_ptr&, std::optional<int> v) { received = v.value(); }));
    BOOST_TEST(c.try_send(5));
    BOOST_TEST(received == 5);
    auto held = m.try_lock();
    m.async_lock(asio::bind_executor(in_place{}, [&](const std::exception_ptr&, auto own) { locked += own.owns(); }));
    held.unlock();
    BOOST_TEST(locked == 1);
    BOOST_TEST(m.try_lock().owns());
}

// An unbounded channel needs memory for the value: without it nothing goes on, and nothing keeps the context running.
BOOST_AUTO_TEST_CASE(a_token_without_memory_throws_and_leaves_nothing_behind) {
    if (!corun_test::can_fail_allocations()) return;
    for (std::size_t n = 1;; ++n) {
        asio::io_context context;
        corun::concurrent_channel<int> c{corun::unbounded};
        asio::cancellation_signal stop;
        bool came_to_it = false, refused = false;
        int called = 0;
        {
            const corun_test::failing_allocation failing{n};
            try {
                c.async_send(5, asio::bind_cancellation_slot(
                                    stop.slot(), asio::bind_executor(context, [&](const std::exception_ptr&) { ++called; })));
            } catch (const std::bad_alloc&) {
                refused = true;
            }
            came_to_it = failing.happened();
        }
        if (!came_to_it) break;
        BOOST_TEST(refused);
        stop.emit(asio::cancellation_type::terminal);
        context.run();  // it ends
        BOOST_TEST(called == 0);
        BOOST_TEST(c.size() == 0U);
    }
}

BOOST_AUTO_TEST_CASE(a_batch_that_was_handed_over_reaches_its_handler_after_the_channels_end) {
    for (const std::size_t capacity : {0, 4}) {
        asio::io_context context;
        alignas(channel_of_ints) std::byte place[sizeof(channel_of_ints)];
        auto* const c = new (place) channel_of_ints{capacity};
        std::vector<int> values;
        std::size_t count = 0;
        c->async_receive_some(values, 10, asio::bind_executor(context, [&](const std::exception_ptr& failure, std::size_t n) {
                                  count = failure ? 0 : n;
                              }));
        BOOST_TEST(c->try_send(5));
        c->~concurrent_channel();
        std::memset(place, 0xee, sizeof place);  // its memory is somebody else's now
        context.run();
        BOOST_TEST(count == 1U);
        BOOST_TEST(values == std::vector<int>{5});
    }
}

BOOST_AUTO_TEST_SUITE_END()
