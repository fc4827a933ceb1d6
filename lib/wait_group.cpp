#include <corun/wait_group.hpp>

#include <stdexcept>

namespace corun {

void wait_group::add(std::ptrdiff_t n) {
    home_.check("wait_group");
    if (count_ + n < 0)
        throw std::logic_error{"corun: more was done in a wait_group than was added to it" + detail::describe_here()};
    count_ += n;
    if (count_ == 0) detail::grant_all(waiting_);
}

}  // namespace corun
