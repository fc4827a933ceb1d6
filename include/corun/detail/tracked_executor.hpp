// An executor that stands for work that is going to come.
#pragma once

#include <boost/asio/execution.hpp>

#include <utility>

namespace corun::detail {

struct scheduler_core;

// Counted; while there is one, the scheduler and its context go on. Any thread. The first may throw what the context's executor
// throws.
void work_started(scheduler_core&);
void work_finished(scheduler_core&) noexcept;

// @tparam Plain  scheduler::executor_type, which knows by a flag whether there is anything to count. So this is as small: an
//                any_io_executor has room for it
template <class Plain>
class tracked_executor {
public:
    explicit tracked_executor(const Plain& plain) : plain_{plain} {
        if (plain_.is_counted_) work_started(plain_.core());
    }
    tracked_executor(const tracked_executor& other) noexcept : tracked_executor{other.plain_} {}
    tracked_executor(tracked_executor&& other) noexcept : plain_{other.plain_} { other.plain_.is_counted_ = false; }
    tracked_executor& operator=(tracked_executor other) noexcept {
        std::swap(plain_, other.plain_);
        return *this;
    }
    ~tracked_executor() {
        if (plain_.is_counted_) work_finished(plain_.core());
    }

    [[nodiscard]] boost::asio::execution_context& query(boost::asio::execution::context_t which) const noexcept {
        return plain_.query(which);
    }
    [[nodiscard]] boost::asio::execution::blocking_t query(boost::asio::execution::blocking_t which) const noexcept {
        return plain_.query(which);
    }
    [[nodiscard]] static constexpr auto query(boost::asio::execution::outstanding_work_t) noexcept {
        return boost::asio::execution::outstanding_work_t{boost::asio::execution::outstanding_work.tracked};
    }
    [[nodiscard]] tracked_executor require(boost::asio::execution::blocking_t::never_t never) const noexcept {
        return tracked_executor{plain_.require(never)};
    }
    [[nodiscard]] tracked_executor require(boost::asio::execution::blocking_t::possibly_t possibly) const noexcept {
        return tracked_executor{plain_.require(possibly)};
    }
    [[nodiscard]] tracked_executor require(boost::asio::execution::outstanding_work_t::tracked_t) const noexcept { return *this; }
    [[nodiscard]] Plain require(boost::asio::execution::outstanding_work_t::untracked_t) const noexcept { return plain_; }

    [[nodiscard]] bool running_in_this_thread() const noexcept { return plain_.running_in_this_thread(); }
    template <class Function>
    void execute(Function&& f) const {
        plain_.execute(std::forward<Function>(f));
    }
    [[nodiscard]] scheduler_core& core() const noexcept { return plain_.core(); }

    friend bool operator==(const tracked_executor& a, const tracked_executor& b) noexcept { return a.plain_ == b.plain_; }

private:
    Plain plain_;
};

}  // namespace corun::detail
