#include <corun/semaphore.hpp>

namespace corun {

bool semaphore::has(std::ptrdiff_t n) {
    home_.check("semaphore");
    return permits_ >= detail::at_least(0, n, negative) && waiting_.first() == nullptr;
}

bool semaphore::try_acquire(std::ptrdiff_t n) {
    if (!has(n)) return false;
    permits_ -= n;
    return true;
}

void semaphore::release(std::ptrdiff_t n) {
    home_.check("semaphore");
    permits_ += detail::at_least(0, n, negative);
    serve();
}

void semaphore::serve() noexcept {
    while (detail::waiter* first = waiting_.first()) {
        const std::ptrdiff_t wanted = static_cast<acquire_operation*>(first)->wanted_;
        if (wanted > permits_) return;
        if (!first->claim()) continue;
        permits_ -= wanted;
        detail::grant(*first);
    }
}

}  // namespace corun
