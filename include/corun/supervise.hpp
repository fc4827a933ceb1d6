// Supervision: fibers that are started anew when they end, in the manner of Erlang/OTP
// (https://www.erlang.org/doc/system/sup_princ.html).
#pragma once

#include <corun/detail/block.hpp>
#include <corun/error.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <source_location>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace corun {

/// Who is started anew when a child has ended and is to be.
enum class restart_strategy : std::uint8_t {
    one_for_one,   ///< that child
    one_for_all,   ///< all: the others are ended first, the last one started first
    rest_for_one,  ///< that child and those started after it, which are ended first likewise
};
using enum restart_strategy;

/// Which ends of a child are followed by a restart.
enum class restart : std::uint8_t {
    permanent,  ///< every end
    transient,  ///< a failure; when it returns it is done
    temporary,  ///< none; nobody else is started anew on its account either
};

struct supervise_options {
    restart_strategy strategy = one_for_one;
    std::size_t max_restarts = 3;                        ///< within `period`; one more, and the supervision gives up
    clock::duration period = std::chrono::seconds{5};
    clock::duration backoff = clock::duration::zero();   ///< before a restart; doubled with each further one within `period`
    clock::duration longest_backoff = std::chrono::seconds{30};
    clock::duration grace =
        std::chrono::seconds{5};     ///< for all children together to end in turn when the supervision is cancelled
};

/// One child: what it is called, what it does, again and again, and when it is started anew.
struct child {
    std::string name;
    std::function<void()> function;
    corun::restart restart = corun::restart::permanent;
    std::size_t stack_size = spawn_options::inherit_stack_size;  ///< bytes
    std::source_location at = std::source_location::current();
};

/// Thrown by a supervision that has had more than max_restarts within its period. All children have ended.
class restarts_exhausted : public std::runtime_error {
public:
    restarts_exhausted(const std::string& what, std::exception_ptr last) : std::runtime_error{what}, last_{std::move(last)} {}

    /// The failure that was one too many; null where a permanent child has returned.
    [[nodiscard]] const std::exception_ptr& last() const noexcept { return last_; }

private:
    std::exception_ptr last_;
};

namespace detail {

void run_supervised(const supervise_options& options, std::vector<child> children, std::source_location where);

class [[nodiscard]] supervise_block {
public:
    supervise_block(const supervise_options& options, std::vector<child> children)
        : options_{options}, children_{std::move(children)} {}

    void run(std::source_location where) { run_supervised(options_, std::move(children_), where); }

private:
    supervise_options options_;
    std::vector<child> children_;
};

}  // namespace detail

/// A block, to be yielded on: starts the children in their order, each in a fiber of its own, and starts them anew when they end as
/// the options and each child say. Ends when no child is left to run. Cancelled, it ends the children in turn, the last one started
/// first. A failure that is followed by a restart, and one of a temporary child, goes to the scheduler's unhandled-failure handler.
/// Throws, from the yield, restarts_exhausted, `cancelled`, and what yield throws.
[[nodiscard]] inline detail::supervise_block supervise(const supervise_options& options, std::vector<child> children) {
    return {options, std::move(children)};
}
template <std::same_as<child>... Children>
[[nodiscard]] detail::supervise_block supervise(const supervise_options& options, Children... children) {
    std::vector<child> all;
    all.reserve(sizeof...(children));
    (all.push_back(std::move(children)), ...);
    return {options, std::move(all)};
}

}  // namespace corun
