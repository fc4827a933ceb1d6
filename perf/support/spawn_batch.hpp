// spawn_batch: `size` children are spawned, and then all are joined. They end at once, or (with --waits 1) each gives way once
// before, so that all of a batch are alive at the same time. What every runtime's version shares.
#pragma once

#include "operations.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace perf {

class batches {
public:
    explicit batches(operations& work) : work_{work}, left_{work.count} {}

    /// The number of children of the next batch; 0: there is none.
    [[nodiscard]] std::size_t next() {
        begun_ = 0;
        size_ = std::min(left_, work_.size);
        left_ -= size_;
        return size_;
    }

    /// A child's first call. True: it has to give way once.
    [[nodiscard]] bool begun() {
        ++begun_;
        return *work_.waits;
    }

    /// A child's last call.
    void ends() {
        ++work_.done;
        work_.sum += begun_ == size_;
    }

private:
    operations& work_;
    std::size_t left_, size_ = 0, begun_ = 0;
};

/// `run(batches)`.
template <class Run>
int spawn_batch_main(int argc, char** argv, std::string_view runtime, Run run) {
    const operations usual{.count = 1'000'000, .size = 1000, .waits = false};
    return operations_main(argc, argv, "spawn_batch", runtime, usual, [&](operations& work) {
        batches all{work};
        run(all);
        check(!*work.waits || work.sum == work.count,
              std::to_string(work.count - work.sum) + " children ended before all of their batch had begun");
        work.sum = 0;
    });
}

}  // namespace perf
