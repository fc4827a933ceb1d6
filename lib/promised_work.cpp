#include "promised_work.hpp"

#include "scheduler_impl.hpp"

#include <boost/asio/execution.hpp>

#include <utility>

namespace corun::detail {

bool promised_work::is_one_more() noexcept {
    const std::lock_guard hold{lock_};
    if (count_ == 0 && !is_given_up_) return false;
    ++count_;
    return true;
}

void promised_work::started(const boost::asio::any_io_executor& executor) {
    if (is_one_more()) return;
    boost::asio::any_io_executor tracked = boost::asio::prefer(executor, boost::asio::execution::outstanding_work.tracked);
    const std::lock_guard hold{lock_};
    if (count_++ == 0 && !is_given_up_) kept_ = std::move(tracked);
}

void promised_work::finished() noexcept {
    boost::asio::any_io_executor last;
    const std::lock_guard hold{lock_};
    if (--count_ == 0) last = std::move(kept_);
}

void promised_work::give_up() noexcept {
    boost::asio::any_io_executor last;
    const std::lock_guard hold{lock_};
    is_given_up_ = true;
    last = std::move(kept_);
}

void work_started(scheduler_core& core) {
    impl_of(core).promised.started(impl_of(core).executor);
    intrusive_ptr_add_ref(&core);
}

void work_finished(scheduler_core& core) noexcept {
    const boost::intrusive_ptr<scheduler_core> held{&core, false};
    impl_of(core).promised.finished();
}

}  // namespace corun::detail
