#include "readiness.hpp"

#include "kept_errno.hpp"
#include "scheduler_impl.hpp"

#include <boost/system/system_error.hpp>

#include <sys/epoll.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>

namespace corun::detail {
namespace {

constexpr std::uint32_t reading = EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLERR | EPOLLHUP;
constexpr std::uint32_t writing = EPOLLOUT | EPOLLERR | EPOLLHUP;

}  // namespace

readiness::readiness(scheduler_impl& owner) noexcept : owner_{owner}, table_{owner.known_descriptors} {}
readiness::~readiness() = default;

void readiness::open() {
    if (epoll_) return;
    const int fd = ::epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0) throw boost::system::system_error{errno, boost::system::system_category(), "epoll_create1"};
    const kept_errno of_the_fiber;
    epoll_.emplace(owner_.executor, fd);
}

void readiness::make_room_for(int fd) {
    slots_.resize(static_cast<std::size_t>(fd) + 1);
    table_.slots = slots_.data();
    table_.known = static_cast<std::uint32_t>(slots_.size());
}

void readiness::add(io_wait& wait, acquaintance how) {
    if (wait.home != nullptr) return;
    open();
    if (table_.find(wait.fd) == nullptr) make_room_for(wait.fd);
    descriptor_slot& s = slots_[static_cast<std::size_t>(wait.fd)];
    if (how == acquaintance::fresh) abandon(s);
    if (s.waits[table_.index(wait.way)] != nullptr)
        throw std::logic_error{"corun: two fibers wait for the same direction of descriptor " + std::to_string(wait.fd)};
    table_.enlist(s, wait, wait.way);
    try {
        adopt(wait.fd, s, how, wait.way);
    } catch (...) {
        wait.leave();
        throw;
    }
}

inline void readiness::end(descriptor_slot& s, direction way, std::uint32_t events) noexcept {
    io_wait* wait = s.waits[table_.index(way)];
    if (wait == nullptr) return;
    wait->events = events;
    table_.remove(s, *wait, way);
    if (wait->fiber != nullptr) [[likely]]
        make_ready(*wait->fiber);
    else
        static_cast<io_watcher&>(*wait).told(static_cast<io_watcher&>(*wait), false);
}

// Those who wait under this number wait for a file that has been closed.
void readiness::abandon(descriptor_slot& s) noexcept {
    for (const direction way : {direction::read, direction::write}) {
        if (io_wait* wait = s.waits[table_.index(way)]) wait->abandoned = true;
        end(s, way, 0);
    }
}

// Sees to it that the kernel tells of the slot's descriptor. A registration that exists is renewed, which also makes the kernel
// look at what is ready now; of a new one it tells what is ready at the next poll.
void readiness::adopt(int fd, descriptor_slot& s, acquaintance how, direction way) {
    std::atomic<std::uint32_t>& count = adoptions_of(fd);
    const std::uint32_t now = how == acquaintance::fresh ? count.fetch_add(1) + 1 : count.load();
    if (how == acquaintance::known && s.persistent && s.adoption == now) return;
    const bool persistent = how != acquaintance::stranger || (s.persistent && s.adoption == now);
    if (!watch(fd, s, persistent, how == acquaintance::fresh || s.generation == 0))
        throw boost::system::system_error{errno, boost::system::system_category(), "epoll_ctl"};
    s.persistent = persistent;
    s.adoption = now;
    // The kernel is about to tell what is ready. Until then only a write by somebody else is worth a call: sockets mostly
    // have room.
    s.bits = persistent ? (way == direction::read ? writable_bit : 0) : readable_bit | writable_bit;
}

bool readiness::watch(int fd, descriptor_slot& s, bool persistent, bool is_likely_new) noexcept {
    if (++last_generation_ == 0) ++last_generation_;
    epoll_event event{};
    event.data.u64 = std::uint64_t{last_generation_} << 32 | static_cast<std::uint32_t>(fd);
    if (persistent) {
        event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET;
    } else {
        event.events = EPOLLONESHOT;
        if (s.waits[0] != nullptr) event.events |= EPOLLIN | EPOLLRDHUP;
        if (s.waits[1] != nullptr) event.events |= EPOLLOUT;
    }
    const auto control = [&, epoll = epoll_->native_handle()](int how) { return ::epoll_ctl(epoll, how, fd, &event) == 0; };
    const bool done = is_likely_new ? control(EPOLL_CTL_ADD) || (errno == EEXIST && control(EPOLL_CTL_MOD))
                                    : control(EPOLL_CTL_MOD) || (errno == ENOENT && control(EPOLL_CTL_ADD));
    if (!done) return false;
    s.generation = last_generation_;
    return true;
}

CORUN_SWITCH void readiness::deliver(std::uint64_t whose, std::uint32_t events) noexcept {
    const auto fd = static_cast<std::uint32_t>(whose);
    descriptor_slot& s = table_.slots[fd];
    if (s.generation != whose >> 32) return;
    const bool reads = (events & reading) != 0, writes = (events & writing) != 0;
    std::uint8_t told = reads ? readable_bit : 0;
    if (writes) told |= writable_bit;
    if ((events & (EPOLLRDHUP | EPOLLPRI | EPOLLERR | EPOLLHUP)) != 0) told |= stops_short_bit;
    s.bits |= told;
    if (reads) end(s, direction::read, events);
    if (writes) end(s, direction::write, events);
    // One event ends the registration of a stranger, for the other direction too.
    if (!s.persistent && (s.waits[0] != nullptr || s.waits[1] != nullptr)) (void)watch(static_cast<int>(fd), s, false, false);
}

void readiness::poll() noexcept {
    if (!epoll_) return;
    std::array<epoll_event, 256> events;
    constexpr int at_most = static_cast<int>(events.size());
    do {
        last_count_ = ::epoll_wait(epoll_->native_handle(), events.data(), at_most, 0);
        for (int i = 0; i < last_count_; ++i) {
            const epoll_event& event = events[static_cast<std::size_t>(i)];
            deliver(event.data.u64, event.events);
        }
    } while (last_count_ == at_most);
}

void readiness::arm() {
    if (armed_ || table_.waiting == 0) return;
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

void readiness::close() noexcept {
    for (descriptor_slot& s : slots_)
        for (const direction way : {direction::read, direction::write})
            if (io_wait* wait = s.waits[table_.index(way)]; wait != nullptr && wait->fiber == nullptr) {
                table_.remove(s, *wait, way);
                static_cast<io_watcher&>(*wait).told(static_cast<io_watcher&>(*wait), true);
            }
    epoll_.reset();
    table_ = {};
    slots_ = {};
}

}  // namespace corun::detail
