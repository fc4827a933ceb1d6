// What corun throws. Asio's own errors stay boost::system::system_error.
#pragma once

#include <cstdint>
#include <source_location>
#include <stdexcept>
#include <string>

namespace corun {

/// Why a fiber was cancelled.
enum class cancel_reason : std::uint8_t {
    requested,  ///< fiber::cancel()
    shutdown,   ///< its scheduler or execution context is being destroyed
    abandoned,  ///< the handler of the operation it waited for was destroyed without being called
};

/// Spells a reason as a word, for messages.
[[nodiscard]] const char* to_string(cancel_reason reason) noexcept;

/// Thrown by a yield of a cancelled fiber, again and again until the fiber ends.
/// Not a std::exception, so that `catch (const std::exception&)` does not swallow it by accident.
class cancelled {
public:
    cancelled(cancel_reason reason, std::source_location where) noexcept : reason_{reason}, where_{where} {}

    [[nodiscard]] cancel_reason reason() const noexcept { return reason_; }
    /// The yield that threw.
    [[nodiscard]] const std::source_location& where() const noexcept { return where_; }
    /// "cancelled (requested) at file:line".
    [[nodiscard]] std::string message() const;

private:
    cancel_reason reason_;
    std::source_location where_;
};

/// Thrown by a join: the fiber ended by its cancellation and has no result.
class fiber_cancelled : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// No stack of the asked size can be had, or none with a guard page. The message says which limit was met.
class stack_unavailable : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A yield, or a function of this_fiber, was called by code that does not run on a fiber.
class not_in_fiber : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

/// A switch where none may be: inside a no_yield scope, below a strand's frame, a join on oneself,
/// an event loop run on a fiber.
class switch_forbidden : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

}  // namespace corun
