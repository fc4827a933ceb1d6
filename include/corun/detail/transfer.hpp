// Reading and writing.
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
template <class Buffers>
class remaining {
public:
    static constexpr bool is_single = std::is_convertible_v<Buffers, boost::asio::const_buffer>;
    static constexpr std::size_t most = is_single ? 1 : 16;
    using pieces = std::array<iovec, most>;

    explicit remaining(const Buffers& buffers) : buffers_{buffers} {}

    [[nodiscard]] std::size_t size() const { return boost::asio::buffer_size(buffers_); }

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

// Reads or writes a stream once, or until the buffers are used up (`All`).
template <class Io, class Buffers, direction Way, bool All>
class [[nodiscard]] transfer_operation : public socket_wait {
public:
    transfer_operation(Io& io, const Buffers& buffers) : socket_wait{Way}, io_{&io}, buffers_{buffers} {}

    [[nodiscard]] bool ready() const { return is_ready_now(has_begun() ? wait_.fd : io_->native_handle()); }
    void start(const waker& w) { start_on(*w.fiber()); }
    CORUN_SWITCH bool start_on(fiber_record& fiber) { return (!has_begun() && !begin()) || wait_on(fiber, Way, introduce()); }

    CORUN_SWITCH bool at_once(fiber_record& self) {
        if (has_begun()) [[unlikely]]
            return commit(self);
        return !begin() || (is_worth_a_call(self, Way) && attempt(self));
    }
    // A wait that has ended is worth a call.
    CORUN_SWITCH bool commit(fiber_record& self) {
        if (is_asleep()) return false;
        return finished_ || was_abandoned() || attempt(self);
    }

    std::size_t get() {
        complete(*this);
        if (failure_ != 0) [[unlikely]]
            raise(reads ? "read" : "write");
        return moved_;
    }
    std::size_t get(boost::system::error_code& ec) {
        complete(*this);
        if (failure_ != 0) [[unlikely]]
            ec = error();
        return moved_;
    }

private:
    friend socket_wait;
    static constexpr io_kind kind = kind_of<Io>();
    static constexpr bool reads = Way == direction::read;

    CORUN_SWITCH bool begin() {
        if (!socket_wait::begin(io_->native_handle())) return false;
        if constexpr (asio_descriptor<Io>) {
            boost::system::error_code ec;
            if (!io_->native_non_blocking()) io_->native_non_blocking(true, ec);
            if (ec) return !fail(ec.value());
        }
        return true;
    }
    // A stream's socket changes its number when it is met first.
    CORUN_SWITCH acquaintance introduce() {
        const acquaintance how = meet(*io_);
        if (how == acquaintance::fresh) wait_.fd = io_->native_handle();
        return how;
    }
    static constexpr acquaintance wonted = asio_socket<Io> ? acquaintance::known : acquaintance::stranger;

    CORUN_SWITCH bool attempt(fiber_record& self) {
        for (;;) {
            typename remaining<Buffers>::pieces pieces;
            std::size_t wanted = 0;
            const std::size_t count = buffers_.fill(pieces, moved_, wanted);
            if (count == 0) return finish();
            const ssize_t n = move_once<kind, Way>(wait_.fd, pieces.data(), count);
            if (n < 0) [[unlikely]] {
                if (errno == EINTR) continue;
                return has_failed(self, wonted);
            }
            if (reads && static_cast<std::size_t>(n) < wanted) {
                if (n == 0) return fail(end_of_file);
                if (kind == io_kind::tcp) self.owner->known_descriptors.was_drained(wait_.fd);
            }
            moved_ += static_cast<std::size_t>(n);
            if (!All || moved_ == buffers_.size()) return finish();
            if (!goes_on(self)) return false;
        }
    }
    // Another call for the rest, after the others' turn, if it may bring more. Who had waited waits again otherwise.
    bool goes_on(fiber_record& self) {
        take_turns(self);
        if (is_worth_a_call(self, Way)) return true;
        if (has_waited()) (void)wait_on(self, Way, wonted);
        return false;
    }

    Io* io_;
    remaining<Buffers> buffers_;
    std::size_t moved_ = 0;
};

// One datagram, with its peer.
template <class Socket, class Buffers, direction Way>
class [[nodiscard]] datagram_operation : public socket_wait {
public:
    using endpoint = typename Socket::endpoint_type;
    using peer = std::conditional_t<Way == direction::read, endpoint*, endpoint>;

    datagram_operation(Socket& s, const Buffers& buffers, peer p) : socket_wait{Way}, socket_{&s}, buffers_{buffers}, peer_{p} {}

    [[nodiscard]] bool ready() const { return is_ready_now(has_begun() ? wait_.fd : socket_->native_handle()); }
    void start(const waker& w) { start_on(*w.fiber()); }
    bool start_on(fiber_record& fiber) {
        return (!has_begun() && !begin(socket_->native_handle())) || wait_on(fiber, Way, meet(*socket_));
    }

    bool at_once(fiber_record& self) {
        if (has_begun()) return commit(self);
        return !begin(socket_->native_handle()) || (is_worth_a_call(self, Way) && attempt(self));
    }
    bool commit(fiber_record& self) {
        if (is_asleep()) return false;
        return finished_ || was_abandoned() || attempt(self);
    }

    std::size_t get() {
        complete(*this);
        if (failure_ != 0) raise(Way == direction::read ? "recv_from" : "send_to");
        return moved_;
    }
    std::size_t get(boost::system::error_code& ec) {
        complete(*this);
        if (failure_ != 0) ec = error();
        return moved_;
    }

private:
    friend socket_wait;

    bool attempt(fiber_record& self) {
        typename remaining<Buffers>::pieces pieces;
        std::size_t wanted = 0;
        msghdr header{};
        header.msg_iovlen = buffers_.fill(pieces, 0, wanted);
        header.msg_iov = pieces.data();
        ssize_t n;
        do n = call(header);
        while (n < 0 && errno == EINTR);
        if (n < 0) return has_failed(self, acquaintance::known);
        moved_ = static_cast<std::size_t>(n);
        return finish();
    }
    ssize_t call(msghdr& header) {
        if constexpr (Way == direction::read) {
            header.msg_name = peer_->data();
            header.msg_namelen = static_cast<socklen_t>(peer_->capacity());
            const ssize_t n = ::recvmsg(wait_.fd, &header, call_flags);
            if (n >= 0) peer_->resize(header.msg_namelen);
            return n;
        } else {
            header.msg_name = peer_.data();
            header.msg_namelen = static_cast<socklen_t>(peer_.size());
            return ::sendmsg(wait_.fd, &header, call_flags);
        }
    }

    Socket* socket_;
    remaining<Buffers> buffers_;
    peer peer_;
    std::size_t moved_ = 0;
};

template <class Io, class Buffers, bool All>
using read_operation = transfer_operation<Io, Buffers, direction::read, All>;
template <class Io, class Buffers, bool All>
using write_operation = transfer_operation<Io, Buffers, direction::write, All>;

}  // namespace corun::detail
