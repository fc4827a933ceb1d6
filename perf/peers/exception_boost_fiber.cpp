// exception with Boost.Fiber.
#include "../support/exception.hpp"
#include "boost_fiber.hpp"

#include <vector>

namespace {

void run(perf::operations& work) {
    std::vector<perf::fibers::fiber> fibers;
    for (std::size_t i = 0; i < work.size; ++i)
        fibers.push_back(perf::start_fiber(perf::fibers::launch::post, perf::recycled_stacks(), [&work] {
            while (work.done < work.count) {
                perf::throw_and_catch(work);
                boost::this_fiber::yield();
            }
        }));
    for (auto& one : fibers) one.join();
}

}  // namespace

int main(int argc, char** argv) { return perf::exception_main(argc, argv, "boost_fiber", run); }
