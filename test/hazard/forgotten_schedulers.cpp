// A strand's scheduler is forgotten with its last fiber, but not under the hands of who is about to spawn there.
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <atomic>
#include <functional>
#include <thread>

namespace asio = boost::asio;

namespace {

// What is done while a spawn copies the function.
struct meddler {
    std::function<void()> meddle;
    int& ran;
    meddler(std::function<void()> f, int& n) : meddle{std::move(f)}, ran{n} {}
    meddler(const meddler& other) : meddle{other.meddle}, ran{other.ran} { meddle(); }
    meddler(meddler&&) = default;
    void operator()() const { ++ran; }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(forgotten_schedulers, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(the_last_fiber_ends_while_another_one_is_being_spawned) {
    asio::io_context io;
    const auto strand = asio::make_strand(io);
    int ran = 0;
    corun::spawn(strand, [&] { ++ran; });
    const meddler second{[&] { io.run(), io.restart(); }, ran};
    corun::spawn(strand, second);
    BOOST_TEST(ran == 1);
    io.run();
    BOOST_TEST(ran == 2);
}

BOOST_AUTO_TEST_CASE(a_lazy_spawn_begins_after_its_scheduler_was_forgotten) {
    asio::io_context io;
    const auto strand = asio::make_strand(io);
    auto lazy = corun::spawn(strand, [] { return 3; }, asio::deferred);
    corun::spawn(strand, [] {});
    io.run();
    io.restart();
    int value = 0;
    corun::spawn(io, [&] { value = corun::yield(std::move(lazy)); });
    io.run();
    BOOST_TEST(value == 3);
}

// All fibers of a strand are of one scheduler at a time, whoever spawns them.
BOOST_AUTO_TEST_CASE(two_threads_spawn_on_one_strand) {
    asio::io_context io{2};
    auto work = asio::make_work_guard(io);
    const auto strand = asio::make_strand(io);
    std::array<std::thread, 2> loops{std::thread{[&] { io.run(); }}, std::thread{[&] { io.run(); }}};
    constexpr int each = 1000;
    int ran = 0;  // by the strand's fibers alone
    const auto spawn_many = [&] {
        for (int i = 0; i < each; ++i) {
            std::atomic<bool> done{false};
            corun::spawn(strand, [&] {
                ++ran;
                done = true;
            });
            while (!done) std::this_thread::yield();
        }
    };
    std::thread one{spawn_many}, two{spawn_many};
    one.join();
    two.join();
    work.reset();
    for (auto& loop : loops) loop.join();
    BOOST_TEST(ran == 2 * each);
}

BOOST_AUTO_TEST_SUITE_END()
