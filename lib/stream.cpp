#include "run_inside.hpp"

#include <corun/stream.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <utility>

namespace corun::detail {

stream_wait::stream_wait(scheduler_core& scheduler, direction d, int number) noexcept
    : io_watcher{number, d, was_told}, home_{&scheduler} {
    take = take_queued;
}

stream_wait::~stream_wait() = default;

void stream_wait::take_queued(inbox_node& node, scheduler_core& core) {
    auto& self = static_cast<stream_wait&>(node);
    self.queued_ = false;
    self.step(core.is_dying() && self.failure_ != ECANCELED);
}

void stream_wait::was_told(io_watcher& watcher, bool gone) noexcept {
    auto& self = static_cast<stream_wait&>(watcher);
    if (gone) return self.step(true);
    if (self.fd == closed) self.failure_ = ECANCELED;
    self.queue();
}

void stream_wait::queue() noexcept {
    queued_ = true;
    const auto held = home_;  // this may be over before the call is
    impl_of(*held).push(*this);
}

void stream_wait::wait() noexcept {
    try {
        readiness& descriptors = impl_of(*home_).descriptors;
        descriptors.add(*this, acquaintance::known);
        if (home_->running == nullptr) descriptors.arm();  // outside of a drive nobody else would
    } catch (const boost::system::system_error& refused) {
        failure_ = refused.code().value();
    } catch (const std::logic_error&) {
        failure_ = EINPROGRESS;
    } catch (...) {
        failure_ = ENOMEM;
    }
    if (failure_ == 0) return;
    leave();
    queue();
}

void refuse_stream(direction way, int fd) {
    throw std::logic_error{std::string{"corun: async_"} + (way == direction::read ? "read_some" : "write_some") +
                           " on a corun::stream, fd " + std::to_string(fd) +
                           ", inside of a simulation; connect by corun::sim::network instead"};
}

void note_exhausted(scheduler_core& home, int fd, direction way) noexcept { impl_of(home).descriptors.is_exhausted(fd, way); }

void stream_wait::abort() noexcept {
    if (failure_ == 0) failure_ = ECANCELED;
    if (queued_) return;
    leave();
    queue();
}

void stream_wait::abandon_queued(inbox_node& node, int fd) noexcept {
    if (node.take != take_queued) return;
    if (auto& self = static_cast<stream_wait&>(node); self.fd == fd) self.abort();
}

namespace {

void note(boost::system::error_code& ec, int result) noexcept {
    ec.assign(result != 0 ? errno : 0, boost::system::system_category());
}

}  // namespace

void shut_down(int fd, int how, boost::system::error_code& ec) noexcept { note(ec, ::shutdown(fd, how)); }
void set_option_of(int fd, int level, int name, const void* value, std::size_t size, boost::system::error_code& ec) noexcept {
    note(ec, ::setsockopt(fd, level, name, value, static_cast<socklen_t>(size)));
}
std::size_t get_option_of(int fd, int level, int name, void* value, std::size_t size, boost::system::error_code& ec) noexcept {
    auto length = static_cast<socklen_t>(size);
    note(ec, ::getsockopt(fd, level, name, value, &length));
    return length;
}
std::size_t waiting_bytes_of(int fd, boost::system::error_code& ec) noexcept {
    int bytes = 0;
    note(ec, ::ioctl(fd, FIONREAD, &bytes));
    return static_cast<std::size_t>(bytes);
}
std::size_t address_of(int fd, bool peer, void* address, std::size_t size, boost::system::error_code& ec) noexcept {
    auto length = static_cast<socklen_t>(size);
    note(ec, (peer ? ::getpeername : ::getsockname)(fd, static_cast<sockaddr*>(address), &length));
    return length;
}

namespace {

void abandon(scheduler_impl& at, int fd) noexcept {
    at.descriptors.abandon(fd);
    at.look_through_inbox([fd](inbox_node& node) { stream_wait::abandon_queued(node, fd); });
}

// The descriptor's owner on the way through the schedulers at which somebody may wait for it.
class closing {
public:
    explicit closing(int fd) noexcept : fd_{fd} {}
    closing(closing&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    ~closing() {
        if (fd_ >= 0) ::close(fd_);
    }
    [[nodiscard]] int fd() const noexcept { return fd_; }
    [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

private:
    int fd_;
};

}  // namespace

void abandon_waits_at(scheduler_core* scheduler, int fd) noexcept {
    if (scheduler == nullptr) return;
    scheduler_impl& at = impl_of(*scheduler);
    run_inside(at, [&at, fd]() noexcept { abandon(at, fd); });
}

void close_after_waits(scheduler_core* one, scheduler_core* other, int fd) noexcept {
    if (one == nullptr || one == other) one = std::exchange(other, nullptr);
    closing owner{fd};
    if (one == nullptr) return;
    scheduler_impl& at = impl_of(*one);
    run_inside(at, [&at, next = boost::intrusive_ptr<scheduler_core>{other}, owner = std::move(owner)]() mutable noexcept {
        abandon(at, owner.fd());
        close_after_waits(next.get(), nullptr, owner.release());
    });
}

}  // namespace corun::detail
