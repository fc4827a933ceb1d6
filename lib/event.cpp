#include <corun/event.hpp>

namespace corun {

void event::set() {
    home_.check("event");
    if (kind_ == event_reset::manual) {
        set_ = true;
        detail::grant_all(waiting_);
    } else if (detail::waiter* first = waiting_.claim_first()) {
        detail::grant(*first);
    } else {
        set_ = true;
    }
}

void event::reset() {
    home_.check("event");
    set_ = false;
}

}  // namespace corun
