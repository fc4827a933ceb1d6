// Many fibers that wait for one event: what creating, keeping and ending them costs. What every version shares.
#pragma once

#include "arguments.hpp"
#include "measure.hpp"

#include <cstddef>
#include <string_view>

namespace perf {

class parked {
public:
    std::size_t fibers = 100'000;

    /// Each fiber's call just before it waits, and just after it was woken.
    void waits() { ++waiting_; }
    void woken() { ++woken_; }

    /// The call when every fiber waits and none has been woken.
    void all_wait() {
        check(waiting_ == fibers && woken_ == 0, std::to_string(waiting_) + " fibers wait");
        created_ns_ = nanoseconds();
        resident_ = resident_bytes();
        watch_ = {};  // reading the memory is no part of the fibers' end
    }

    /// The call when the runtime has ended.
    void all_ended() {
        ended_ns_ = nanoseconds();
        check(woken_ == fibers, std::to_string(woken_) + " of " + std::to_string(fibers) + " fibers ran to their end");
    }

    void report(std::string_view runtime, const cost& spent) const {
        const double each = static_cast<double>(fibers);
        const double grown = resident_ > before_ ? static_cast<double>(resident_ - before_) : 0;
        result_line{"parked", runtime}
            .add("fibers", fibers)
            .add("woken", woken_)
            .add("create_cpu_ns", created_ns_ / each)
            .add("resident_b", grown / each)
            .add("end_cpu_ns", ended_ns_ / each)
            .print(spent);
    }

private:
    // Of processor time: what the kernel does for a page's first touch is in it, what the machine does for others is not.
    double nanoseconds() const { return watch_.elapsed().cpu_s * 1e9; }

    std::size_t waiting_ = 0;
    std::size_t woken_ = 0;
    double created_ns_ = 0;
    double ended_ns_ = 0;
    std::size_t before_ = resident_bytes();
    std::size_t resident_ = 0;
    stopwatch watch_;
};

/// `run(work)` parks `work.fibers` fibers, calls `work.all_wait()`, wakes them and returns when all have ended.
template <class Run>
int parked_main(int argc, char** argv, std::string_view runtime, Run run) {
    return program("parked", [&] {
        std::size_t fibers = 100'000;
        arguments args{"parked: fibers that wait for one event"};
        args.option("fibers", fibers, "how many fibers wait at the same time");
        if (!args.parse(argc, argv)) return;
        require_count("fibers", fibers);

        const stopwatch watch;
        parked work;
        work.fibers = fibers;
        run(work);
        work.all_ended();
        work.report(runtime, watch.elapsed());
    });
}

}  // namespace perf
