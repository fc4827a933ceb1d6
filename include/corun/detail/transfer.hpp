// Reading and writing.
#pragma once

#include <corun/detail/move_bytes.hpp>

#include <type_traits>

namespace corun::detail {

// What moves a part before it has to wait for the rest is not for select.
struct moves_once {};
struct moves_in_parts {
    static constexpr bool has_effects_before_its_end = true;
};

// Reads or writes a stream once, or until the buffers are used up (`All`).
template <class Io, class Buffers, direction Way, bool All>
class [[nodiscard]] transfer_operation : public socket_wait, public std::conditional_t<All, moves_in_parts, moves_once> {
public:
    transfer_operation(Io& io, const Buffers& buffers) : socket_wait{Way, takes_edge}, io_{&io}, buffers_{buffers} {}

    [[nodiscard]] bool ready() {
        return buffers_.is_used_up() || is_ready_now(has_begun() ? wait_.fd : io_->native_handle(), wonted, name);
    }
    void start(const waker& w) { start_on(*w.fiber()); }
    bool start_on(fiber_record& fiber) {
        if (!has_begun() && !begin()) return true;
        if (io_ != nullptr) meet(*io_);
        if (wait_on(fiber, Way, wonted, name)) return true;
        if constexpr (remembers_registration)
            if (io_ != nullptr) {
                io_->waits_at(*fiber.owner, Way);
                io_->is_registered_as(Way, fiber.owner->known_descriptors.slots[wait_.fd].registration);
            }
        return false;
    }

    // Where nothing is to be had, and the socket remembers that this scheduler knows it, it is asleep afterwards.
    CORUN_SWITCH bool at_once(fiber_record& self) {
        if (has_begun()) [[unlikely]]
            return commit(self);
        descriptor_table& known = self.owner->known_descriptors;
        wait_.fd = descriptor_of(*io_);
        if (asio_descriptor<Io> || !known.knows(wait_.fd)) [[unlikely]]
            return at_once_otherwise(self);
        descriptor_slot& slot = known.slots[wait_.fd];
        if ((slot.bits & ready_bit(Way)) != 0) return attempt<false>(self);
        if (buffers_.is_used_up()) [[unlikely]]
            return finish();
        if constexpr (remembers_registration)
            if (slot.registration == io_->registration(Way)) known.enlist_registered(slot, wait_, Way, self);
        return false;
    }
    // A wait that has ended is worth a call.
    CORUN_SWITCH bool commit(fiber_record& self) { return has_ended() || commit_woken(self); }
    CORUN_SWITCH bool commit_woken(fiber_record& self) {
        if (wait_.events != 0) [[likely]] {
            descriptor_table& known = self.owner->known_descriptors;
            known.remove(known.slots[wait_.fd], wait_, Way);
        } else if (wait_.is_enlisted) {
            return false;
        }
        return attempt<takes_edge>(self);
    }
    bool commit_chosen(fiber_record& self) {
        wait_.leave();
        return (!has_begun() && !begin()) || attempt<false>(self);
    }

    std::size_t get() {
        if (!is_success(*this)) [[unlikely]]
            raise(name);
        return moved_;
    }
    std::size_t get(boost::system::error_code& ec) {
        if (!is_success(*this)) [[unlikely]]
            ec = error();
        return moved_;
    }

private:
    friend socket_wait;
    static constexpr io_kind kind = kind_of<Io>();
    static constexpr bool reads = Way == direction::read;
    static constexpr const char* name = reads ? "read" : "write";
    static constexpr bool takes_edge = reads && kind == io_kind::tcp;
    static constexpr bool remembers_registration = requires(Io& io) { io.registration(Way); };

    CORUN_SWITCH bool begin() {
        if (!socket_wait::begin(io_->native_handle())) return false;
        if constexpr (asio_descriptor<Io>) {
            boost::system::error_code ec;
            if (!io_->native_non_blocking()) io_->native_non_blocking(true, ec);
            if (ec) return !fail(ec.value());
        }
        return true;
    }
    static constexpr acquaintance wonted = asio_socket<Io> ? acquaintance::known : acquaintance::stranger;

