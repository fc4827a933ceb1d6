// Failures that nobody waits for.
#pragma once

#include <exception>

namespace perf {

/// A completion handler for coroutines that nobody joins: what they throw leaves the loop that runs them, where
/// `asio::detached` would drop it.
inline constexpr auto rethrow = [](std::exception_ptr thrown) {
    if (thrown) std::rethrow_exception(thrown);
};

}  // namespace perf
