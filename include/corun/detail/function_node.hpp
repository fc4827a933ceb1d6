// A function on its way into a scheduler: what its executor queues.
#pragma once

#include <corun/detail/core.hpp>

#include <boost/asio/recycling_allocator.hpp>

#include <memory>
#include <utility>

namespace corun::detail {

struct function_node : inbox_node {
    // Runs the function, or only destroys it; either way the node is gone afterwards, before the function runs.
    void (*finish)(function_node&, bool run) = nullptr;
};

template <class Function>
struct function_node_of final : function_node {
    using allocator = boost::asio::recycling_allocator<function_node_of>;

    explicit function_node_of(Function&& f) : function{std::move(f)} {
        take = [](inbox_node& node, scheduler_core& core) {
            auto& self = static_cast<function_node&>(node);
            self.finish(self, !core.is_dying());
        };
        finish = [](function_node& node, bool run) {
            auto& self = static_cast<function_node_of&>(node);
            Function taken{std::move(self.function)};
            self.~function_node_of();
            allocator{}.deallocate(&self, 1);
            if (run) std::move(taken)();
        };
    }

    static function_node* make(Function f) {
        allocator memory;
        function_node_of* place = memory.allocate(1);
        try {
            return new (place) function_node_of{std::move(f)};
        } catch (...) {
            memory.deallocate(place, 1);
            throw;
        }
    }

    Function function;
};

}  // namespace corun::detail
