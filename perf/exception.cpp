// Exceptions: each of `size` fibers throws, catches and yields, again and again.
#include "support/exception.hpp"

#include <corun.hpp>

#include <vector>

namespace {

void run(perf::operations& work) {
    corun::run([&work] {
        std::vector<corun::fiber<void>> fibers;
        for (std::size_t i = 0; i < work.size; ++i)
            fibers.push_back(corun::spawn([&work] {
                while (work.done < work.count) {
                    perf::throw_and_catch(work);
                    corun::yield();
                }
            }));
        for (auto& one : fibers) corun::yield(one.join());
    });
}

}  // namespace

int main(int argc, char** argv) { return perf::exception_main(argc, argv, "corun", run); }
