#include "scheduler_impl.hpp"

#include <corun/stream.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <thread>

namespace corun::detail {

stream_wait::stream_wait(scheduler_impl& scheduler, direction d, int number, acquaintance how) noexcept
    : io_watcher{number, d, was_told}, home_{&scheduler}, how_{how} {
    take = [](inbox_node& node, scheduler_core& core) {
        auto& self = static_cast<stream_wait&>(node);
        self.queued_ = false;
        self.step(!runs_functions(core) && self.failure_ != ECANCELED);
    };
}

stream_wait::~stream_wait() = default;

void stream_wait::was_told(io_watcher& watcher, bool gone) noexcept {
    auto& self = static_cast<stream_wait&>(watcher);
    if (gone) return self.step(true);
    if (self.fd == closed) self.failure_ = ECANCELED;
    self.queue();
}

void stream_wait::queue() noexcept {
    queued_ = true;
    const boost::intrusive_ptr<scheduler_impl> held{home_};  // this may be over before the call is
    held->push(*this);
}

void stream_wait::wait() noexcept {
    try {
        home_->descriptors.add(*this, how_);
        how_ = acquaintance::known;
        if (home_->running == nullptr) home_->descriptors.arm();  // outside of a drive nobody else would
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

void note_exhausted(scheduler_impl& home, int fd, direction way) noexcept { home.descriptors.is_exhausted(fd, way); }

void stream_wait::abort() noexcept {
    if (queued_) return;  // its outcome is on the way
    leave();
    failure_ = ECANCELED;
    queue();
}

namespace {

void note(boost::system::error_code& ec, int result) noexcept {
    ec.assign(result != 0 ? errno : 0, boost::system::system_category());
}

}  // namespace

void close_descriptor(int fd) noexcept { ::close(fd); }
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

void abandon_waits_of(scheduler_impl& home, int fd) noexcept {
    if (current_core() == &home) return home.descriptors.abandon(fd);
    while (!home.try_enter()) std::this_thread::yield();  // a drive on another thread; it is bounded
    const entered inside{home};
    home.descriptors.abandon(fd);
}

}  // namespace corun::detail
