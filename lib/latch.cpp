#include <corun/latch.hpp>

#include <stdexcept>

namespace corun {

void latch::count_down(std::ptrdiff_t n) {
    home_.check("latch");
    if (n < 0 || n > count_) throw std::logic_error{"corun: a latch was counted down below zero" + detail::describe_here()};
    count_ -= n;
    if (count_ == 0) detail::grant_all(waiting_);
}

}  // namespace corun
