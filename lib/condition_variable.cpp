#include <corun/condition_variable.hpp>

namespace corun {

void condition_variable::requeue(detail::condition_waiter& w) noexcept {
    w.leave_list(detail::wait_state::dropped);
    w.wants_mutex = true;
    if (w.held->owner_.is_held()) {
        w.held->waiting_.append(w);
    } else {
        w.held->owner_.take(w.who_waits());
        detail::grant(w);
    }
}

bool condition_variable::notify() noexcept {
    detail::waiter* first = waiting_.first();
    if (first == nullptr) return false;
    auto& w = static_cast<detail::condition_waiter&>(*first);
    w.notified = true;
    requeue(w);
    return true;
}

void condition_variable::notify_one() {
    home_.check("condition_variable");
    (void)notify();
}

void condition_variable::notify_all() {
    home_.check("condition_variable");
    while (notify()) {
    }
}

}  // namespace corun
