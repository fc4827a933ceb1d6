#include "scheduler_impl.hpp"

#include <corun/socket.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <utility>

namespace corun::detail {
namespace {

readiness& descriptors_of(const fiber_record& fiber) noexcept { return impl_of(*fiber.owner).descriptors; }

}  // namespace

void abandon_waits(int fd) noexcept {
    if (scheduler_core* core = current_core(); core != nullptr && fd >= 0) impl_of(*core).descriptors.abandon(fd);
}

bool socket_wait::is_ready_now(int fd, acquaintance how, const char* operation) {
    if (has_ended() || fd < 0) return true;
    pollfd p{.fd = fd, .events = static_cast<short>(wait_.way == direction::read ? POLLIN : POLLOUT), .revents = 0};
    if (::poll(&p, 1, 0) != 0) return true;
    if (!has_waited()) return false;
    wait_.leave();
    descriptors_of(*wait_.fiber).is_exhausted(fd, wait_.way);
    return wait_on(*wait_.fiber, wait_.way, how, operation);
}

bool socket_wait::may_call(const fiber_record& self) noexcept { return self.owner->simulated == nullptr; }

void socket_wait::refuse_where_simulated(const fiber_record& self, const char* operation, int fd) {
    if (self.owner->simulated == nullptr) return;
    throw std::logic_error{std::string{"corun: "} + operation + " on a real descriptor, fd " + std::to_string(fd) +
                           ", inside of a simulation, at " + describe(self.where) + "; connect by corun::sim::network instead"};
}

bool socket_wait::register_and_wait(fiber_record& fiber, acquaintance how, const char* operation) {
    refuse_where_simulated(fiber, operation, wait_.fd);
    try {
        descriptors_of(fiber).add(wait_, how);
        return false;
    } catch (const boost::system::system_error& refused) {
        return fail(refused.code().value());
    }
}

void socket_wait::leave_the_rest(const fiber_record& self) noexcept { descriptors_of(self).is_readable_still(wait_.fd); }

void socket_wait::withdraw() noexcept {
    wait_.leave();
    if (wait_.takes_edge && std::exchange(wait_.events, 0) != 0) leave_the_rest(*wait_.fiber);
}

bool socket_wait::has_failed(fiber_record& self, acquaintance how, const char* operation) {
    if (errno == EBADF && was_abandoned()) return true;
    if (errno != EAGAIN && errno != EWOULDBLOCK) {
        fail(errno);
        if (wait_.takes_edge && has_waited()) leave_the_rest(self);
        return true;
    }
    descriptors_of(self).is_exhausted(wait_.fd, wait_.way);
    return has_waited() && wait_on(self, wait_.way, how, operation);
}

void socket_wait::take_turns(fiber_record& self) {
    {
        const paused_wait paused{self.owner->known_descriptors, wait_};
        give_way(self);
    }
    if (is_interrupted(self)) throw_cancelled(self);
}

boost::system::error_code socket_wait::error() const noexcept {
    if (outcome_ == end_of_file) return boost::asio::error::eof;
    return {outcome_, boost::system::system_category()};
}

void socket_wait::raise(const char* what) const { throw boost::system::system_error{error(), what}; }

accepting::~accepting() {
    if (accepted_ >= 0) ::close(accepted_);
}

bool accepting::accept_once(fiber_record& self, bool report_aborted, void* peer, socklen_t& size) noexcept {
    do accepted_ = ::accept4(wait_.fd, static_cast<sockaddr*>(peer), &size, SOCK_CLOEXEC);
    while (accepted_ < 0 && (errno == EINTR || (!report_aborted && (errno == ECONNABORTED || errno == EPROTO))));
    return accepted_ >= 0 ? finish() : has_failed(self, acquaintance::stranger, "accept");
}

int connecting::open_non_blocking(int family, int type, int protocol, boost::system::error_code& ec) noexcept {
    const int fd = ::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (fd < 0) ec.assign(errno, boost::system::system_category());
    if (const int off = 0; fd >= 0 && family == AF_INET6)
        ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);  // as Asio does
    return fd;
}

void connecting::make_non_blocking(int fd, boost::system::error_code& ec) noexcept {
    int on = 1;
    if (::ioctl(fd, FIONBIO, &on) != 0) ec.assign(errno, boost::system::system_category());
}

bool connecting::connect_once(const void* peer, std::size_t size) noexcept {
    if (::connect(wait_.fd, static_cast<const sockaddr*>(peer), static_cast<socklen_t>(size)) == 0) return finish();
    return errno == EINPROGRESS || errno == EINTR ? false : fail(errno);
}

// Woken: connected, unless an event says that something is wrong.
bool connecting::conclude() noexcept {
    if (wait_.events == 0) return false;
    wait_.leave();
    if ((wait_.events & (EPOLLERR | EPOLLHUP)) == 0) return finish();
    int pending = 0;
    socklen_t size = sizeof pending;
    if (::getsockopt(wait_.fd, SOL_SOCKET, SO_ERROR, &pending, &size) != 0) return fail(errno);
    return pending != 0 ? fail(pending) : finish();
}

}  // namespace corun::detail
