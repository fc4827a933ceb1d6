// What the operations on sockets share: how they ask the system, and how they wait when it has nothing for them.
#pragma once

#include <corun/detail/io_wait.hpp>
#include <corun/detail/wait_info.hpp>
#include <corun/operation.hpp>

#include <boost/asio/socket_base.hpp>
#include <boost/system/error_code.hpp>

#include <cerrno>
#include <concepts>
#include <cstddef>
#include <source_location>

namespace corun::detail {

// Asio's sockets, of any protocol and executor.
template <class T>
concept asio_socket = requires(T& s) {
    { s.native_handle() } -> std::convertible_to<int>;
    typename T::protocol_type;
    s.shutdown(boost::asio::socket_base::shutdown_send);
};
template <class T>
concept asio_acceptor = requires(T& s) {
    { s.native_handle() } -> std::convertible_to<int>;
    typename T::protocol_type;
    s.listen();
};
// Asio's stream descriptors: pipes, terminals, serial ports.
template <class T>
concept asio_descriptor = !asio_socket<T> && !asio_acceptor<T> && requires(T& d) {
    { d.native_handle() } -> std::convertible_to<int>;
    d.native_non_blocking(true);
};

// The mark that a scheduler leaves on a socket before it registers it. It must be reset when the socket is closed and opened again,
// go along when it is moved, and cost no system call: Asio keeps the option that follows in the socket object, resets it so, and
// heeds it only in acceptors.
using registered_mark = boost::asio::socket_base::enable_connection_aborted;

// What is known of the number is of another socket, or of this one in another state.
inline void know_anew(int fd) noexcept { adoptions_of(fd).fetch_add(1, std::memory_order_seq_cst); }

// From now on it is known.
template <asio_socket Socket>
CORUN_SWITCH void meet_plain(Socket& socket) {
    boost::system::error_code ignored;
    registered_mark mark;
    socket.get_option(mark, ignored);
    if (mark.value()) [[likely]]
        return;
    socket.set_option(registered_mark{true}, ignored);
    know_anew(socket.native_handle());
}
template <class Io>
CORUN_SWITCH void meet(Io& io) {
    if constexpr (requires { io.meet(); })
        io.meet();  // a stream
    else if constexpr (asio_socket<Io>)
        meet_plain(io);
}
// Its descriptor where that is quickly told; otherwise a negative number.
template <class Io>
CORUN_SWITCH int descriptor_of(Io& io) {
    if constexpr (requires { io.own_descriptor(); })
        return io.own_descriptor();
    else
        return io.native_handle();
}
// Those of the calling thread's scheduler who wait for it are woken, and fail.
void abandon_waits(int fd) noexcept;

// One wait and the outcome of the calls around it. The derived class has `at_once(fiber)` and, for later, `commit(fiber)`, which
// `await` asks in place of `ready`: they make the calls, and say whether the outcome is there. From the first call on the number
// counts, not the object, which may be moved while the fiber waits.
class socket_wait {
public:
    // Waiting, and nothing has come yet.
    [[nodiscard]] CORUN_SWITCH bool is_asleep() const noexcept { return wait_.is_enlisted && wait_.events == 0; }
    [[nodiscard]] CORUN_SWITCH bool has_enlisted() const noexcept { return wait_.is_enlisted; }
    [[nodiscard]] bool cancel() noexcept {
        withdraw();
        return true;
    }
    void describe_wait(wait_info& info) const noexcept {
        info.say(wait_.way == direction::read ? "socket to be readable, fd " : "socket to be writable, fd ",
                 static_cast<std::uint64_t>(wait_.fd));
    }

protected:
    // What an operation came to; other values are errno's.
    static constexpr int succeeded = 0, end_of_file = -1, undecided = -2;

