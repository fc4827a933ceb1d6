// How work comes to a scheduler: who gets in, who leaves a note in its inbox, and what the owner looks at when he goes.
#include "measured_drive.hpp"
#include "observers.hpp"
#include "scheduler_impl.hpp"

#include <corun/detail/steps.hpp>

#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/require.hpp>

#include <utility>

namespace corun::detail {
namespace {

// References to the scheduler that its owner keeps in hand for its next fibers.
constexpr std::uint32_t most_spare_references = 1024;

}  // namespace

void scheduler_impl::leave() noexcept {
    if (is_only_thread() && live != 0 && spare_references_ <= most_spare_references && !has_work()) [[likely]]
        owned_.store(false, std::memory_order_relaxed);  // nobody can have published anything since
    else
        leave_to_others();
}

// The owner goes. Either a drive is posted that will look at what is left, or nothing is left. The store to owned_ comes before
// the last look: whoever failed to enter before it has already published what he came for.
void scheduler_impl::leave_to_others() noexcept {
    boost::intrusive_ptr<scheduler_impl> last;  // giving back may leave this as the only one
    if (spare_references_ != 0 && (live == 0 || spare_references_ > most_spare_references)) {
        last = this;
        references.fetch_sub(std::exchange(spare_references_, 0), std::memory_order_acq_rel);
    }
    for (;;) {
        const bool work = has_work();
        if (work) post_drive();
        put(owned_, false);
        if (posted_.load(std::memory_order_seq_cst) || is_dying()) return;
        if (!work && !has_news()) return;
        if (!try_enter()) return;
    }
}

// At most one drive is on its way at a time.
void scheduler_impl::post_drive() noexcept {
    if (is_dying() || !try_take(posted_)) return;
    if (is_observed(observer::yields)) runs.asked_for.store(nanoseconds_now(), std::memory_order_relaxed);
    namespace execution = boost::asio::execution;
    auto handler = [self = boost::intrusive_ptr<scheduler_impl>{this}] {
        put(self->posted_, false);
        self->drive();
    };
    const auto soon = [](const auto& plain) {
        return boost::asio::prefer(boost::asio::require(plain, execution::blocking.never), execution::relationship.continuation);
    };
    if (own_executor_ != nullptr)
        boost::asio::prefer(soon(*own_executor_), execution::allocator(block_allocator<void>{drive_block_}))
            .execute(std::move(handler));
    else
        soon(executor).execute(std::move(handler));  // without memory for this nothing could go on: it ends the process
}

void scheduler_impl::push(inbox_node& node) noexcept {
    inbox_node* first = inbox_.load(std::memory_order_relaxed);
    do node.next = first;
    while (!inbox_.compare_exchange_weak(first, &node, std::memory_order_seq_cst, std::memory_order_relaxed));
    knock();
}

// Makes sure that what was just published is looked at.
void scheduler_impl::knock() noexcept {
    if (is_dying()) {
        news_for_the_dying();
        return;
    }
    if (posted_.load(std::memory_order_seq_cst)) return;
    if (try_enter()) leave();
}

// Behind what was fetched before.
void scheduler_impl::fetch_inbox() noexcept {
    inbox_node** end = &taken_;
    while (*end != nullptr) end = &(*end)->next;
    inbox_node* last = swap_in<inbox_node*>(inbox_, nullptr);
    while (last != nullptr) {  // reverse: first come, first served
        inbox_node* next = last->next;
        last->next = *end;
        *end = last;
        last = next;
    }
}

void scheduler_impl::take_inbox() {
    for (;;) {
        if (taken_ == nullptr) {
            fetch_inbox();
            if (taken_ == nullptr) return;
        }
        inbox_node& node = *taken_;
        taken_ = node.next;
        node.take(node, *this);  // may throw what a user's function throws; the rest stays in taken_
    }
}

bool try_enter_here(scheduler_core& scheduler) noexcept {
    scheduler_impl& impl = impl_of(scheduler);
    return impl.own_executor() != nullptr && impl.own_executor()->running_in_this_thread() && impl.try_enter();
}
void leave(scheduler_core& scheduler) noexcept { impl_of(scheduler).leave(); }
void submit(scheduler_core& scheduler, function_node* node) noexcept {
    const boost::intrusive_ptr<scheduler_core> held{&scheduler};  // the node may be the last to need it, and gone before we are
    impl_of(scheduler).push(*node);
}

}  // namespace corun::detail
