#include <corun/wait_group.hpp>

namespace corun {

void wait_group::add(std::ptrdiff_t n) {
    home_.check("wait_group");
    if (count_ + n < 0) detail::refuse_use("corun: more was done in a wait_group than was added to it");
    count_ += n;
    if (count_ == 0) detail::grant_all(waiting_);
}

}  // namespace corun
