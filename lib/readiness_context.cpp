// How the context that runs a scheduler is asked to tell of its epoll descriptor.
#include "kept_errno.hpp"
#include "readiness.hpp"
#include "scheduler_impl.hpp"

#include <boost/system/system_error.hpp>

#include <sys/epoll.h>
#include <unistd.h>
#include <cerrno>

namespace corun::detail {
namespace {

// With an allocator of its own, as bind_allocator would give it, but without one's executor: Asio calls it without a detour then.
class event_handler {
public:
    using allocator_type = block_allocator<void>;

    // @param owner  a reference to it, which is counted
    explicit event_handler(scheduler_impl& owner) noexcept : owner_{&owner, false} {}
    [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type{owner_->descriptors.wait_memory()}; }
    void operator()(boost::system::error_code ec) {
        if (!ec) owner_.detach()->descriptors_are_due();
    }

private:
    boost::intrusive_ptr<scheduler_impl> owner_;
};

}  // namespace

readiness::readiness(scheduler_impl& owner) noexcept : owner_{owner}, table_{owner.known_descriptors} {}
readiness::~readiness() = default;

void readiness::open() {
    const int fd = ::epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0) throw boost::system::system_error{errno, boost::system::system_category(), "epoll_create1"};
    const kept_errno of_the_fiber;
    try {
        if (const auto* own = owner_.own_executor())
            own_watched_.emplace(*own, fd);
        else
            watched_.emplace(owner_.executor, fd);
    } catch (...) {
        ::close(fd);
        throw;
    }
    epoll_ = fd;
}

template <class Descriptor>
CORUN_SWITCH void readiness::wait_for(Descriptor& epoll) {
    epoll.async_wait(Descriptor::wait_read, event_handler{owner_.lend_reference()});
}

void readiness::arm_anew() {
    if (own_watched_)
        wait_for(*own_watched_);
    else
        wait_for(*watched_);
    armed_ = true;
}

void readiness::disarm() noexcept {
    if (!armed_) return;
    boost::system::error_code ignored;
    if (own_watched_)
        own_watched_->cancel(ignored);
    else
        watched_->cancel(ignored);
    armed_ = false;
}

void readiness::close() noexcept {
    for (descriptor_slot& s : slots_)
        for (const direction way : {direction::read, direction::write})
            if (io_wait* wait = s.waits[table_.index(way)]; wait != nullptr && wait->fiber == nullptr) {
                table_.remove(s, *wait, way);
                static_cast<io_watcher&>(*wait).told(static_cast<io_watcher&>(*wait), true);
            }
    own_watched_.reset();
    watched_.reset();
    epoll_ = -1;
    table_ = {};
    slots_ = {};
}

}  // namespace corun::detail
