// parked with C++20 coroutines.
#include "../support/parked.hpp"
#include "awaitable.hpp"
#include "gate.hpp"

#include <boost/asio/redirect_error.hpp>

namespace {

perf::awaitable<void> waiter(perf::parked& work, perf::gate& gate) {
    work.waits();
    boost::system::error_code opened;
    co_await gate.wait(perf::asio::redirect_error(perf::use_awaitable, opened));
    work.woken();
}

void run(perf::parked& work) {
    perf::asio::io_context io{perf::one_thread};
    perf::gate gate{io};
    for (std::size_t i = 0; i < work.fibers; ++i) perf::start(io, waiter(work, gate));
    io.poll();
    work.all_wait();
    gate.open();
    io.run();
}

}  // namespace

int main(int argc, char** argv) { return perf::parked_main(argc, argv, "awaitable", run); }
