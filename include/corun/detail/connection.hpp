// Making connections.
#pragma once

#include <corun/detail/socket_wait.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <type_traits>
#include <utility>

namespace corun::detail {

// One accept4(2).
class accepting : public socket_wait {
protected:
    accepting() noexcept : socket_wait{direction::read} {}
    accepting(accepting&& other) noexcept : socket_wait{other} {}  // before it starts
    ~accepting();

    // Whether the outcome is there. `peer` and `size` receive the address.
    bool accept_once(fiber_record& self, bool report_aborted, void* peer, socklen_t& size) noexcept;
    [[nodiscard]] int release() noexcept { return std::exchange(accepted_, -1); }

private:
    int accepted_ = -1;
};

// @tparam Result  what takes over the connection; void: a socket
template <class Acceptor, class Executor, class Result = void>
class [[nodiscard]] accept_operation : public accepting {
public:
    using protocol = typename Acceptor::protocol_type;
    using socket = typename protocol::socket::template rebind_executor<Executor>::other;
    using result = std::conditional_t<std::is_void_v<Result>, socket, Result>;

    accept_operation(Acceptor& acceptor, const Executor& executor) : acceptor_{&acceptor}, executor_{executor} {}

    [[nodiscard]] bool ready() {
        return is_ready_now(has_begun() ? wait_.fd : acceptor_->native_handle(), acquaintance::stranger, "accept");
    }
    void start(const waker& w) { start_on(*w.fiber()); }
    bool start_on(fiber_record& fiber) {
        return (!has_begun() && !begin()) || wait_on(fiber, direction::read, acquaintance::stranger, "accept");
    }

    bool at_once(fiber_record& self) {
        if (has_begun()) return commit(self);
        return !begin() || (is_worth_a_call(self, direction::read) && attempt(self));
    }
    bool commit(fiber_record& self) {
        if (is_asleep()) return false;
        wait_.leave();
        return has_ended() || was_abandoned() || attempt(self);
    }
    bool commit_chosen(fiber_record& self) {
        wait_.leave();
        return (!has_begun() && !begin()) || was_abandoned() || attempt(self);
    }

    result get() {
        boost::system::error_code ec;
        result accepted = get(ec);
        if (ec) throw boost::system::system_error{ec, "accept"};
        return accepted;
    }
    result get(boost::system::error_code& ec) {
        result accepted{executor_};
        if (!is_success(*this)) {
            ec = error();
            return accepted;
        }
        const int fd = release();
        accepted.assign(peer_.protocol(), fd, ec);
        if (ec) ::close(fd);
        return accepted;
    }

private:
    friend socket_wait;

    bool attempt(fiber_record& self) {
        auto size = static_cast<socklen_t>(peer_.capacity());
        if (!accept_once(self, report_aborted_, peer_.data(), size)) return false;
        if (outcome_ == succeeded) peer_.resize(size);
        return true;
    }
    bool begin() {
        boost::system::error_code ec;
        if (!socket_wait::begin(acceptor_->native_handle())) return false;
        if (!acceptor_->native_non_blocking()) acceptor_->native_non_blocking(true, ec);
        if (ec) return !fail(ec.value());
        boost::asio::socket_base::enable_connection_aborted option;
        acceptor_->get_option(option, ec);
        report_aborted_ = option.value();
        return true;
    }

    Acceptor* acceptor_;
    Executor executor_;
    typename protocol::endpoint peer_;
    bool report_aborted_ = false;
};

// One connect(2), and what came of it.
class connecting : public socket_wait {
protected:
    connecting() noexcept : socket_wait{direction::write} {}
    bool connect_once(const void* peer, std::size_t size) noexcept;
    // Asio's own way takes a second call to make it non-blocking.
    [[nodiscard]] static int open_non_blocking(int family, int type, int protocol, boost::system::error_code& ec) noexcept;
    static void make_non_blocking(int fd, boost::system::error_code& ec) noexcept;
    bool conclude() noexcept;
};

template <class Socket>
class [[nodiscard]] connect_operation : public connecting {
public:
    using endpoint = typename Socket::endpoint_type;

    connect_operation(Socket& s, const endpoint& peer) : socket_{&s}, peer_{peer} {}

    [[nodiscard]] bool ready() { return has_begun() && is_ready_now(wait_.fd, acquaintance::known, "connect"); }
    void start(const waker& w) { start_on(*w.fiber()); }
    bool start_on(fiber_record& fiber) {
        if (!has_begun() && begin(fiber)) return true;
        meet(*socket_);
        know_anew(wait_.fd);  // what is known is of the time before it was connecting
        return wait_on(fiber, direction::write, acquaintance::known, "connect");
    }

    bool commit(fiber_record& self) {
        if (is_asleep()) return false;
        if (!has_begun()) return begin(self);
        return has_ended() || was_abandoned() || conclude();
    }
    bool commit_chosen(fiber_record& self) { return commit(self); }

    void get() {
        if (!is_success(*this)) raise("connect");
    }
    void get(boost::system::error_code& ec) {
        if (!is_success(*this)) ec = error();
    }

private:
    friend socket_wait;

    // True: it has ended already.
    bool begin(const fiber_record& self) {
        refuse_where_simulated(self, "connect", socket_->native_handle());
        boost::system::error_code ec;
        if (!socket_->is_open()) {
            const auto protocol = peer_.protocol();
            const int fd = open_non_blocking(protocol.family(), protocol.type(), protocol.protocol(), ec);
            if (!ec) socket_->assign(protocol, fd, ec);
            if (ec && fd >= 0) ::close(fd);
        } else if constexpr (requires { socket_->native_non_blocking(); }) {
            if (!socket_->native_non_blocking()) socket_->native_non_blocking(true, ec);
        } else {
            make_non_blocking(socket_->native_handle(), ec);  // a stream's
        }
        if (!socket_wait::begin(socket_->native_handle())) return ec ? fail(ec.value()) : true;
        return ec ? fail(ec.value()) : connect_once(peer_.data(), peer_.size());
    }

    Socket* socket_;
    endpoint peer_;
};

}  // namespace corun::detail
