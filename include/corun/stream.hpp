// A socket for libraries: corun's readiness service behind Asio's interface for streams.
#pragma once

#include <corun/detail/socket_holder.hpp>
#include <corun/detail/spawn_target.hpp>
#include <corun/detail/stream_wait.hpp>
#include <corun/detail/websocket_teardown.hpp>
#include <corun/socket.hpp>
#include <corun/token.hpp>

#include <boost/asio/async_result.hpp>

#include <utility>

namespace corun {

namespace detail {

// The scheduler whose executor it is; null: it is another kind of executor.
template <class Executor>
[[nodiscard]] scheduler_core* scheduler_behind(const Executor& executor) noexcept {
    using plain = scheduler::executor_type;
    using tracked = scheduler::tracked_executor_type;
    if constexpr (std::same_as<Executor, plain> || std::same_as<Executor, tracked>) {
        return &executor.core();
    } else if constexpr (requires { executor.template target<plain>(); }) {
        if (const auto* ours = executor.template target<plain>()) return &ours->core();
        const auto* ours = executor.template target<tracked>();
        return ours != nullptr ? &ours->core() : nullptr;
    } else {
        return nullptr;
    }
}

}  // namespace detail

/// A connected socket whose operations are those of <corun/socket.hpp> behind Asio's interface: an AsyncStream and SyncStream,
/// for asio::async_read and its kin, Beast, and asio::ssl::stream. From a fiber also an object for corun::read_some and the
/// others.
///
/// A stream that `corun::accept_stream` or `corun::connect` has opened is a descriptor that Asio's reactor knows nothing of: that
/// spares two system calls for each connection, and a part of each request's instructions. A socket that a stream is made from
/// leaves the reactor when the stream first has to wait. Whoever asks for `socket()` or `lowest_layer()` puts it into the reactor
/// for good: all of Asio's functions work on it, and the stream's own operations cost a little more. Options, endpoints and
/// `shutdown` are therefore here, too. Close the stream by `close()`: the socket's own leaves those who wait where they are.
///
/// As with Asio's sockets, one thread at a time; one read and one write may be under way at once; a second one of a kind fails
/// with asio::error::in_progress. Completion handlers run on their associated executor. Per-operation cancellation: all types,
/// without effect on the stream.
/// @tparam Socket  asio::basic_stream_socket of any protocol and executor
template <class Socket>
class stream : private detail::socket_holder<Socket> {
    using holder = detail::socket_holder<Socket>;

public:
    using typename holder::endpoint_type;
    using typename holder::executor_type;
    using typename holder::protocol_type;
    using lowest_layer_type = typename Socket::lowest_layer_type;
    using socket_type = Socket;

    /// From a socket, or what a socket is made from. Throws what that throws.
    template <class... Args>
        requires std::constructible_from<Socket, Args&&...>
    explicit stream(Args&&... args) : holder{std::in_place, std::forward<Args>(args)...} {}
    stream(stream&&) = default;
    stream& operator=(stream&& other) {
        if (this == &other) return *this;
        close();
        holder::operator=(std::move(other));
        return *this;
    }
    ~stream() { close(); }

    /// As a socket's. Each leaves the socket where it is, with Asio's reactor or without.
    using holder::assign, holder::available, holder::get_executor, holder::get_option, holder::is_open, holder::local_endpoint,
        holder::native_handle, holder::remote_endpoint, holder::set_option, holder::shutdown;

    /// As any socket of Asio's, also for its asynchronous operations; it may be moved from. Throws system_error where the reactor
    /// cannot take it; the stream is as before then.
    [[nodiscard]] Socket& socket() { return holder::object(); }
    [[nodiscard]] lowest_layer_type& lowest_layer() { return holder::object().lowest_layer(); }

    /// Closes the socket; reads and writes under way, fibers' and others', fail with asio::error::operation_aborted. Never switches.
    /// Where another thread is just driving the scheduler that they wait at, they fail, and the descriptor is closed, in that
    /// scheduler's next turn.
    void close() noexcept {
        if (is_open()) holder::close_socket();
    }
    void close(boost::system::error_code& ec) noexcept {
        ec.clear();
        close();
    }
    /// Reads and writes under way fail with asio::error::operation_aborted. Never switches.
    void cancel() noexcept {
        if (is_open()) holder::abandon_socket_waits();
    }

