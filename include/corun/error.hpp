// What corun throws. Asio's own errors stay boost::system::system_error.
#pragma once

#include <boost/system/system_error.hpp>

#include <cstdint>
#include <exception>
#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace corun {

namespace detail {
class scope;
}

/// Why a fiber, or a scope in it, was cancelled.
enum class cancel_reason : std::uint8_t {
    requested,       ///< fiber::cancel()
    shutdown,        ///< its scheduler or execution context is being destroyed
    abandoned,       ///< the handler of the operation it waited for was destroyed without being called
    deadline,        ///< the time of a with_timeout, with_deadline or move_on_after is up
    group,           ///< its group was cancelled, or a sibling has failed
    stop_requested,  ///< the std::stop_token of a with_stop_token was asked to stop
};

/// Spells a reason as a word, for messages.
[[nodiscard]] const char* to_string(cancel_reason reason) noexcept;

/// Thrown by the yields of a cancelled fiber, or of a cancelled scope in it, again and again until control leaves the scope.
/// Not a std::exception, so that `catch (const std::exception&)` does not swallow it by accident.
class cancelled {
public:
    cancelled(cancel_reason reason, std::source_location where, const detail::scope* scope = nullptr) noexcept
        : reason_{reason}, where_{where}, scope_{scope} {}

    [[nodiscard]] cancel_reason reason() const noexcept { return reason_; }
    /// The yield that threw.
    [[nodiscard]] const std::source_location& where() const noexcept { return where_; }
    /// "cancelled (requested) at file:line".
    [[nodiscard]] std::string message() const;

private:
    friend class detail::scope;
    cancel_reason reason_;
    std::source_location where_;
    const detail::scope* scope_;  // the outermost that is cancelled, which ends it; null: the fiber itself. Only compared.
};

/// Thrown by with_timeout and with_deadline when the time is up before the operation or body has ended. Its code is
/// asio::error::timed_out, so that `corun::yield(with_timeout(...), ec)` reports it.
class timed_out : public boost::system::system_error {
public:
    explicit timed_out(const std::string& what);
    /// Which fiber, in the block of which place, and where it waited.
    [[nodiscard]] const char* what() const noexcept override { return text_.what(); }

private:
    std::runtime_error text_;  // without the code's, which speaks of a connection; copies share it
};

/// Thrown by a group that collects: every failure of its body and children, in the order in which they happened.
class group_error : public std::runtime_error {
public:
    group_error(const std::string& what, std::vector<std::exception_ptr> failures)
        : std::runtime_error{what}, failures_{std::move(failures)} {}

    [[nodiscard]] const std::vector<std::exception_ptr>& failures() const noexcept { return failures_; }

private:
    std::vector<std::exception_ptr> failures_;
};

/// A fiber was to be spawned into a group that has ended.
class group_ended : public std::logic_error {
public:
    using std::logic_error::logic_error;
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

/// A fiber was about to wait for itself, by way of others: each of a chain of fibers waits for the end of the next, or for a mutex
/// that it holds, without a deadline, and the last one would wait for the first. Thrown by the yield that would close the chain;
/// the others then wait for one that goes on. The message names every fiber of the chain and the line at which it waits.
class deadlock : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A yield, or a function of this_fiber, was called by code that does not run on a fiber.
class not_in_fiber : public std::logic_error {
public:
    using std::logic_error::logic_error;
};

/// A channel was closed: nobody receives what is sent. The value is still the sender's. The message names the sender, if it is a
/// fiber, and the line of its last yield.
class channel_closed : public std::runtime_error {
public:
    channel_closed();
};

/// Something that belongs to the fibers of one scheduler, a primitive or a group, was used on another one, or by plain code. The
/// message says how to get there, or names the twin that may be shared.
class wrong_scheduler : public std::logic_error {
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
