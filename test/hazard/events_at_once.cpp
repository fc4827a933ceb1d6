// Two handlers for the scheduler's own descriptor that run while another thread is inside.
#include "../../lib/scheduler_impl.hpp"

#include <corun.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <thread>

BOOST_AUTO_TEST_SUITE(events_at_once)

BOOST_AUTO_TEST_CASE(the_owner_takes_over_one_reference) {
    std::thread{[] {}}.join();  // from now on this is not the process's only thread
    boost::asio::io_context io;
    auto& scheduler = corun::detail::impl_of(corun::scheduler::of(io).core());
    const auto before = scheduler.references.load();
    BOOST_REQUIRE(scheduler.try_enter());
    for (int handler = 0; handler < 2; ++handler) {
        (void)scheduler.lend_reference();
        scheduler.descriptors_are_due();
    }
    scheduler.leave();
    io.run();
    BOOST_TEST(scheduler.references.load() == before);
}

BOOST_AUTO_TEST_SUITE_END()
