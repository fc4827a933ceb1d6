#include "readiness.hpp"

#include "scheduler_impl.hpp"

#include <boost/system/system_error.hpp>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <sys/epoll.h>

namespace corun::detail {
namespace {

constexpr int events_per_call = 64;

[[noreturn]] void throw_last_error(const char* what) {
    throw boost::system::system_error{errno, boost::system::system_category(), what};
}

}  // namespace

readiness::~readiness() = default;

int readiness::control(int how, int fd, const waiters& w) noexcept {
    epoll_event event{};
    event.events = EPOLLONESHOT | (w.reader != nullptr ? EPOLLIN | EPOLLRDHUP : 0U) | (w.writer != nullptr ? EPOLLOUT : 0U);
    event.data.fd = fd;
    return ::epoll_ctl(epoll_->native_handle(), how, fd, &event);
}

void readiness::open(const boost::asio::any_io_executor& executor) {
    if (epoll_) return;
    const int fd = ::epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0) throw_last_error("epoll_create1");
    epoll_.emplace(executor, fd);
}

void readiness::add(ready_operation& op) {
    open(owner_.executor);
    const auto [place, is_new] = waiting_.try_emplace(op.fd_);
    waiters& w = place->second;
    ready_operation*& mine = op.direction_ == direction::read ? w.reader : w.writer;
    if (mine != nullptr)
        throw std::logic_error{"corun: two fibers wait for the same direction of descriptor " + std::to_string(op.fd_)};
    mine = &op;
    if (control(is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, op.fd_, w) != 0 &&
        !(errno == EEXIST && control(EPOLL_CTL_MOD, op.fd_, w) == 0)) {
        const int why = errno;
        mine = nullptr;
        if (is_new) waiting_.erase(place);
        errno = why;
        throw_last_error("epoll_ctl");
    }
    try {
        arm();
    } catch (...) {
        mine = nullptr;
        watch_rest(place);
        throw;
    }
}

void readiness::remove(ready_operation& op) noexcept {
    const auto place = waiting_.find(op.fd_);
    if (place == waiting_.end()) return;
    waiters& w = place->second;
    if (w.reader == &op) w.reader = nullptr;
    if (w.writer == &op) w.writer = nullptr;
    watch_rest(place);
}

// After a waiter has gone: the descriptor is watched for the other one, or no longer.
void readiness::watch_rest(table::iterator place) noexcept {
    const auto& [fd, w] = *place;
    if (w.reader != nullptr || w.writer != nullptr) {
        control(EPOLL_CTL_MOD, fd, w);
    } else {
        control(EPOLL_CTL_DEL, fd, w);
        waiting_.erase(place);
    }
}

void readiness::poll() noexcept {
    armed_ = false;
    std::array<epoll_event, events_per_call> events;
    int count = events_per_call;
    while (count == events_per_call) {
        count = ::epoll_wait(epoll_->native_handle(), events.data(), events_per_call, 0);
        for (int i = 0; i < count; ++i) deliver(events[static_cast<std::size_t>(i)].data.fd, events[static_cast<std::size_t>(i)].events);
    }
}

void readiness::deliver(int fd, std::uint32_t events) noexcept {
    const auto place = waiting_.find(fd);
    if (place == waiting_.end()) return;
    for (ready_operation* op : {place->second.reader, place->second.writer}) {
        if (op == nullptr) continue;
        const std::uint32_t wanted = op->direction_ == direction::read ? EPOLLIN | EPOLLRDHUP : EPOLLOUT;
        if ((events & (wanted | EPOLLERR | EPOLLHUP)) == 0) continue;
        op->conclude(events);
        make_ready(*op->waiting_);
        (op->direction_ == direction::read ? place->second.reader : place->second.writer) = nullptr;
    }
    watch_rest(place);
}

void readiness::arm() {
    if (armed_ || waiting_.empty()) return;
    epoll_->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [owner = boost::intrusive_ptr<scheduler_impl>{&owner_}](boost::system::error_code ec) {
                           if (!ec) owner->descriptors_are_due();
                       });
    armed_ = true;
}

void readiness::disarm() noexcept {
    if (!armed_) return;
    boost::system::error_code ignored;
    epoll_->cancel(ignored);
    armed_ = false;
}

void readiness::close() noexcept { epoll_.reset(); }

}  // namespace corun::detail
