#include <corun/sim/report.hpp>

namespace corun::sim {

const char* to_string(failure_kind kind) noexcept {
    switch (kind) {
        case failure_kind::none: return "no failure";
        case failure_kind::exception: return "an exception";
        case failure_kind::unhandled: return "an unhandled failure of a fiber";
        case failure_kind::deadlock: return "a deadlock";
        case failure_kind::fibers_left: return "fibers left behind";
        case failure_kind::starvation: return "starvation";
        case failure_kind::too_long: return "too many turns";
        case failure_kind::forbidden_switch: return "a yield inside no_yield";
        case failure_kind::nondeterminism: return "nondeterminism";
    }
    return "unknown";
}

std::string to_string(const report& r) {
    const std::string runs = std::to_string(r.runs) + (r.runs == 1 ? " run, " : " runs, ") + std::to_string(r.steps) + " turns";
    if (r.passed()) {
        std::string text = "passed: " + runs + (r.exhausted ? "; every schedule within the bounds" : "");
        if (r.redundant != 0) text += "; " + std::to_string(r.redundant) + " given up as redundant";
        if (r.cut != 0) text += "; " + std::to_string(r.cut) + " cut";
        return text + "\n";
    }
    std::string text = std::string{"corun: a simulated run failed: "} + to_string(r.kind) + "\n  " + r.what + "\n";
    text += "  found after " + runs + ", with seed " + std::to_string(r.seed) + "\n";
    if (!r.schedule.empty()) text += "  to repeat it: corun::sim::replay(\"" + r.schedule + "\", …)\n";
    if (!r.trace.empty()) text += "  its turns:\n" + r.trace;
    return text;
}

}  // namespace corun::sim
