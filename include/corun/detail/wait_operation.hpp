// Waiting for a primitive that lets through: the operation of event, latch and wait_group.
#pragma once

#include <corun/detail/wait_list.hpp>

#include <utility>

namespace corun::detail {

// Primitive has lets_pass(), try_wait(), waiting_ and, if letting through takes something from it, give_back().
template <class Primitive>
class [[nodiscard]] wait_operation : public committing<wait_operation<Primitive>> {
public:
    explicit wait_operation(Primitive& p) noexcept : primitive_{&p} {}
    wait_operation(wait_operation&& other) noexcept : primitive_{other.primitive_} {}  // before it starts
    ~wait_operation() {
        if constexpr (requires { primitive_->give_back(); })
            if (this->is_granted() && primitive_ != nullptr) primitive_->give_back();  // nobody came for it
    }

    [[nodiscard]] bool available() const { return primitive_->lets_pass(); }
    [[nodiscard]] bool try_commit() { return primitive_->try_wait(); }
    [[nodiscard]] wait_list& queue() noexcept { return primitive_->waiting_; }
    void get() noexcept { primitive_ = nullptr; }

private:
    Primitive* primitive_;
};

}  // namespace corun::detail
