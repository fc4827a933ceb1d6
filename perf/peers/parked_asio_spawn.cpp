// parked with asio::spawn.
#include "../support/parked.hpp"
#include "asio_spawn.hpp"
#include "gate.hpp"

namespace {

void run(perf::parked& work) {
    perf::asio::io_context io{perf::one_thread};
    perf::gate gate{io};
    for (std::size_t i = 0; i < work.fibers; ++i)
        perf::spawn(io, perf::many_stacks(), [&](perf::yield_context yield) {
            work.waits();
            boost::system::error_code opened;
            gate.wait(yield[opened]);
            work.woken();
        });
    io.poll();
    work.all_wait();
    gate.open();
    io.run();
}

}  // namespace

int main(int argc, char** argv) { return perf::parked_main(argc, argv, "asio_spawn", run); }
