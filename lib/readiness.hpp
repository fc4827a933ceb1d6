// Descriptors that fibers wait for: one epoll descriptor per scheduler, nested in the context's own reactor.
#pragma once

#include <corun/io.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstdint>
#include <optional>
#include <unordered_map>

namespace corun::detail {

class scheduler_impl;

// A descriptor is registered exactly while a fiber waits for it, one-shot: nothing is known of a descriptor that nobody waits
// for, so it may be closed, and its number used again, at any other time. Touched only by the scheduler's owner.
class readiness {
public:
    explicit readiness(scheduler_impl& owner) noexcept : owner_{owner} {}
    ~readiness();

    // Throws system_error when the system refuses, std::logic_error when another fiber waits for the same direction.
    void add(ready_operation& op);
    void remove(ready_operation& op) noexcept;

    // Wakes those whose descriptors are ready.
    void poll() noexcept;
    // Asks the context to be told of the next event, if anybody waits.
    void arm();
    void disarm() noexcept;
    // Before the context goes.
    void close() noexcept;

private:
    struct waiters {
        ready_operation* reader = nullptr;
        ready_operation* writer = nullptr;
    };

    using table = std::unordered_map<int, waiters>;

    void open(const boost::asio::any_io_executor& executor);
    int control(int how, int fd, const waiters& w) noexcept;
    void deliver(int fd, std::uint32_t events) noexcept;
    void watch_rest(table::iterator place) noexcept;

    scheduler_impl& owner_;
    std::optional<boost::asio::posix::stream_descriptor> epoll_;
    table waiting_;
    bool armed_ = false;
};

}  // namespace corun::detail
