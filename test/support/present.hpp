// Which fibers have begun and not ended.
#pragma once

namespace corun_test {

struct counts {
    int begun = 0;
    int destroyed = 0;
    int cancelled = 0;
};

/// On a fiber's stack: the fiber has begun and not ended.
struct present {
    counts& all;
    explicit present(counts& c) : all{c} { ++all.begun; }
    ~present() { ++all.destroyed; }
};

}  // namespace corun_test
