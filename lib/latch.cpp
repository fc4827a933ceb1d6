#include <corun/latch.hpp>

namespace corun {

void latch::count_down(std::ptrdiff_t n) {
    home_.check("latch");
    if (n < 0 || n > count_) detail::refuse_use("corun: a latch was counted down below zero");
    count_ -= n;
    if (count_ == 0) detail::grant_all(waiting_);
}

}  // namespace corun
