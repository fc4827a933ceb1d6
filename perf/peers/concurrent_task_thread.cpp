// concurrent_task with one std::thread per task.
#include "../support/concurrent_task.hpp"
#include "small_threads.hpp"

#include <atomic>
#include <thread>

namespace {

std::size_t run(const perf::concurrent_task& work) {
    perf::use_small_thread_stacks();
    std::atomic<std::size_t> counted{0};
    perf::run_threads(work.tasks, [&](std::size_t i) {
        std::this_thread::sleep_for(work.sleep_of(i));
        counted.fetch_add(1, std::memory_order_relaxed);
    });
    return counted;
}

}  // namespace

int main(int argc, char** argv) { return perf::concurrent_task_main(argc, argv, "thread", run); }
