// A network in memory, in the simulation's time, that fails on command.
#pragma once

#include <corun/clock.hpp>
#include <corun/detail/simulation.hpp>
#include <corun/scheduler.hpp>
#include <corun/sim/pending.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace corun::sim {

/// Where somebody listens.
struct endpoint {
    std::string host;
    std::uint16_t port = 0;
    friend bool operator==(const endpoint&, const endpoint&) = default;
};

/// One direction between two hosts.
struct link {
    clock::duration latency = std::chrono::milliseconds{1};  ///< of each segment
    clock::duration jitter{};          ///< up to so much more, at random; connections overtake each other, bytes of one do not
    std::uint64_t bandwidth = 0;       ///< bytes per second of one connection; 0: any number
    double partial = 0.5;              ///< probability that a read or write transfers less than it could
    double reset = 0;                  ///< probability, for each write, that the connection is reset; a decision of the schedule
};

/// Hosts and what connects them. To be made inside of a simulation (std::logic_error elsewhere) and to outlive nothing: streams
/// may live on, and are reset when it is destroyed. Nothing here switches but what is yielded on.
class network {
public:
    /// @param all  every direction between two hosts that is not said otherwise
    explicit network(link all = {});
    ~network();
    network(const network&) = delete;
    network& operator=(const network&) = delete;

    /// One direction from now on.
    void connect(const std::string& from, const std::string& to, const link& how);
    /// Nothing passes between the two, either way, until `heal`: what is on its way then arrives after it, as retransmissions
    /// would.
    void partition(const std::string& a, const std::string& b);
    void heal(const std::string& a, const std::string& b);
    /// Resets every connection between the two, at once and on both sides.
    void reset(const std::string& a, const std::string& b);
    /// What resolvers answer. A name that was never given resolves to itself, if a host of that name listens, else to
    /// host_not_found.
    void name(const std::string& name, std::vector<std::string> hosts);

    [[nodiscard]] const std::shared_ptr<detail::network_state>& state() const noexcept { return state_; }

private:
    std::shared_ptr<detail::network_state> state_;
};

/// One end of a connection: models Asio's AsyncReadStream and AsyncWriteStream, so that Beast, asio::ssl and composed operations
/// run on it. Movable. Errors are those of a TCP socket. One read and one write may be under way at a time; a cancellation ends
/// them at once.
class stream {
public:
    using executor_type = scheduler::executor_type;
    using lowest_layer_type = stream;

    /// @param host  whose end it is
    explicit stream(network& net, std::string host = "client");
    stream(executor_type executor, std::shared_ptr<detail::connection_end> end) noexcept;
    stream(stream&&) noexcept = default;
    stream& operator=(stream&&) noexcept;
    ~stream();

    [[nodiscard]] executor_type get_executor() const noexcept { return executor_; }
    [[nodiscard]] lowest_layer_type& lowest_layer() noexcept { return *this; }
    [[nodiscard]] const lowest_layer_type& lowest_layer() const noexcept { return *this; }

    /// `void(error_code)`, after a round trip. connection_refused where nobody listens. To a partitioned host it waits until it is
    /// healed.
    template <class Token = boost::asio::deferred_t>
    auto async_connect(const endpoint& to, Token&& token = {}) {
        return boost::asio::async_initiate<Token, void(boost::system::error_code)>(detail::initiate_async_connect{this}, token, to);
    }
    template <class Buffers, class Token = boost::asio::deferred_t>
    auto async_read_some(const Buffers& into, Token&& token = {}) {
        return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
            detail::initiate_async_read_some{this}, token, into);
    }
    template <class Buffers, class Token = boost::asio::deferred_t>
    auto async_write_some(const Buffers& from, Token&& token = {}) {
        return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(
            detail::initiate_async_write_some{this}, token, from);
    }

    /// Half-close: the peer reads what was sent, and then eof.
    void shutdown_send();
    /// What is under way ends with operation_aborted; the peer as with shutdown_send, and what it sends from then on resets its
    /// end.
    void close() noexcept;
    /// The peer's end is reset, one latency from now.
    void reset() noexcept;
    [[nodiscard]] bool is_open() const noexcept;

    [[nodiscard]] const std::shared_ptr<detail::connection_end>& end() const noexcept { return end_; }
    [[nodiscard]] const std::shared_ptr<detail::network_state>& net() const noexcept { return net_; }
    [[nodiscard]] const std::string& host() const noexcept { return host_; }

