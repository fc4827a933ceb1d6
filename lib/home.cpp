#include "scheduler_impl.hpp"

#include <corun/detail/home.hpp>
#include <corun/error.hpp>

#include <string>

namespace corun::detail {

bool home::bind(scheduler_core* here, const char* what) const {
    std::uintptr_t word = word_.load(std::memory_order_relaxed);
    const bool is_open = (word & closed) == 0;
    if (core_of(word) == here) return is_open;
    if (here != nullptr && core_of(word) == nullptr) {
        if (here->simulated != nullptr) {
            touches(name_, access::write);
            return is_open;
        }
        if (word_.compare_exchange_strong(word, word | reinterpret_cast<std::uintptr_t>(here), std::memory_order_relaxed))
            return is_open;
    }
    throw wrong_scheduler{"corun: a " + std::string{what} + " that belongs to one scheduler was used " +
                          (here != nullptr ? "on another" : "by plain code") + describe_here() +
                          "; those called concurrent_ may be shared"};
}

}  // namespace corun::detail
