// A socket for libraries: corun's readiness service behind Asio's interface for streams.
#pragma once

#include <corun/detail/spawn_target.hpp>
#include <corun/detail/stream_wait.hpp>
#include <corun/detail/websocket_teardown.hpp>
#include <corun/socket.hpp>
#include <corun/token.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/detail/config.hpp>

#include <utility>

namespace corun {

namespace detail {

// Something that Asio accepts as a descriptor, and that no epoll instance does. Negative: none was to be had.
[[nodiscard]] int open_placeholder() noexcept;
[[nodiscard]] bool put_in_place_of(int placeholder, int socket) noexcept;
void close_number(int fd) noexcept;
void note_exhausted(scheduler_impl& home, int fd, direction way) noexcept;
// Those of that scheduler who wait for it are told, and fail. Any thread.
void abandon_waits_of(scheduler_impl& home, int fd) noexcept;

// Takes the socket out of its context's reactor, which would be told of each of its packets for nothing. Asio has no name for
// that: it leaves alone what epoll refuses, so it is given such a descriptor, and the socket is then put under that number.
// Asynchronous operations of the socket object would fail with operation_not_supported from then on, where they have to wait: nobody gets
// it before it has rejoined.
// Where anything fails, the socket stays as it was.
template <class Socket>
bool leave_reactor(Socket& s) noexcept {
#if defined(BOOST_ASIO_HAS_EPOLL) && !defined(BOOST_ASIO_HAS_IO_URING_AS_DEFAULT)
    boost::system::error_code ec;
    const auto protocol = s.local_endpoint(ec).protocol();
    if (ec) return false;
    const int placeholder = open_placeholder();
    if (placeholder < 0) return false;
    const int own = s.release(ec);
    if (!ec) s.assign(protocol, placeholder, ec);
    if (!ec && put_in_place_of(placeholder, own)) return true;
    if (s.is_open()) (void)s.release(ec);
    close_number(placeholder);
    s.assign(protocol, own, ec);
#else
    (void)s;
#endif
    return false;
}

// Undoes that, under the number that it has now. To schedulers it stays the socket that they know.
template <class Socket>
void rejoin_reactor(Socket& s) noexcept {
    boost::system::error_code ec;
    if (!s.is_open()) return;  // it has been moved away
    const auto protocol = s.local_endpoint(ec).protocol();
    const int number = s.release(ec);
    s.assign(protocol, number, ec);
    if (ec) close_number(number);  // the reactor had no memory or no room for it
    s.set_option(registered_mark{true}, ec);
}

// The scheduler whose executor it is; null: it is another kind of executor.
template <class Executor>
[[nodiscard]] scheduler_impl* scheduler_behind(const Executor& executor) noexcept {
    if constexpr (std::same_as<Executor, scheduler::executor_type>) {
        return &executor.impl();
    } else if constexpr (requires { executor.template target<scheduler::executor_type>(); }) {
        const auto* ours = executor.template target<scheduler::executor_type>();
        return ours != nullptr ? &ours->impl() : nullptr;
    } else {
        return nullptr;
    }
}

}  // namespace detail

/// A connected socket whose operations are those of <corun/socket.hpp> behind Asio's interface: an AsyncStream and SyncStream,
/// for asio::async_read and its kin, Beast, and asio::ssl::stream. From a fiber also an object for corun::read_some and the
/// others.
///
/// The stream owns its socket and takes it out of Asio's reactor when it first has to wait; its number changes at that moment. Asking
/// for `socket()` or `lowest_layer()`, unless as const, puts it back for good: all of Asio's functions work on it, and the stream's
/// own operations cost a little more from then on. So set options and connect before the first read or write. Close the stream by
/// `close()`: the socket's own leaves those who wait where they are.
///
/// As with Asio's sockets, one thread at a time; one read and one write may be under way at once; a second one of a kind fails
/// with asio::error::in_progress. Completion handlers run on their associated executor. Per-operation cancellation: all types,
/// without effect on the stream.
/// @tparam Socket  asio::basic_stream_socket of any protocol and executor
template <class Socket>
class stream {
public:
    using executor_type = typename Socket::executor_type;
    using protocol_type = typename Socket::protocol_type;
    using endpoint_type = typename Socket::endpoint_type;
    using lowest_layer_type = typename Socket::lowest_layer_type;
    using socket_type = Socket;

    /// From a socket, or what a socket is made from. Throws what that throws.
    template <class... Args>
        requires std::constructible_from<Socket, Args&&...>
    explicit stream(Args&&... args) : socket_(std::forward<Args>(args)...) {}
    stream(stream&&) = default;
    stream& operator=(stream&&) = default;
    ~stream() { close(); }