    // @param takes_edge  it calls the system whenever it is told, and tells when that may have left something behind
    explicit socket_wait(direction way, bool takes_edge = false) noexcept : wait_{not_begun, way, takes_edge} {}
    socket_wait(const socket_wait&) noexcept = default;  // before it starts
    socket_wait& operator=(const socket_wait&) = delete;
    ~socket_wait() {
        if (outcome_ == undecided) withdraw();
    }
    void withdraw() noexcept;

    [[nodiscard]] bool has_begun() const noexcept { return wait_.fd != not_begun; }
    // False: it has failed.
    CORUN_SWITCH bool begin(int fd) noexcept {
        wait_.fd = fd;
        if (fd < 0) [[unlikely]]
            fail(EBADF);
        return fd >= 0;
    }
    // A wait that was told of something, which need not be there any more.
    [[nodiscard]] bool has_waited() const noexcept { return wait_.events != 0; }
    // Whether a call is worth it now, as far as is known. After a wait that was told of something it is.
    [[nodiscard]] CORUN_SWITCH bool is_worth_a_call(const fiber_record& self, direction way) const noexcept {
        const descriptor_slot* known = self.owner->known_descriptors.find(wait_.fd);
        return known != nullptr ? (known->bits & ready_bit(way)) != 0 : may_call(self);
    }
    // In a simulation nobody calls the system: who would is refused where it begins to wait.
    [[nodiscard]] static bool may_call(const fiber_record& self) noexcept;
    static void refuse_where_simulated(const fiber_record& self, const char* operation, int fd);
    // Whether a call would not block, or would fail, by asking the system; takes nothing. Who was told of something that somebody
    // else has taken waits again.
    [[nodiscard]] bool is_ready_now(int fd, acquaintance how, const char* operation);

    // True: it has ended, because it could not be registered. Throws std::logic_error inside of a simulation.
    CORUN_SWITCH bool wait_on(fiber_record& fiber, direction way, acquaintance how, const char* operation) {
        wait_.fiber = &fiber;
        if (how == acquaintance::known && fiber.owner->known_descriptors.enlist_known(wait_, way)) [[likely]]
            return false;
        return register_and_wait(fiber, how, operation);
    }
    bool register_and_wait(fiber_record& fiber, acquaintance how, const char* operation);
    // After a call that failed with errno: true if that is the outcome, false if the call would have blocked. Who had waited
    // waits again then.
    bool has_failed(fiber_record& self, acquaintance how, const char* operation);
    CORUN_SWITCH bool was_abandoned() noexcept { return wait_.fd == io_wait::closed && fail(ECANCELED); }
    // It has taken an edge, and has not found the end of what there is.
    void leave_the_rest(const fiber_record& self) noexcept;
    // Between two calls of one operation the others get their turn. Throws `cancelled`.
    void take_turns(fiber_record& self);

    [[nodiscard]] CORUN_SWITCH bool has_ended() const noexcept { return outcome_ != undecided; }
    // Nobody who is asleep ends: an event, or a failure to wait, has taken the wait out of its slot.
    CORUN_SWITCH bool finish() noexcept { return fail(succeeded); }
    CORUN_SWITCH bool fail(int why) noexcept {
        outcome_ = why;
        return true;
    }
    [[nodiscard]] boost::system::error_code error() const noexcept;
    [[noreturn]] void raise(const char* what) const;

    // Whether it succeeded. Where nobody has called `commit`, because `ready` has chosen it among others, it is done now. The system
    // has said that a call is worth it, whatever was known of the descriptor.
    template <class Operation>
    CORUN_SWITCH static bool is_success(Operation& op) {
        return op.outcome_ == succeeded || (op.outcome_ == undecided && is_success_late(op));
    }
    template <class Operation>
    [[gnu::noinline]] static bool is_success_late(Operation& op) {
        fiber_record& self = this_fiber_record(std::source_location{});
        if (!may_call(self) || !op.commit_chosen(self)) await(self, op);
        return op.outcome_ == succeeded;
    }

    io_wait wait_;
    int outcome_ = undecided;

private:
    static constexpr int not_begun = -2;
};

}  // namespace corun::detail
