// 100 fibers write 100 files in 100 blocks of 32 KiB each. A disk is never "not ready", it just blocks: so each write
// runs on the thread pool while other fibers go on.
#include "support/io_task.hpp"

#include <corun.hpp>

#include <vector>

namespace {

void write_file(perf::io_task& work, std::size_t index) {
    perf::io_task::file file{work, index};
    for (std::size_t n = 0; n < work.writes; ++n)
        if (!corun::yield(corun::blocking([&file] { return file.write_block(); }))) return;
}

void run(perf::io_task& work) {
    corun::run([&work] {
        std::vector<corun::fiber<void>> writers;
        writers.reserve(work.files);
        for (std::size_t i = 0; i < work.files; ++i) writers.push_back(corun::spawn([&work, i] { write_file(work, i); }));
        for (auto& writer : writers) corun::yield(writer.join());
    });
}

}  // namespace

int main(int argc, char** argv) { return perf::io_task_main(argc, argv, "corun", run); }
