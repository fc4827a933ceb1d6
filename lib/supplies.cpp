// What a scheduler has in hand for its fibers: references, ids, stacks.
#include "scheduler_impl.hpp"

#include <utility>

namespace corun::detail {

// A record refers to its scheduler. The owner keeps references in hand for that, so that records come and go without an atomic
// step each; others count theirs one by one. Ids are taken in blocks likewise.
std::uint64_t scheduler_impl::lend_to_record() noexcept {
    constexpr std::uint32_t in_hand = 256;
    static std::atomic<std::uint64_t> ids{0};
    if (current_core() != this) {
        intrusive_ptr_add_ref(this);
        return ids.fetch_add(1, std::memory_order_relaxed) + 1;
    }
    if (spare_references_ == 0) {
        references.fetch_add(in_hand, std::memory_order_relaxed);
        spare_references_ = in_hand;
    }
    --spare_references_;
    if (next_id_ == last_id_) {
        next_id_ = ids.fetch_add(in_hand, std::memory_order_relaxed);
        last_id_ = next_id_ + in_hand;
    }
    return ++next_id_;
}

void scheduler_impl::take_back_from_record() noexcept {
    if (current_core() == this)
        ++spare_references_;  // leave() gives back what is too many
    else
        intrusive_ptr_release(this);
}

stack_pool& scheduler_impl::usual_pool() {
    if (usual_pool_ == nullptr || usual_pool_->slot() != options.stack_size) usual_pool_ = &pool_for(options.stack_size);
    return *usual_pool_;
}

stack_pool& scheduler_impl::pool_for(std::size_t wanted) {
    const std::size_t slot = slot_size(wanted);
    for (const auto& pool : pools_)
        if (pool->slot() == slot) return *pool;
    return *pools_.emplace_back(std::make_unique<stack_pool>(slot));
}

// The caller does not run on it.
void scheduler_impl::take_back_left_stack() noexcept {
    if (left_pool_ == nullptr) return;
#if defined(CORUN_SANITIZED)
    forget_stack(left_stack_);
#endif
    std::exchange(left_pool_, nullptr)->give(left_stack_);
}

}  // namespace corun::detail
