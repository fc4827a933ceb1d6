// The floor below every yield: stacks that jump to each other in a ring and do nothing else.
#pragma once

#include "stacks.hpp"

#include <benchmark/benchmark.h>

#include <boost/context/detail/fcontext.hpp>
#include <boost/context/fixedsize_stack.hpp>

#include <cstddef>
#include <vector>

namespace perf {

/// The first member runs on the thread's own stack, and measures. The tops of the others are coloured, as corun's are: at the same
/// place in their pages they would share cache sets, and each jump would take longer.
class bare_ring {
public:
    explicit bare_ring(std::size_t size) : left_at_(size) {
        constexpr std::size_t colours = 16, step = 64;
        for (std::size_t i = 1; i < size; ++i) {
            const auto& stack = stacks_.emplace_back(allocator_.allocate());
            const std::size_t colour = i % colours * step;
            left_at_[i] = boost::context::detail::make_fcontext(static_cast<char*>(stack.sp) - colour, stack.size - colour, enter);
        }
    }
    ~bare_ring() {
        for (auto& stack : stacks_) allocator_.deallocate(stack);
    }
    bare_ring(const bare_ring&) = delete;
    bare_ring& operator=(const bare_ring&) = delete;

    /// From the member whose turn it is to the next one; returns when the turn has come round.
    [[gnu::always_inline]] void hop() {
        const place here{this, turn_};
        if (++turn_ == left_at_.size()) turn_ = 0;
        arrive(boost::context::detail::jump_fcontext(left_at_[turn_], const_cast<place*>(&here)));
    }

private:
    struct place {
        bare_ring* ring;
        std::size_t member;
    };

    // Notes where the one that left was left.
    [[gnu::always_inline]] static bare_ring& arrive(boost::context::detail::transfer_t from) {
        const place& left = *static_cast<const place*>(from.data);
        left.ring->left_at_[left.member] = from.fctx;
        return *left.ring;
    }
    static void enter(boost::context::detail::transfer_t from) {
        for (bare_ring& ring = arrive(from);;) ring.hop();
    }

    boost::context::fixedsize_stack allocator_ = many_stacks();
    std::vector<boost::context::stack_context> stacks_;
    std::vector<boost::context::detail::fcontext_t> left_at_;  // by member
    std::size_t turn_ = 0;
};

inline void yield_jump_fcontext_ring(benchmark::State& state) {
    const auto size = static_cast<std::size_t>(state.range(0));
    bare_ring ring{size};
    while (state.KeepRunningBatch(static_cast<benchmark::IterationCount>(size))) ring.hop();
}

// Two, without a ring around them.
inline void yield_jump_fcontext(benchmark::State& state) {
    namespace context = boost::context;
    context::fixedsize_stack allocator;
    context::stack_context stack = allocator.allocate();
    auto other = context::detail::make_fcontext(stack.sp, stack.size, [](context::detail::transfer_t from) {
        for (;;) from = context::detail::jump_fcontext(from.fctx, nullptr);
    });
    while (state.KeepRunningBatch(2)) other = context::detail::jump_fcontext(other, nullptr).fctx;
    allocator.deallocate(stack);
}

}  // namespace perf