    bool at_once_otherwise(fiber_record& self) {
        if (!begin()) return true;
        return is_worth_a_call(self, Way) ? attempt<false>(self) : buffers_.is_used_up() && finish();
    }

    // @tparam WasTold  it may have taken an edge
    template <bool WasTold>
    CORUN_SWITCH bool attempt(fiber_record& self) {
        for (;;) {
            typename remaining<Buffers>::pieces pieces;
            std::size_t wanted = 0;
            const std::size_t count = buffers_.fill(pieces, All ? moved_ : 0, wanted);
            if (count == 0) return finish();
            const ssize_t n = move_once<kind, Way>(wait_.fd, pieces.data(), count);
            if (n < 0) [[unlikely]] {
                if (errno == EINTR) continue;
                return has_failed(self, wonted, name);
            }
            if (reads && static_cast<std::size_t>(n) < wanted) {
                if (n == 0) return fail(end_of_file);
                if (kind == io_kind::tcp && !WasTold) self.owner->known_descriptors.was_drained(wait_.fd);
            } else if (WasTold) {
                leave_the_rest(self);
            }
            moved_ = (All ? moved_ : 0) + static_cast<std::size_t>(n);
            if (!All || buffers_.is_used_up(moved_)) return finish();
            if (!goes_on(self)) return has_ended();
        }
    }
    // Another call for the rest, after the others' turn, if it may bring more. Who had waited waits again otherwise.
    bool goes_on(fiber_record& self) {
        if (!self.owner->spend()) pause(self);
        if (is_worth_a_call(self, Way)) return true;
        if (has_waited()) (void)wait_on(self, Way, wonted, name);
        return false;
    }
    // The object may be gone afterwards.
    void pause(fiber_record& self) {
        if (Io* const io = std::exchange(io_, nullptr)) meet(*io);
        take_turns(self);
    }

    Io* io_;  // until others have had a turn between two calls
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

    [[nodiscard]] bool ready() {
        return is_ready_now(has_begun() ? wait_.fd : socket_->native_handle(), acquaintance::known, name);
    }
    void start(const waker& w) { start_on(*w.fiber()); }
    bool start_on(fiber_record& fiber) {
        if (!has_begun() && !begin(socket_->native_handle())) return true;
        meet(*socket_);
        return wait_on(fiber, Way, acquaintance::known, name);
    }

    bool at_once(fiber_record& self) {
        if (has_begun()) return commit(self);
        return !begin(socket_->native_handle()) || (is_worth_a_call(self, Way) && attempt(self));
    }
    bool commit(fiber_record& self) {
        if (is_asleep()) return false;
        wait_.leave();
        return has_ended() || was_abandoned() || attempt(self);
    }
    bool commit_chosen(fiber_record& self) {
        wait_.leave();
        return (!has_begun() && !begin(socket_->native_handle())) || was_abandoned() || attempt(self);
    }

    std::size_t get() {
        if (!is_success(*this)) raise(name);
        return moved_;
    }
    std::size_t get(boost::system::error_code& ec) {
        if (!is_success(*this)) ec = error();
        return moved_;
    }

private:
    friend socket_wait;
    static constexpr const char* name = Way == direction::read ? "recv_from" : "send_to";

    bool attempt(fiber_record& self) {
        typename pieces_of_datagram::pieces pieces;
        std::size_t wanted = 0;
        msghdr header{};
        header.msg_iovlen = buffers_.fill(pieces, 0, wanted);
        header.msg_iov = pieces.data();
        ssize_t n;
        do n = call(header);
        while (n < 0 && errno == EINTR);
        if (n < 0) return has_failed(self, acquaintance::known, name);
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

    // What the system has no room for in one call cannot follow in another. As many as Asio passes.
    using pieces_of_datagram = remaining<Buffers, 64>;

    Socket* socket_;
    pieces_of_datagram buffers_;
    peer peer_;
    std::size_t moved_ = 0;
};

template <class Io, class Buffers, bool All>
using read_operation = transfer_operation<Io, Buffers, direction::read, All>;
template <class Io, class Buffers, bool All>
using write_operation = transfer_operation<Io, Buffers, direction::write, All>;

}  // namespace corun::detail
