// The stacks of the stackful peers: of the kinds that Boost.Context offers, the fastest for each purpose. Neither has
// a guard page.
#pragma once

#include <boost/context/fixedsize_stack.hpp>
#include <boost/context/pooled_fixedsize_stack.hpp>

namespace perf {

/// For stacks that come and go: last used first, without a call of the C library. Copies share one pool; it lasts as
/// long as the program, so that every run finds its stacks again.
inline boost::context::pooled_fixedsize_stack& recycled_stacks() {
    static boost::context::pooled_fixedsize_stack pool;
    return pool;
}

/// For many stacks at once. The pool would link them through their far ends, which makes one more page of each
/// resident; stacks of Boost's default size would each be a mapping of the C library's.
inline boost::context::fixedsize_stack many_stacks() { return boost::context::fixedsize_stack{64 * 1024}; }

}  // namespace perf
