// Threads of corun's own, for programs that use all cores.
#pragma once

#include <corun/fiber.hpp>
#include <corun/scheduler.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/stream.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <source_location>
#include <type_traits>
#include <utility>

namespace corun {

struct runtime_options {
    std::size_t threads = 0;  ///< 0: as many as the process may use processors
    bool pin = false;         ///< bind each thread to one of these processors
    scheduler_options scheduler = {};  ///< of each thread; on_unhandled is called on any of them, several at a time
};

struct serve_options {
    int backlog = 4096;        ///< connections that may wait to be accepted, per acceptor
    bool reuse_port = true;  ///< an acceptor per thread (SO_REUSEPORT, socket(7)); else, and where the system has none, one for all
};

namespace detail {

class runtime_impl;

// How many fibers a thread was given and has not brought to their end.
class load_unit {
public:
    explicit load_unit(std::atomic<std::size_t>& load) noexcept : load_{&load} { load.fetch_add(1, std::memory_order_relaxed); }
    load_unit(load_unit&& other) noexcept : load_{std::exchange(other.load_, nullptr)} {}
    load_unit& operator=(load_unit&&) = delete;
    ~load_unit() {
        if (load_ != nullptr) load_->fetch_sub(1, std::memory_order_relaxed);
    }

private:
    std::atomic<std::size_t>* load_;
};

}  // namespace detail

/// N threads, each with an io_context and a scheduler of its own. A fiber stays on its thread; fibers of different threads run in
/// parallel. Its functions may be called on any thread, fibers included, where nothing else is said; none of them switches.
class runtime {
public:
    using tcp = boost::asio::ip::tcp;
    using connection_handler = std::function<void(tcp::socket)>;
    using stream_handler = std::function<void(stream<tcp::socket>)>;

    /// Starts the threads. Throws std::system_error if the system refuses one, or its processor; stack_unavailable for a stack size
    /// that cannot be.
    explicit runtime(runtime_options options = {}, std::source_location at = std::source_location::current());
    /// stop(), then join() without its failure. Not on one of its own fibers: that ends the process with a message.
    ~runtime();
    runtime(const runtime&) = delete;
    runtime& operator=(const runtime&) = delete;

    /// Number of threads.
    [[nodiscard]] std::size_t size() const noexcept;

    /// The scheduler and the context of one thread. Throw std::out_of_range.
    [[nodiscard]] scheduler& scheduler_at(std::size_t index) const;
    [[nodiscard]] boost::asio::io_context& context_at(std::size_t index) const;

    /// Starts a fiber on the thread with the fewest that were spawned by this object and live. The handle can be joined from any
    /// fiber, and from plain threads by get(). Throws std::logic_error after the runtime has ended, and what corun::spawn throws.
    template <class Function>
        requires std::invocable<std::decay_t<Function>&&>
    auto spawn(Function&& f, std::source_location at = std::source_location::current()) {
        return spawn(spawn_options{.at = at}, std::forward<Function>(f));
    }
    template <class Function>
        requires std::invocable<std::decay_t<Function>&&>
    auto spawn(const spawn_options& options, Function&& f) {
        return spawn_on(least_loaded(), options, std::forward<Function>(f));
    }

    /// Starts a fiber on a thread of one's choice. Throws std::out_of_range, and what spawn throws.
    template <class Function>
        requires std::invocable<std::decay_t<Function>&&>
    auto spawn_on(std::size_t index, Function&& f, std::source_location at = std::source_location::current()) {
        return spawn_on(index, spawn_options{.at = at}, std::forward<Function>(f));
    }
    template <class Function>
        requires std::invocable<std::decay_t<Function>&&>
    auto spawn_on(std::size_t index, const spawn_options& options, Function&& f) {
        refuse_if_ended();
        return corun::spawn(
            scheduler_at(index), options,
            [counted = detail::load_unit{load_of(index)}, f = std::decay_t<Function>(std::forward<Function>(f))]() mutable {
                return std::invoke(std::move(f));
            });
    }

    /// Accepts connections and calls `handler(socket)`, or `handler(stream)`, on a fiber of its own for each. It is called on
    /// several threads at a time. What it throws goes to the unhandled-failure handler; so does, at most every ten seconds, that no
    /// connection can be accepted for lack of descriptors or memory, which is tried again.
    /// @param at     port 0: any that is free
    /// @param handler  a generic lambda would fit as both: spell the type of its parameter
    /// @param where  shown in messages: where the connections' fibers come from
    /// @return where it listens. Throws boost::system::system_error that names the endpoint if it cannot: in use, not allowed …
    /// std::invalid_argument for an empty handler, std::logic_error after stop().
    tcp::endpoint serve(const tcp::endpoint& at, connection_handler handler, const serve_options& options = {},
                        std::source_location where = std::source_location::current());
    tcp::endpoint serve(const tcp::endpoint& at, stream_handler handler, const serve_options& options = {},
                        std::source_location where = std::source_location::current());

    /// Ends the runtime: accepts no more connections; after `grace` cancels every fiber (reason: shutdown), also those spawned
    /// later. Fibers run to their end, shields included. Returns at once. Again: the earlier end of grace counts.
    template <class Rep = std::int64_t, class Period = std::ratio<1>>
    void stop(std::chrono::duration<Rep, Period> grace = std::chrono::seconds{0}) {
        stop_at(detail::after(detail::saturated(grace)));
    }

    /// Blocks the calling thread until no thread has anything left to do: every fiber has ended, and what else was begun on the
    /// contexts, say a timer with a callback, has completed; stop() does not cancel that. Servers wait for stop(). Throws what a
    /// handler of unhandled failures, or a function that was posted to a context, has thrown: that stops the runtime. Throws
    /// switch_forbidden on a fiber.
    void join(std::source_location at = std::source_location::current());

private:
    [[nodiscard]] std::size_t least_loaded() const noexcept;
    [[nodiscard]] std::atomic<std::size_t>& load_of(std::size_t index) const;
    void refuse_if_ended() const;
    void stop_at(clock::time_point end_of_grace);

    std::unique_ptr<detail::runtime_impl> impl_;
};

}  // namespace corun
