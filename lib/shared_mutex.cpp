#include <corun/shared_mutex.hpp>

namespace corun {

bool shared_mutex::can_take(bool alone) {
    home_.check("shared_mutex");
    return alone ? holders_ == 0 : holders_ != held_alone && waiting_.first() == nullptr;
}

bool shared_mutex::take_alone() {
    if (!can_take(true)) return false;
    holders_ = held_alone;
    owner_.take(detail::current_core());
    return true;
}

bool shared_mutex::take_shared() {
    if (!can_take(false)) return false;
    ++holders_;
    return true;
}

void shared_mutex::unlock() {
    home_.check("shared_mutex");
    if (holders_ != held_alone) detail::refuse_use("corun: a shared_mutex was unlocked that nobody holds alone");
    holders_ = 0;
    owner_.release();
    serve();
}

void shared_mutex::unlock_shared() {
    home_.check("shared_mutex");
    if (holders_ <= 0) detail::refuse_use("corun: a shared_mutex was unlocked that nobody shares");
    --holders_;
    serve();
}

void shared_mutex::serve() noexcept {
    while (detail::waiter* first = waiting_.first()) {
        const bool alone = static_cast<request*>(first)->alone_;
        if (holders_ == held_alone || (alone && holders_ != 0)) return;
        if (!first->claim()) continue;
        holders_ = alone ? held_alone : holders_ + 1;
        if (alone) owner_.take(first->who_waits());
        detail::grant(*first);
    }
}

void shared_mutex::guard_moved(const void* guard) noexcept { owner_.guard_moved(guard, home_.core()); }

shared_mutex::request::~request() {
    if (!is_granted() || mutex_ == nullptr) return;
    if (alone_)  // nobody came for it
        mutex_->unlock();
    else
        mutex_->unlock_shared();
}

}  // namespace corun
