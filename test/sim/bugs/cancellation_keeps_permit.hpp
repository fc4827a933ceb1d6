// A fiber that is cancelled while it holds a permit never gives it back.
#pragma once

#include "primitives.hpp"

#include <chrono>

namespace bugs {

template <bool corrected>
void cancellation_keeps_permit() {
    using namespace std::chrono_literals;
    semaphore permits{1};
    auto worker = corun::spawn({.name = "worker"}, [&] {
        corun::yield(permits.acquire());
        if (corrected) {
            const permit held{permits};
            corun::yield(corun::sleep_for(1s));
        } else {
            corun::yield(corun::sleep_for(1s));
            permits.release();
        }
    });
    corun::yield();
    worker.cancel();
    corun::yield(permits.acquire());
    permits.release();
    corun::yield(worker.wait());
}

}  // namespace bugs
