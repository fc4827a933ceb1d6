// What the Boost.Fiber peers share: how a fiber is started.
#pragma once

#include "stacks.hpp"

#include <boost/fiber/fiber.hpp>
#include <boost/fiber/operations.hpp>

#include <memory>
#include <utility>

namespace perf {

namespace fibers = boost::fibers;

template <class Stacks, class Function>
fibers::fiber start_fiber(fibers::launch when, Stacks stacks, Function function) {
    return fibers::fiber{when, std::allocator_arg, std::move(stacks), std::move(function)};
}

}  // namespace perf
