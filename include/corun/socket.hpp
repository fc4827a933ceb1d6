// Sockets, acceptors and descriptors of Asio, without a handler per operation.
#pragma once

#include <corun/detail/connection.hpp>
#include <corun/detail/transfer.hpp>
#include <corun/yield.hpp>

#include <boost/asio/execution/executor.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/is_executor.hpp>

#include <concepts>

namespace corun {

// The operations below are for Asio's own sockets, acceptors and descriptors, of any executor, and fail with Asio's errors. They
// ask the system directly, and keep the descriptor registered with the fiber's scheduler, not with the socket's context: a request
// needs no handler and no registration. For one object they may be mixed with Asio's operations.
//
// - The object is not touched while the fiber waits and may be moved then. It must not be closed: see docs/guide/sockets.md.
// - A fiber for each direction of a socket; one that would have to wait for a direction that another fiber waits for gets
//   std::logic_error.
// - A cancelled wait is withdrawn. What `read` and `write` had moved is then lost count of.
// - `ready()` asks the system by poll(2) and takes nothing. So all but `read` and `write` may be cases of a `select`: those move a
//   part and wait for the rest.

/// Reads what is there, at least a byte. @param io  a stream socket or a stream descriptor @return the number of bytes; 0 only for
/// buffers without room. Fails with asio::error::eof at the end.
template <detail::stream_io Io, class MutableBuffers>
    requires boost::asio::is_mutable_buffer_sequence<MutableBuffers>::value
[[nodiscard]] detail::read_operation<Io, MutableBuffers, false> read_some(Io& io, const MutableBuffers& buffers) {
    return {io, buffers};
}

/// Reads until the buffers are full. @return the number of bytes. Fails with asio::error::eof when the end comes before; with an
/// error_code the number of bytes until then is returned.
template <detail::stream_io Io, class MutableBuffers>
    requires boost::asio::is_mutable_buffer_sequence<MutableBuffers>::value
[[nodiscard]] detail::read_operation<Io, MutableBuffers, true> read(Io& io, const MutableBuffers& buffers) {
    return {io, buffers};
}

/// Writes as much as there is room for, at least a byte. @return the number of bytes.
template <detail::stream_io Io, class ConstBuffers>
    requires boost::asio::is_const_buffer_sequence<ConstBuffers>::value
[[nodiscard]] detail::write_operation<Io, ConstBuffers, false> write_some(Io& io, const ConstBuffers& buffers) {
    return {io, buffers};
}

/// Writes all. @return the number of bytes; with an error_code, also of those before the failure.
template <detail::stream_io Io, class ConstBuffers>
    requires boost::asio::is_const_buffer_sequence<ConstBuffers>::value
[[nodiscard]] detail::write_operation<Io, ConstBuffers, true> write(Io& io, const ConstBuffers& buffers) {
    return {io, buffers};
}

/// Accepts a connection. @return a socket whose executor is the acceptor's, or the one given. Like Asio, it passes over connections
/// that were aborted before they were accepted, unless the acceptor's option enable_connection_aborted is set.
template <detail::asio_acceptor Acceptor>
[[nodiscard]] auto accept(Acceptor& acceptor) {
    return detail::accept_operation<Acceptor, typename Acceptor::executor_type>{acceptor, acceptor.get_executor()};
}
template <detail::asio_acceptor Acceptor, class Executor>
    requires(boost::asio::is_executor<Executor>::value || boost::asio::execution::is_executor<Executor>::value)
[[nodiscard]] auto accept(Acceptor& acceptor, const Executor& executor) {
    return detail::accept_operation<Acceptor, Executor>{acceptor, executor};
}
template <detail::asio_acceptor Acceptor, class Context>
    requires std::derived_from<Context, boost::asio::execution_context>
[[nodiscard]] auto accept(Acceptor& acceptor, Context& context) {
    return accept(acceptor, context.get_executor());
}

/// Connects, and opens the socket first if it is not open. A cancelled connect leaves the socket connecting: close it.
template <detail::asio_socket Socket>
[[nodiscard]] detail::connect_operation<Socket> connect(Socket& s, const typename Socket::endpoint_type& peer) {
    return {s, peer};
}

/// Receives a datagram; what the buffers have no room for is lost. @param peer  receives where it came from @return its bytes.
template <detail::asio_socket Socket, class MutableBuffers>
    requires boost::asio::is_mutable_buffer_sequence<MutableBuffers>::value
[[nodiscard]] detail::datagram_operation<Socket, MutableBuffers, detail::direction::read> recv_from(
    Socket& s, const MutableBuffers& buffers, typename Socket::endpoint_type& peer) {
    return {s, buffers, &peer};
}

/// Sends a datagram. @return its bytes.
template <detail::asio_socket Socket, class ConstBuffers>
    requires boost::asio::is_const_buffer_sequence<ConstBuffers>::value
[[nodiscard]] detail::datagram_operation<Socket, ConstBuffers, detail::direction::write> send_to(
    Socket& s, const ConstBuffers& buffers, const typename Socket::endpoint_type& peer) {
    return {s, buffers, peer};
}

/// Closes a socket, acceptor or descriptor. Fibers of the calling fiber's scheduler that wait for it fail with
/// asio::error::operation_aborted; the object's own `close` and `cancel` would leave them waiting. Never switches.
/// On a fiber, or in a function that its scheduler's executor runs; elsewhere it is the object's own close.
template <class Io>
    requires(detail::asio_socket<Io> || detail::asio_acceptor<Io> || detail::asio_descriptor<Io>)
void close(Io& io) {
    boost::system::error_code ignored;  // the descriptor is closed in any case
    detail::abandon_waits(io.native_handle());
    io.close(ignored);
}

}  // namespace corun
