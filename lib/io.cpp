#include "scheduler_impl.hpp"

#include <corun/io.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <cerrno>
#include <stdexcept>

namespace corun {
namespace {

// What is wrong with a descriptor of which the system says error or hang-up.
boost::system::error_code trouble_of(int fd, detail::direction direction, bool error) {
    int pending = 0;
    socklen_t size = sizeof pending;
    if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &pending, &size) == 0 && pending != 0)
        return {pending, boost::system::system_category()};
    if (direction == detail::direction::read && !error) return boost::asio::error::eof;
    return boost::asio::error::broken_pipe;
}

// A socket that has hung up says readable, too. Looks whether anything is left to read.
boost::system::error_code end_of(int fd) {
    char next;
    const ssize_t n = ::recv(fd, &next, 1, MSG_PEEK | MSG_DONTWAIT);
    if (n == 0) return boost::asio::error::eof;
    if (n < 0 && errno != ENOTSOCK && errno != EAGAIN) return {errno, boost::system::system_category()};
    return {};
}

}  // namespace

// Asks the system the first time, so that a descriptor that is ready costs one call and no registration.
bool ready_operation::ready() noexcept {
    if (!done_ && wait_.fd < 0) {  // also one that was closed meanwhile
        done_ = true;
        error_ = boost::asio::error::bad_descriptor;
    }
    // Urgent data alone is nothing to be read.
    if (wait_.way == detail::direction::read && (wait_.events & ~unsigned{EPOLLPRI | EPOLLOUT}) == 0) wait_.events = 0;
    if (!done_ && wait_.events != 0) conclude(wait_.events);
    if (done_ || asked_system_ || detail::current_simulation() != nullptr) return done_;
    asked_system_ = true;
    const bool reads = wait_.way == detail::direction::read;
    pollfd p{.fd = wait_.fd, .events = static_cast<short>(reads ? POLLIN | POLLRDHUP : POLLOUT), .revents = 0};
    if (::poll(&p, 1, 0) > 0) conclude(static_cast<unsigned>(p.revents));
    return done_;
}

// The bits are poll's, which epoll shares.
void ready_operation::conclude(unsigned events) noexcept {
    const bool reads = wait_.way == detail::direction::read;
    done_ = true;
    if ((events & POLLNVAL) != 0)
        error_ = boost::asio::error::bad_descriptor;
    else if (reads && (events & POLLIN) != 0) {
        if ((events & (POLLRDHUP | POLLHUP | POLLERR)) != 0) error_ = end_of(wait_.fd);
    } else if ((events & (POLLERR | POLLHUP)) != 0)
        error_ = trouble_of(wait_.fd, wait_.way, (events & POLLERR) != 0);
    wait_.leave();
}

void ready_operation::start_on(detail::fiber_record& fiber) {
    if (fiber.owner->simulated != nullptr)
        throw std::logic_error{"corun: a descriptor is waited for inside of a simulation, at " + detail::describe(fiber.where)};
    wait_.fiber = &fiber;
    detail::impl_of(*fiber.owner).descriptors.add(wait_, detail::acquaintance::stranger);
}

bool ready_operation::cancel() noexcept {
    wait_.leave();
    return true;
}

void ready_operation::get() {
    if (error_) throw boost::system::system_error{error_, wait_.way == detail::direction::read ? "readable" : "writable"};
}

}  // namespace corun
