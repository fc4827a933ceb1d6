#include <corun/clock.hpp>

#include <corun/detail/simulation.hpp>

namespace corun {

clock::time_point clock::now() noexcept {
    const detail::simulation* simulated = detail::current_simulation();
    return simulated != nullptr ? simulated->now : std::chrono::steady_clock::now();
}

}  // namespace corun
