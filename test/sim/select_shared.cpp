// Selects over the concurrent_ twins under every schedule of the fibers of one scheduler.
#include <corun.hpp>
#include <corun/sim.hpp>

#include "support/explored.hpp"
#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <array>

namespace sim = corun::sim;
using corun_test::in_every_schedule;
using corun_test::was_cancelled;

BOOST_FIXTURE_TEST_SUITE(sim_select_shared, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(of_two_values_each_is_received_once) {
    for (const std::size_t capacity : {0U, 1U})
        in_every_schedule([=] {
            corun::concurrent_channel<int> a{capacity}, b{capacity};
            auto one = corun::spawn([&] { corun::yield(a.send(1)); });
            auto other = corun::spawn([&] { corun::yield(b.send(2)); });
            int sum = 0;
            for (int i = 0; i != 2; ++i)
                corun::yield(corun::select(corun::on(a.receive(), [&](std::optional<int> v) { sum += v.value(); }),
                                           corun::on(b.receive(), [&](std::optional<int> v) { sum += v.value(); })));
            sim::require(sum == 3);
            corun::yield(one.join());
            corun::yield(other.join());
        });
}

BOOST_AUTO_TEST_CASE(two_that_both_send_and_receive_meet) {
    in_every_schedule([] {
        corun::concurrent_channel<int> c;
        corun::channel<int> plain;
        std::array<int, 2> done{};  // sent, received
        const auto meet = [&] {
            const auto result = corun::yield(corun::select(c.send(1), plain.receive(), c.receive(), plain.send(1)));
            ++done[result.index() % 2 == 0 ? result.index() / 2 : 1 - result.index() / 2];
        };
        auto one = corun::spawn(meet), other = corun::spawn(meet);
        corun::yield(one.join());
        corun::yield(other.join());
        sim::require(done[0] == 1 && done[1] == 1);
    });
}

BOOST_AUTO_TEST_CASE(a_cancelled_one_has_its_permit_or_has_taken_none) {
    in_every_schedule([] {
        corun::concurrent_semaphore s{0};
        corun::event plain;
        int taken = 0;
        auto selecting = corun::spawn([&] { taken += corun::yield(corun::select(s.acquire(), plain.wait())).index() == 0; });
        auto canceller = corun::spawn([&] { selecting.cancel(); });
        corun::yield();
        s.release();
        (void)was_cancelled(selecting);
        corun::yield(canceller.join());
        sim::require(s.permits() == 1 - taken);
    });
}

BOOST_AUTO_TEST_SUITE_END()
