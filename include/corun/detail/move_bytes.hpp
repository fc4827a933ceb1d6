// One call to the system that moves bytes, and buffers on their way.
#pragma once

#include <corun/detail/socket_wait.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include <array>
#include <type_traits>

#include <sys/socket.h>
#include <sys/uio.h>

namespace corun::detail {

template <class T>
concept stream_socket = asio_socket<T> && requires(T& s, boost::asio::mutable_buffer b) { s.read_some(b); };
template <class T>
concept stream_io = stream_socket<T> || asio_descriptor<T>;

enum class io_kind : std::uint8_t {
    tcp,         // where less than was asked for means that no more is there
    socket,      // others may stop at the border of a message, or of rights that were passed
    descriptor,  // read and written without the calls for sockets
};

template <class T>
constexpr io_kind kind_of() noexcept {
    if constexpr (!asio_socket<T>)
        return io_kind::descriptor;
    else if constexpr (requires { typename T::protocol_type::no_delay; })
        return io_kind::tcp;
    else
        return io_kind::socket;
}

// A buffer sequence on its way: what has not been moved yet, as the system wants it.
// @tparam Most  pieces for one call
template <class Buffers, std::size_t Most = 16>
class remaining {
public:
    static constexpr bool is_single = std::is_convertible_v<Buffers, boost::asio::const_buffer>;
    static constexpr std::size_t most = is_single ? 1 : Most;
    using pieces = std::array<iovec, most>;

    explicit remaining(const Buffers& buffers) : buffers_{buffers} {}

    [[nodiscard]] std::size_t size() const { return boost::asio::buffer_size(buffers_); }
    [[nodiscard]] CORUN_SWITCH bool is_used_up(std::size_t moved = 0) const { return size() == moved; }

    // @return  how many pieces were filled in; `bytes` receives their sum
    CORUN_SWITCH std::size_t fill(pieces& to, std::size_t moved, std::size_t& bytes) const {
        if constexpr (is_single) {
            const boost::asio::const_buffer whole{buffers_};
            bytes = whole.size() - moved;
            to[0] = {const_cast<char*>(static_cast<const char*>(whole.data())) + moved, bytes};
            return bytes != 0 ? 1 : 0;
        } else {
            return fill_from_several(to, moved, bytes);
        }
    }

private:
    std::size_t fill_from_several(pieces& to, std::size_t moved, std::size_t& bytes) const {
        std::size_t count = 0;
        bytes = 0;
        const auto last = boost::asio::buffer_sequence_end(buffers_);
        for (auto each = boost::asio::buffer_sequence_begin(buffers_); each != last && count != most; ++each) {
            const boost::asio::const_buffer piece{*each};
            if (moved >= piece.size()) {  // also what is empty
                moved -= piece.size();
                continue;
            }
            to[count] = {const_cast<char*>(static_cast<const char*>(piece.data())) + moved, piece.size() - moved};
            bytes += to[count++].iov_len;
            moved = 0;
        }
        return count;
    }

    Buffers buffers_;
};

constexpr int call_flags = MSG_DONTWAIT | MSG_NOSIGNAL;  // whatever mode the socket is in

// One call to the system. A single piece costs the kernel less.
template <io_kind Kind, direction Way>
CORUN_SWITCH ssize_t move_once(int fd, iovec* pieces, std::size_t count) noexcept {
    constexpr bool reads = Way == direction::read;
    if constexpr (Kind == io_kind::descriptor) {
        return reads ? ::readv(fd, pieces, static_cast<int>(count)) : ::writev(fd, pieces, static_cast<int>(count));
    } else if (count == 1) {
        return reads ? ::recv(fd, pieces->iov_base, pieces->iov_len, call_flags)
                     : ::send(fd, pieces->iov_base, pieces->iov_len, call_flags);
    } else {
        msghdr header{};
        header.msg_iov = pieces;
        header.msg_iovlen = count;
        return reads ? ::recvmsg(fd, &header, call_flags) : ::sendmsg(fd, &header, call_flags);
    }
}

// What one call came to.
struct move_outcome {
    std::size_t moved = 0;
    boost::system::error_code error{};
    bool would_block = false;
    bool drained = false;  // less was there than was asked for, and that means something
};
template <io_kind Kind, direction Way>
move_outcome move_at_once(int fd, iovec* pieces, std::size_t count, std::size_t wanted) noexcept {
    if (count == 0) return {};
    ssize_t n;
    do n = move_once<Kind, Way>(fd, pieces, count);
    while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return {.would_block = true};
    if (n < 0) return {.error = {errno, boost::system::system_category()}};
    if (Way == direction::read && n == 0) return {.error = boost::asio::error::eof};
    const auto moved = static_cast<std::size_t>(n);
    return {.moved = moved, .drained = Way == direction::read && Kind == io_kind::tcp && moved < wanted};
}

}  // namespace corun::detail
