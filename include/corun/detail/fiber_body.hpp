// A fiber's function.
#pragma once

#include <corun/fiber.hpp>

#include <functional>
#include <optional>
#include <source_location>
#include <type_traits>
#include <utility>

namespace corun::detail {

// The fiber's function lives in its record until it has run, so that its captures end with the fiber, not with the handle.
template <class R, class Function>
struct fiber_body : fiber_result<R> {
    fiber_body(scheduler_core& core, std::source_location at, Function&& f) : fiber_result<R>{core, at}, function{std::move(f)} {}
    ~fiber_body() override { drop_function(); }

    void run() override {
        if constexpr (std::is_void_v<R>) {
            std::invoke(std::move(*function));
            this->result.emplace();
        } else {
            this->result.emplace(std::invoke(std::move(*function)));
        }
    }
    void drop_function() noexcept override { function.reset(); }

    std::optional<Function> function;
};

}  // namespace corun::detail
