// The floor below every yield: two stacks that jump to each other and do nothing else.
#pragma once

#include <benchmark/benchmark.h>

#include <boost/context/detail/fcontext.hpp>
#include <boost/context/fixedsize_stack.hpp>

namespace perf {

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