    /// Reads at least a byte. Signature: void(error_code, std::size_t); asio::error::eof at the end.
    template <class MutableBuffers, class Token = boost::asio::default_completion_token_t<executor_type>>
    auto async_read_some(const MutableBuffers& buffers, Token&& token = {}) {
        return initiate<detail::direction::read>(buffers, std::forward<Token>(token));
    }
    /// Writes at least a byte. Signature: void(error_code, std::size_t).
    template <class ConstBuffers, class Token = boost::asio::default_completion_token_t<executor_type>>
    auto async_write_some(const ConstBuffers& buffers, Token&& token = {}) {
        return initiate<detail::direction::write>(buffers, std::forward<Token>(token));
    }

    // For corun's operations: what schedulers know of it.
    using holder::is_registered_as, holder::meet, holder::own_descriptor, holder::registration, holder::waits_at;

    /// These block the thread, and put the socket into the reactor; for libraries that ask for them.
    template <class MutableBuffers, class... Error>
    std::size_t read_some(const MutableBuffers& buffers, Error&... ec) {
        return socket().read_some(buffers, ec...);
    }
    template <class ConstBuffers, class... Error>
    std::size_t write_some(const ConstBuffers& buffers, Error&... ec) {
        return socket().write_some(buffers, ec...);
    }

private:
    template <detail::direction Way>
    struct initiation {
        using executor_type = typename stream::executor_type;
        [[nodiscard]] executor_type get_executor() const noexcept { return self->get_executor(); }
        template <class Handler, class Buffers>
        void operator()(Handler&& handler, const Buffers& buffers) const {
            self->template begin<Way>(std::forward<Handler>(handler), buffers);
        }
        stream* self;
    };

    template <detail::direction Way, class Buffers, class Token>
    auto initiate(const Buffers& buffers, Token&& token) {
        return boost::asio::async_initiate<Token, void(boost::system::error_code, std::size_t)>(initiation<Way>{this}, token,
                                                                                                buffers);
    }

    template <detail::direction Way, class Handler, class Buffers>
    void begin(Handler&& handler, const Buffers& buffers) {
        using namespace detail;
        constexpr io_kind kind = kind_of<Socket>();
        const auto executor = boost::asio::get_associated_executor(handler, get_executor());
        scheduler_core* const own = scheduler_behind(executor);
        const scheduler_claim claim = own != nullptr ? scheduler_claim{*own} : scheduler_on(get_executor());
        scheduler_core& home = claim.core();
        const bool inside = own != nullptr && current_core() == &home;
        if (inside) {
            refuse_where_simulated(home, Way, native_handle());
            descriptor_table& known = home.known_descriptors;
            const int fd = native_handle();
            typename remaining<Buffers>::pieces pieces;
            std::size_t wanted = 0;
            const std::size_t count = remaining<Buffers>{buffers}.fill(pieces, 0, wanted);
            const descriptor_slot* slot = known.find(fd);
            if (count == 0 || slot == nullptr || (slot->bits & ready_bit(Way)) != 0) {
                const move_outcome outcome = move_at_once<kind, Way>(fd, pieces.data(), count, wanted);
                if (outcome.drained) known.was_drained(fd);
                if (!outcome.would_block)
                    return complete_at_once(std::forward<Handler>(handler), executor, outcome.error, outcome.moved);
                note_exhausted(home, fd, Way);
            }
        }
        using op = stream_operation<std::decay_t<Handler>, executor_type, Buffers, Way, kind>;
        meet();
        waits_at(home, Way);
        op::begin(std::forward<Handler>(handler), get_executor(), home, inside, buffers, native_handle());
    }
};

template <class Socket>
stream(Socket) -> stream<Socket>;

/// As `accept`. @return a stream whose executor is the acceptor's, or the one given. Asio's reactor is not told of its socket.
template <detail::asio_acceptor Acceptor, class Executor = typename Acceptor::executor_type>
    requires(boost::asio::is_executor<Executor>::value || boost::asio::execution::is_executor<Executor>::value)
[[nodiscard]] auto accept_stream(Acceptor& acceptor, const Executor& executor) {
    using socket = typename detail::accept_operation<Acceptor, Executor>::socket;
    return detail::accept_operation<Acceptor, Executor, stream<socket>>{acceptor, executor};
}
template <detail::asio_acceptor Acceptor>
[[nodiscard]] auto accept_stream(Acceptor& acceptor) {
    return accept_stream(acceptor, acceptor.get_executor());
}
template <detail::asio_acceptor Acceptor, class Context>
    requires std::derived_from<Context, boost::asio::execution_context>
[[nodiscard]] auto accept_stream(Acceptor& acceptor, Context& context) {
    return accept_stream(acceptor, context.get_executor());
}

}  // namespace corun
