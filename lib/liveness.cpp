#include <corun/detail/liveness.hpp>

#include <boost/intrusive/set.hpp>

#include <condition_variable>
#include <mutex>

namespace corun::detail {

struct by_number {
    using type = std::uint64_t;
    type operator()(const liveness& l) const noexcept { return l.number_; }
};

namespace {

struct directory {
    std::mutex lock;  // guards the rest, and the visitors of those that are listed
    std::condition_variable left;
    boost::intrusive::set<liveness, boost::intrusive::key_of_value<by_number>> listed;
    std::uint64_t last = 0;
};

// Never destroyed: primitives may be static objects.
directory& all() noexcept {
    static union lasting {
        directory value;
        lasting() : value{} {}
        ~lasting() {}
    } kept;
    return kept.value;
}

}  // namespace

liveness::~liveness() {
    if (number_ == 0) return;
    directory& d = all();
    std::unique_lock hold{d.lock};
    d.listed.erase(d.listed.iterator_to(*this));
    d.left.wait(hold, [this] { return visitors_ == 0; });
}

std::uint64_t liveness::number() noexcept {
    if (number_ != 0) return number_;
    directory& d = all();
    const std::lock_guard hold{d.lock};
    number_ = ++d.last;
    d.listed.insert(d.listed.end(), *this);
    return number_;
}

visit::visit(std::uint64_t number) noexcept {
    directory& d = all();
    const std::lock_guard hold{d.lock};
    const auto found = d.listed.find(number);
    if (found == d.listed.end()) return;
    visited_ = &*found;
    ++visited_->visitors_;
}

visit::~visit() {
    if (visited_ == nullptr) return;
    directory& d = all();
    const std::lock_guard hold{d.lock};
    if (--visited_->visitors_ == 0) d.left.notify_all();
}

}  // namespace corun::detail
