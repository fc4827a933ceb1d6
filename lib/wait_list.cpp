#include "scheduler_impl.hpp"

#include <corun/detail/wait_list.hpp>
#include <corun/error.hpp>

#include <string>

namespace corun::detail {

void home::bind(scheduler_core* here, const char* what) const {
    scheduler_core* nobody = nullptr;
    if (here != nullptr && here->simulated != nullptr && core_.load(std::memory_order_relaxed) == nullptr) {
        touches(name_, access::write);
        return;
    }
    if (here != nullptr && core_.compare_exchange_strong(nobody, here, std::memory_order_relaxed)) return;
    std::string where = "by plain code";
    if (here != nullptr) where = here->running != nullptr ? "on fiber " + describe(*here->running) + " of another" : "on another";
    throw wrong_scheduler{"corun: a " + std::string{what} + " that belongs to one scheduler was used " + where +
                          "; those called concurrent_ may be shared"};
}

}  // namespace corun::detail
