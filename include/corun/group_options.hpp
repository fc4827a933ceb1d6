// How a group behaves.
#pragma once

#include <corun/sleep.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace corun {

/// What the failure of a child means for its group. A child that ends by its cancellation has not failed.
enum class failure_policy : std::uint8_t {
    fail_fast,  ///< cancels the others and the body; the first failure is thrown, the others are attached (other_failures)
    collect,    ///< all run to their end; then group_error is thrown with every failure
    isolate,    ///< goes to who joins the child, else to the scheduler's unhandled-failure handler; the others live on
};
using enum failure_policy;

struct group_options {
    failure_policy failure = fail_fast;
    std::size_t max_concurrency = 0;                  ///< children that run at a time; more wait for their turn. 0: any number
    clock::duration grace = std::chrono::seconds{10}; ///< how long each deferred function may hold up a cancellation
};

}  // namespace corun
