#include "readiness.hpp"

#include "scheduler_impl.hpp"

#include <boost/system/system_error.hpp>

#include <sys/epoll.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <stdexcept>
#include <string>

namespace corun::detail {
namespace {

constexpr std::uint32_t reading = EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLERR | EPOLLHUP;
constexpr std::uint32_t writing = EPOLLOUT | EPOLLERR | EPOLLHUP;
constexpr std::uint32_t cutting_short = EPOLLRDHUP | EPOLLPRI | EPOLLERR | EPOLLHUP;
constexpr std::uint32_t both_for_good = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET;

// For one event of these directions.
constexpr std::uint32_t once(bool read, bool write) noexcept {
    return EPOLLONESHOT | (read ? EPOLLIN | EPOLLRDHUP : 0U) | (write ? std::uint32_t{EPOLLOUT} : 0U);
}
[[nodiscard]] bool waits(const io_wait* wait) noexcept { return wait != nullptr && wait->events == 0; }

constexpr std::uint8_t told_by(std::uint32_t events) noexcept {
    return static_cast<std::uint8_t>(((events & reading) != 0 ? readable_bit : 0) | ((events & writing) != 0 ? writable_bit : 0) |
                                     ((events & cutting_short) != 0 ? stops_short_bit : 0));
}
static_assert(std::uint32_t{readable_bit} == EPOLLIN && std::uint32_t{writable_bit} == EPOLLOUT);

// Counts the registrations of all schedulers: a stream that has been with another one is told apart by it.
std::atomic<std::uint32_t> last_generation{0};

std::uint64_t next_registration(int fd) noexcept {
    std::uint32_t generation = 0;
    while (generation == 0) generation = last_generation.fetch_add(1, std::memory_order_relaxed) + 1;
    return std::uint64_t{generation} << 32 | static_cast<std::uint32_t>(fd);
}

[[noreturn]] void refuse_second(const io_wait& wait, const io_wait& first) {
    const std::string name = first.fiber != nullptr
                                 ? "fiber " + describe(*first.fiber) + " waits at " + describe(first.fiber->where)
                                 : std::string{"a stream's operation waits"};
    throw std::logic_error{"corun: two wait for the same direction of descriptor " + std::to_string(wait.fd) + describe_here() +
                           "; " + name + " already"};
}

}  // namespace

void readiness::make_room_for(int fd) {
    slots_.resize(static_cast<std::size_t>(fd) + 1);
    table_.slots = slots_.data();
    table_.known = static_cast<std::uint32_t>(slots_.size());
}

void readiness::add(io_wait& wait, acquaintance how) {
    if (wait.is_enlisted) return;
    if (epoll_ < 0) open();
    if (table_.find(wait.fd) == nullptr) make_room_for(wait.fd);
    descriptor_slot& s = slots_[static_cast<std::size_t>(wait.fd)];
    adopt(wait.fd, s, how, wait.way);
    if (const io_wait* other = s.waits[table_.index(wait.way)]; other != nullptr) refuse_second(wait, *other);
    wait.events = 0;
    if (wait.fiber == nullptr) static_cast<io_watcher&>(wait).table = &table_;
    table_.enlist(s, wait, wait.way);
}

void io_wait::leave() noexcept {
    if (!is_enlisted) return;
    descriptor_table& table = fiber != nullptr ? fiber->owner->known_descriptors : *static_cast<io_watcher*>(this)->table;
    table.remove(table.slots[fd], *this, way);
}

void readiness::tell(descriptor_slot& s, io_wait& wait, direction way, std::uint32_t events) noexcept {
    wait.events |= events;
    if (wait.fiber == nullptr) [[unlikely]]
        table_.remove(s, wait, way);
    wake(wait);
}

void readiness::wake(io_wait& wait) noexcept {
    if (wait.fiber != nullptr) [[likely]]
        make_ready(*wait.fiber);
    else
        static_cast<io_watcher&>(wait).told(static_cast<io_watcher&>(wait), false);
}

// Those who wait under this number wait for a file that has been closed.
void readiness::abandon(descriptor_slot& s) noexcept {
    for (const direction way : {direction::read, direction::write}) {
        io_wait* wait = s.waits[table_.index(way)];
        if (wait == nullptr) continue;
        table_.remove(s, *wait, way);
        wait->fd = io_wait::closed;
        wait->events = 0;
        wake(*wait);
    }
}

// Sees to it that the kernel tells of the slot's descriptor. A registration that exists is renewed, which also makes the kernel
// look at what is ready now; of a new one it tells what is ready at the next poll. Where it knew none, who waits under this number
// waits for another file.
void readiness::adopt(int fd, descriptor_slot& s, acquaintance how, direction way) {
    const std::uint32_t now = adoptions_of(fd).load();
    const bool is_believed = s.persistent && s.adoption == now;
    if (how == acquaintance::known && is_believed) return;
    const bool persistent = how == acquaintance::known || is_believed;
    const bool reads = way == direction::read;
    const std::uint32_t events = persistent ? both_for_good : once(reads || waits(s.waits[0]), !reads || waits(s.waits[1]));
    const bool is_likely_new = s.registration == 0 || (how == acquaintance::known && s.adoption != now);
    switch (watch(fd, s, events, is_likely_new)) {
        case watched_as::nothing: throw boost::system::system_error{errno, boost::system::system_category(), "epoll_ctl"};
        case watched_as::added: abandon(s); break;
        case watched_as::renewed: break;
    }
    s.persistent = persistent;
    s.adoption = now;
    // The kernel is about to tell what is ready. Until then only a write by somebody else is worth a call: sockets mostly
    // have room.
    s.bits = persistent ? (reads ? writable_bit : 0) : every_bit;
}

readiness::watched_as readiness::watch(int fd, descriptor_slot& s, std::uint32_t events, bool is_likely_new) noexcept {
    epoll_event event{};
    event.events = events;
    event.data.u64 = next_registration(fd);
    const auto succeeds = [&, epoll = epoll_](int how) { return ::epoll_ctl(epoll, how, fd, &event) == 0; };
    watched_as done = watched_as::nothing;
    if (is_likely_new) {
        if (succeeds(EPOLL_CTL_ADD))
            done = watched_as::added;
        else if (errno == EEXIST && succeeds(EPOLL_CTL_MOD))
            done = watched_as::renewed;
    } else {
        if (succeeds(EPOLL_CTL_MOD))
            done = watched_as::renewed;
        else if (errno == ENOENT && succeeds(EPOLL_CTL_ADD))
            done = watched_as::added;
    }
    if (done != watched_as::nothing) s.registration = event.data.u64;
    return done;
}

void readiness::deliver(descriptor_slot& s, int fd, std::uint32_t events) noexcept {
    const std::uint8_t told = told_by(events);
    const io_wait* reader = s.waits[table_.index(direction::read)];
    const bool is_taken = reader != nullptr && reader->takes_edge && (told & (readable_bit | stops_short_bit)) == readable_bit;
    s.bits |= static_cast<std::uint8_t>(is_taken ? told & ~readable_bit : told);
    for (const direction way : {direction::read, direction::write})
        if (io_wait* wait = s.waits[table_.index(way)]; wait != nullptr && (told & ready_bit(way)) != 0)
            tell(s, *wait, way, events);
    // One event ends the registration of a stranger, for the other direction too. Its file may have been closed meanwhile.
    if (const bool read = waits(s.waits[0]), write = waits(s.waits[1]); !s.persistent && (read || write))
        if (watch(fd, s, once(read, write), false) != watched_as::renewed) abandon(s);
}

void readiness::is_readable_still(int fd) noexcept {
    if (descriptor_slot* s = table_.find(fd); s != nullptr && s->persistent) deliver(*s, fd, EPOLLIN);
}

void readiness::poll() noexcept {
    std::array<epoll_event, 256> events;
    constexpr int at_most = static_cast<int>(events.size());
    descriptor_table& table = table_;
    descriptor_slot* const slots = table.slots;  // who is told of something registers nothing new
    int count;
    do {
        last_count_ = count = ::epoll_wait(epoll_, events.data(), at_most, 0);
        if (count <= 0) return;
        for (const epoll_event& event : std::span{events.data(), static_cast<std::size_t>(count)}) {
            const std::uint64_t registration = event.data.u64;
            const std::uint32_t told = event.events;
            descriptor_slot& s = slots[static_cast<std::uint32_t>(registration)];
            if (s.registration != registration) continue;
            io_wait* reader = s.waits[0];
            if (reader != nullptr && reader->takes_edge && s.waits[1] == nullptr && (told & ~EPOLLOUT) == EPOLLIN) [[likely]] {
                s.bits |= static_cast<std::uint8_t>(told - EPOLLIN);
                reader->events |= told;
                make_ready(*reader->fiber);
            } else {
                deliver(s, static_cast<int>(static_cast<std::uint32_t>(registration)), told);
            }
        }
    } while (count == at_most);
}

}  // namespace corun::detail
