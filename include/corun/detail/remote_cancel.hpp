// Cancelling a scope from another thread.
#pragma once

#include <corun/detail/scope.hpp>
#include <corun/scheduler.hpp>

#include <boost/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <atomic>

namespace corun::detail {

// Lives as long as anybody may call it, the scope only as long as its block: only the scheduler's owner follows the pointer.
class scope_link final : public boost::intrusive_ref_counter<scope_link>, inbox_node {
public:
    explicit scope_link(scope& target);

    // Any thread; once. Never switches. The scope is cancelled at the scheduler's next turn, at once if the caller is inside it.
    void cancel(cancel_reason reason) noexcept;

private:
    friend class remote_scope;
    scope* target_;
    const boost::intrusive_ptr<scheduler_core> scheduler_;
    std::atomic<bool> called_{false};
    cancel_reason reason_{};
};

// Beside the scope, on the fiber's stack.
class remote_scope {
public:
    explicit remote_scope(scope& target) : link_{new scope_link{target}} {}
    ~remote_scope() { link_->target_ = nullptr; }
    remote_scope(const remote_scope&) = delete;
    remote_scope& operator=(const remote_scope&) = delete;

    [[nodiscard]] const boost::intrusive_ptr<scope_link>& link() const noexcept { return link_; }

private:
    boost::intrusive_ptr<scope_link> link_;
};

}  // namespace corun::detail
