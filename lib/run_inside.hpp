// What looks at a scheduler's tables or mends them, from any thread: unlike a handler it need not run where the fibers do.
#pragma once

#include "scheduler_impl.hpp"

#include <utility>

namespace corun::detail {

// False: somebody else is inside.
template <class Function>
[[nodiscard]] bool try_run_inside(scheduler_impl& scheduler, Function& function) {
    if (current_core() == &scheduler) {
        function();
        return true;
    }
    if (!scheduler.try_enter()) return false;
    const entered inside{scheduler};
    function();
    return true;
}

// Now, or where somebody else is inside in the scheduler's next drive.
template <class Function>
void run_inside(scheduler_impl& scheduler, Function function) {
    if (!try_run_inside(scheduler, function)) submit(scheduler, function_node_of<Function>::make(std::move(function)));
}

}  // namespace corun::detail
