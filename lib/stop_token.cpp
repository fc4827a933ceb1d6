#include "scheduler_impl.hpp"

#include <corun/detail/remote_cancel.hpp>

namespace corun::detail {

scope_link::scope_link(scope& target) : target_{&target}, scheduler_{target.fiber().owner} {
    target.has_remote_control();
    take = [](inbox_node& node, scheduler_core&) {
        const boost::intrusive_ptr<scope_link> self{&static_cast<scope_link&>(node), false};  // the inbox's reference
        if (self->target_ != nullptr) self->target_->cancel(self->reason_);
    };
}

void scope_link::cancel(cancel_reason reason) noexcept {
    if (called_.exchange(true)) return;
    reason_ = reason;
    if (current_core() == scheduler_.get()) {
        if (target_ != nullptr) target_->cancel(reason);
        return;
    }
    const boost::intrusive_ptr<scope_link> held{this};  // the inbox's turn may come before push returns
    intrusive_ptr_add_ref(this);
    impl_of(*scheduler_).push(*this);
}

}  // namespace corun::detail
