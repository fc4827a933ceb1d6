// exception: a fiber throws and catches, then gives way. What every runtime's version shares.
#pragma once

#include "operations.hpp"

#include <stdexcept>

namespace perf {

[[noreturn, gnu::noinline]] inline void fail() { throw std::runtime_error{"as asked"}; }

/// One operation's part before the fiber gives way.
inline void throw_and_catch(operations& work) {
    try {
        fail();
    } catch (const std::runtime_error&) {
        ++work.done;
    }
}

template <class Run>
int exception_main(int argc, char** argv, std::string_view runtime, Run run) {
    return operations_main(argc, argv, "exception", runtime, {.count = 200'000, .size = 100}, run);
}

}  // namespace perf
