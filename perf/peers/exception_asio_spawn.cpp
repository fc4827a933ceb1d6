// exception with asio::spawn.
#include "../support/exception.hpp"
#include "asio_spawn.hpp"
#include "reactor.hpp"

#include <boost/asio/post.hpp>

namespace {

void run(perf::operations& work) {
    perf::asio::io_context io{perf::one_thread};
    perf::open_reactor(io);
    for (std::size_t i = 0; i < work.size; ++i)
        perf::spawn(io, perf::recycled_stacks(), [&work](perf::yield_context yield) {
            while (work.done < work.count) {
                perf::throw_and_catch(work);
                perf::asio::post(yield);
            }
        });
    io.run();
}

}  // namespace

int main(int argc, char** argv) { return perf::exception_main(argc, argv, "asio_spawn", run); }
