// parked with Boost.Fiber.
#include "../support/parked.hpp"
#include "boost_fiber.hpp"

#include <boost/fiber/condition_variable.hpp>
#include <boost/fiber/mutex.hpp>

#include <mutex>
#include <vector>

namespace {

void run(perf::parked& work) {
    perf::fibers::mutex mutex;
    perf::fibers::condition_variable gate;
    bool open = false;
    std::vector<perf::fibers::fiber> waiters;
    waiters.reserve(work.fibers);
    for (std::size_t i = 0; i < work.fibers; ++i)
        waiters.push_back(perf::start_fiber(perf::fibers::launch::dispatch, perf::many_stacks(), [&] {
            std::unique_lock lock{mutex};
            work.waits();
            gate.wait(lock, [&] { return open; });
            work.woken();
        }));
    work.all_wait();
    open = true;
    gate.notify_all();
    for (auto& waiter : waiters) waiter.join();
}

}  // namespace

int main(int argc, char** argv) { return perf::parked_main(argc, argv, "boost_fiber", run); }
