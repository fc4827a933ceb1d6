// The calling fiber's view of itself. Nothing here switches.
#pragma once

#include <corun/scheduler.hpp>
#include <corun/sleep.hpp>

#include <cstdint>
#include <source_location>
#include <stop_token>
#include <string_view>

namespace corun::this_fiber {

/// Whether the caller runs on a fiber. Any thread.
[[nodiscard]] bool exists() noexcept;

/// Unique in the process. Throws not_in_fiber off fibers, as do the others.
[[nodiscard]] std::uint64_t id(std::source_location where = std::source_location::current());

/// The name given at the spawn; valid while the fiber lives.
[[nodiscard]] std::string_view name(std::source_location where = std::source_location::current());

/// Whether yields throw `cancelled` now: for loops that compute for long between yields.
[[nodiscard]] bool cancelled(std::source_location where = std::source_location::current());

/// The earliest deadline that the calling code is under: of the with_timeout and with_deadline blocks around it up to the next
/// with_shield, of those around its group, of a shield whose grace has begun. time_point::max() if there is none.
[[nodiscard]] clock::time_point deadline(std::source_location where = std::source_location::current());

/// Is asked to stop when yields of the innermost scope around the calling code begin to throw `cancelled`: for functions that know
/// std::stop_token and not corun. Its callbacks run on the scheduler's thread and must not yield.
[[nodiscard]] std::stop_token stop_token(std::source_location where = std::source_location::current());

/// The executor of the fiber's scheduler, for the I/O objects that the fiber makes: `tcp::socket s{corun::this_fiber::executor()};`
[[nodiscard]] scheduler::executor_type executor(std::source_location where = std::source_location::current());

}  // namespace corun::this_fiber
