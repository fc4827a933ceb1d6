// Finds out that no fiber of a scheduler can ever go on.
#pragma once

#include <corun/detail/record.hpp>
#include <corun/detail/timer_node.hpp>
#include <corun/detail/wait_info.hpp>

#include <boost/intrusive_ptr.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace corun::detail {

class scheduler_impl;

// Of one scheduler; the owner's. At the end of a drive that leaves nobody runnable, one look at a fiber that was known to wait for
// the outside says that all is well. Only where there is none, and no timer, the context is asked whether other work is
// outstanding: by a handler of our own, because Asio settles its count between handlers. Other schedulers of the context, and of
// the contexts of its family, are no outstanding work where they stand still, too: each of them is reported then.
class stall_detector final : timer_node {
public:
    explicit stall_detector(scheduler_impl& owner) noexcept : owner_{owner} {}

    void look() noexcept;
    // Whoever waited for the outside when it was looked last does so now, and cannot be woken by a fiber.
    [[nodiscard]] bool is_content() const noexcept {
        return witness_ != nullptr && is_parked(witness_->state) && witness_->waits_for != nullptr &&
               !witness_->waits_for->may_be_inside;
    }
    void ended(const fiber_record& fiber) noexcept {
        if (witness_ == &fiber) witness_ = nullptr;
    }
    // Its timer must not keep anything waiting.
    void rest() noexcept;
    [[nodiscard]] bool has_timer() const noexcept { return is_waiting(); }

private:
    void expired() noexcept override { looked_at_ = never; }
    [[nodiscard]] bool all_wait_for_fibers() noexcept;
    void ask_context();
    void context_answers();
    [[nodiscard]] bool stands_still() noexcept;
    using schedulers = std::vector<boost::intrusive_ptr<scheduler_impl>>;
    [[nodiscard]] std::optional<std::uint64_t> turns_of_all_still(schedulers& others);
    void tell_or_ask(scheduler_impl& other);
    void tell();
    void look_again_later();

    static constexpr std::uint64_t never = ~std::uint64_t{0};
    static constexpr std::chrono::seconds soonest{1}, latest{64};

    scheduler_impl& owner_;
    const fiber_record* witness_ = nullptr;  // waited for the outside when it was looked at last
    std::uint64_t looked_at_ = never;  // the count of turns then: nothing has changed while it is the same
    std::uint64_t told_at_ = never;    // likewise, of the last report
    std::chrono::seconds pause_ = soonest;
    std::atomic<bool> asks_{false};    // a handler of ours is on its way
};

}  // namespace corun::detail
