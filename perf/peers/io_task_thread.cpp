// io_task with one std::thread per file.
#include "../support/io_task.hpp"
#include "small_threads.hpp"

namespace {

void run(perf::io_task& work) {
    perf::use_small_thread_stacks();
    perf::run_threads(work.files, [&work](std::size_t index) {
        perf::io_task::file file{work, index};
        for (std::size_t n = 0; n < work.writes; ++n)
            if (!file.write_block()) return;
    });
}

}  // namespace

int main(int argc, char** argv) { return perf::io_task_main(argc, argv, "thread", run); }