    [[nodiscard]] executor_type get_executor() noexcept { return socket_.get_executor(); }
    /// As any socket of Asio's, also for its asynchronous operations; it may be moved from.
    [[nodiscard]] Socket& socket() noexcept { return lay_open(); }
    [[nodiscard]] const Socket& socket() const noexcept { return socket_; }
    [[nodiscard]] lowest_layer_type& lowest_layer() noexcept { return lay_open().lowest_layer(); }
    [[nodiscard]] const lowest_layer_type& lowest_layer() const noexcept { return socket_.lowest_layer(); }
    [[nodiscard]] int native_handle() noexcept { return socket_.native_handle(); }
    [[nodiscard]] bool is_open() const noexcept { return socket_.is_open(); }

    /// Closes the socket; reads and writes under way fail with asio::error::operation_aborted. Never switches.
    void close() noexcept {
        if (!socket_.is_open()) return;
        cancel();
        boost::system::error_code ignored;  // it is closed in any case
        socket_.close(ignored);
        is_met_ = is_apart_ = false;
    }
    /// Reads and writes under way fail with asio::error::operation_aborted. Never switches.
    void cancel() noexcept {
        if (home_) detail::abandon_waits_of(*home_, socket_.native_handle());
        detail::abandon_waits(socket_.native_handle());
    }
    void shutdown(boost::asio::socket_base::shutdown_type what) { socket_.shutdown(what); }
    void shutdown(boost::asio::socket_base::shutdown_type what, boost::system::error_code& ec) { socket_.shutdown(what, ec); }

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

    // For corun's operations: notes that a scheduler is about to register it.
    [[nodiscard]] CORUN_SWITCH detail::acquaintance meet() { return is_met_ ? detail::acquaintance::known : meet_anew(); }

    /// These block the thread; for libraries that ask for them.
    template <class MutableBuffers, class... Error>
    std::size_t read_some(const MutableBuffers& buffers, Error&... ec) {
        return socket_.read_some(buffers, ec...);
    }
    template <class ConstBuffers, class... Error>
    std::size_t write_some(const ConstBuffers& buffers, Error&... ec) {
        return socket_.write_some(buffers, ec...);
    }

private:
    [[gnu::noinline]] detail::acquaintance meet_anew() {
        is_met_ = true;
        const detail::acquaintance how = detail::meet(socket_);
        if (how != detail::acquaintance::fresh) return how;
        is_apart_ = detail::leave_reactor(socket_);
        return detail::meet(socket_);  // to Asio it is another socket now, and fresh again
    }
    // Whoever has the socket may do with it what Asio allows. The waits under its number go on.
    Socket& lay_open() noexcept {
        is_met_ = false;
        if (std::exchange(is_apart_, false)) detail::rejoin_reactor(socket_);
        return socket_;
    }

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
        const auto executor = boost::asio::get_associated_executor(handler, socket_.get_executor());
        scheduler_impl* const own = scheduler_behind(executor);
        scheduler_impl& home = own != nullptr ? *own : scheduler_on(socket_.get_executor());
        if (home_.get() != &home) home_ = &home;
        const bool inside = own != nullptr && current_core() == core_of(home);
        if (inside) {
            refuse_where_simulated(*core_of(home), Way, socket_.native_handle());
            descriptor_table& known = core_of(home)->known_descriptors;
            const int fd = socket_.native_handle();
            typename remaining<Buffers>::pieces pieces;
            std::size_t wanted = 0;
            const std::size_t count = remaining<Buffers>{buffers}.fill(pieces, 0, wanted);
            if (count == 0 || known.is_worth_a_call(fd, Way)) {
                const move_outcome outcome = move_at_once<kind, Way>(fd, pieces.data(), count, wanted);
                if (outcome.drained) known.was_drained(fd);
                if (!outcome.would_block)
                    return complete_at_once(std::forward<Handler>(handler), executor, outcome.error, outcome.moved);
                note_exhausted(home, fd, Way);
            }
        }
        using op = stream_operation<std::decay_t<Handler>, executor_type, Buffers, Way, kind>;
        const acquaintance how = meet();
        op::begin(std::forward<Handler>(handler), socket_.get_executor(), home, inside, buffers, socket_.native_handle(), how);
    }

    Socket socket_;
    bool is_met_ = false;  // registered with some scheduler, and nobody else has had the socket since
    bool is_apart_ = false;  // from Asio's reactor
    boost::intrusive_ptr<detail::scheduler_impl> home_;  // where it was waited for last
};

template <class Socket>
stream(Socket) -> stream<Socket>;

}  // namespace corun