private:
    friend void detail::begin_connect(stream&, const endpoint&, detail::pending_ptr<boost::system::error_code>);

    executor_type executor_;
    std::shared_ptr<detail::network_state> net_;
    std::string host_;
    std::shared_ptr<detail::connection_end> end_;  // null until async_connect was called, and after a failed accept
};

/// Listens at an endpoint. Destroying it refuses what has not been accepted.
class acceptor {
public:
    using executor_type = scheduler::executor_type;

    /// Throws boost::system::system_error, address_in_use.
    acceptor(network& net, endpoint at);
    ~acceptor();
    acceptor(const acceptor&) = delete;
    acceptor& operator=(const acceptor&) = delete;

    [[nodiscard]] executor_type get_executor() const noexcept { return executor_; }

    /// `void(error_code, sim::stream)`.
    template <class Token = boost::asio::deferred_t>
    auto async_accept(Token&& token = {}) {
        return boost::asio::async_initiate<Token, void(boost::system::error_code, stream)>(detail::initiate_async_accept{this},
                                                                                           token);
    }
    /// What is under way ends with operation_aborted.
    void close() noexcept;

    [[nodiscard]] const std::shared_ptr<detail::listener>& state() const noexcept { return state_; }

private:
    executor_type executor_;
    std::shared_ptr<detail::listener> state_;
};

/// Answers from network::name.
class resolver {
public:
    using executor_type = scheduler::executor_type;
    using results_type = std::vector<endpoint>;

    explicit resolver(network& net);

    [[nodiscard]] executor_type get_executor() const noexcept { return executor_; }

    /// `void(error_code, results_type)`, after a latency.
    template <class Token = boost::asio::deferred_t>
    auto async_resolve(std::string host, std::uint16_t port, Token&& token = {}) {
        return boost::asio::async_initiate<Token, void(boost::system::error_code, results_type)>(
            detail::initiate_async_resolve{this}, token, endpoint{std::move(host), port});
    }

    [[nodiscard]] const std::shared_ptr<detail::network_state>& net() const noexcept { return net_; }

private:
    executor_type executor_;
    std::shared_ptr<detail::network_state> net_;
};

namespace detail {

template <class Handler>
void initiate_async_connect::operator()(Handler&& handler, const endpoint& to) const {
    begin_connect(*self, to, make_pending<boost::system::error_code>(std::forward<Handler>(handler), self->get_executor()));
}

template <class Handler, class Buffers>
void initiate_async_read_some::operator()(Handler&& handler, const Buffers& into) const {
    begin_read(*self, mutable_buffers{into},
               make_pending<boost::system::error_code, std::size_t>(std::forward<Handler>(handler), self->get_executor()));
}

template <class Handler, class Buffers>
void initiate_async_write_some::operator()(Handler&& handler, const Buffers& from) const {
    begin_write(*self, const_buffers{from},
                make_pending<boost::system::error_code, std::size_t>(std::forward<Handler>(handler), self->get_executor()));
}

template <class Handler>
void initiate_async_accept::operator()(Handler&& handler) const {
    begin_accept(*self, make_pending<boost::system::error_code, stream>(std::forward<Handler>(handler), self->get_executor()));
}

template <class Handler>
void initiate_async_resolve::operator()(Handler&& handler, const endpoint& what) const {
    begin_resolve(
        *self, what,
        make_pending<boost::system::error_code, resolver::results_type>(std::forward<Handler>(handler), self->get_executor()));
}

}  // namespace detail
}  // namespace corun::sim
