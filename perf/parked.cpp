// Many fibers wait for one event: what creating, keeping and ending them costs. The event is Asio's, as in the peers:
// a timer that never expires.
#include "support/parked.hpp"
#include "peers/gate.hpp"

#include <corun.hpp>

#include <vector>

namespace {

void wait_at(perf::gate& gate, perf::parked& work) {
    work.waits();
    boost::system::error_code opened;
    gate.wait(corun::yield[opened]);
    work.woken();
}

void run(perf::parked& work) {
    boost::asio::io_context io{perf::one_thread};
    perf::gate gate{io};
    for (std::size_t i = 0; i < work.fibers; ++i) corun::spawn(io, [&gate, &work] { wait_at(gate, work); }, boost::asio::detached);
    io.poll();
    work.all_wait();
    gate.open();
    io.run();
}

}  // namespace

int main(int argc, char** argv) { return perf::parked_main(argc, argv, "corun", run); }
