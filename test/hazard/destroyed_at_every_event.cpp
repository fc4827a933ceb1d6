// A context dies while fibers are parked on everything there is; and again after each number of events.
#include "support/leaks.hpp"
#include "support/present.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <unistd.h>
#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <utility>

using namespace std::chrono_literals;
namespace asio = boost::asio;
using corun_test::counts;
using corun_test::present;
using stream = asio::local::stream_protocol::socket;

namespace {

template <class Body>
void spawn_counted(asio::io_context& io, counts& all, Body body) {
    corun::spawn(io, [&all, body = std::move(body)]() mutable {
        present here{all};
        try {
            body();
        } catch (const corun::cancelled& c) {
            BOOST_TEST((c.reason() == corun::cancel_reason::shutdown));
            ++all.cancelled;
            throw;
        } catch (const corun::fiber_cancelled&) {  // whom it joined was cancelled first
            ++all.cancelled;
            throw;
        }
    });
}

// What the fibers of one scheduler share. Each has it, so that it outlives them.
struct shared_by_fibers {
    corun::channel<int> rendezvous, full{1};
    corun::mutex mutex;
    corun::event never;
};

void populate_primitives(asio::io_context& io, counts& all) {
    const auto shared = std::make_shared<shared_by_fibers>();
    spawn_counted(io, all, [shared] {
        for (;;) (void)corun::yield(shared->rendezvous.receive());
    });
    spawn_counted(io, all, [shared] {
        corun::yield(shared->rendezvous.send(1));
        for (;;) corun::yield(shared->full.send(2));
    });
    for (int i = 0; i != 2; ++i)  // one holds it, the other one waits; when the first is unwound the second one may get it
        spawn_counted(io, all, [shared] {
            const auto guard = corun::yield(shared->mutex.lock());
            corun::yield(corun::sleep_for(1h));
        });
    spawn_counted(io, all, [shared] { corun::yield(shared->never.wait()); });
    spawn_counted(io, all, [shared] { (void)corun::yield(corun::select(shared->never.wait(), corun::sleep_for(1h))); });
    spawn_counted(io, all, [shared] {
        corun::yield(corun::with_timeout(
            1h, corun::with_group([&](corun::group& g) { g.spawn([shared] { corun::yield(shared->never.wait()); }); })));
    });
    spawn_counted(io, all, [&io] {
        stream own{io}, peer{io};
        asio::local::connect_pair(own, peer);
        std::array<char, 8> buffer;
        corun::yield(corun::write(own, asio::buffer("hello", 5)));
        for (;;) (void)corun::yield(corun::read_some(peer, asio::buffer(buffer)));
    });
}

// One fiber on each kind of wait; all of them also do something when they are let run.
void populate(asio::io_context& io, counts& all, int pipe_end) {
    auto ends = std::make_shared<std::pair<stream, stream>>(stream{io}, stream{io});
    asio::local::connect_pair(ends->first, ends->second);
    spawn_counted(io, all, [&io, ends] {  // sockets of its own and others
        stream own{io}, peer{io};
        asio::local::connect_pair(own, peer);
        corun::yield(asio::async_write(own, asio::buffer("hello", 5), asio::deferred));
        std::array<char, 8> buffer;
        corun::yield(peer.async_read_some(asio::buffer(buffer), asio::deferred));
        corun::yield(ends->first.async_read_some(asio::buffer(buffer), asio::deferred));
    });
    spawn_counted(io, all, [&io] {
        asio::steady_timer timer{io, 1h};
        corun::yield(timer.async_wait(asio::deferred));
    });
    spawn_counted(io, all, [] {
        corun::yield(corun::sleep_for(2ms));
        corun::yield(corun::sleep_for(1h));
    });
    spawn_counted(io, all, [&all] {
        auto inner = corun::spawn([&all] {
            present here{all};
            corun::yield();
            corun::yield(corun::sleep_for(1h));
        });
        corun::yield(inner.join());
    });
    spawn_counted(io, all, [pipe_end] { corun::yield(corun::readable(pipe_end)); });
    spawn_counted(io, all, [] {
        for (;;) corun::yield();
    });
    spawn_counted(io, all, [&io]() {
        auto forever = [&io]() -> asio::awaitable<void> {
            asio::steady_timer timer{io, 1h};
            co_await timer.async_wait(asio::use_awaitable);
        };
        corun::yield(forever());
    });
    spawn_counted(io, all, [] {
        corun::yield(corun::blocking([] { return 1; }));
        corun::yield(corun::sleep_for(1h));
    });
    populate_primitives(io, all);
}
constexpr int populated = 16;

struct pipe_ends {
    int fds[2];
    pipe_ends() { BOOST_REQUIRE(::pipe(fds) == 0); }
    ~pipe_ends() {
        ::close(fds[0]);
        ::close(fds[1]);
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(destroyed_at_every_event, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(before_it_ever_ran) {
    counts all;
    pipe_ends pipe;
    {
        asio::io_context io;
        populate(io, all, pipe.fds[0]);
    }
    BOOST_TEST(all.begun == all.destroyed);
}

BOOST_AUTO_TEST_CASE(after_every_number_of_events) {
    pipe_ends pipe;
    for (std::size_t stop_after = 1; stop_after != 40; ++stop_after) {
        counts all;
        {
            asio::io_context io;
            populate(io, all, pipe.fds[0]);
            for (std::size_t event = 0; event != stop_after; ++event) io.run_one();
        }
        BOOST_TEST(all.begun >= populated, "begun " << all.begun << ", stopped after " << stop_after);
        BOOST_TEST(all.begun == all.destroyed, "destroyed " << all.destroyed << ", stopped after " << stop_after);
        BOOST_TEST(all.cancelled == populated, "cancelled " << all.cancelled << ", stopped after " << stop_after);
    }
}

BOOST_AUTO_TEST_SUITE_END()
