#include "scheduler_impl.hpp"

#include <corun/timeout.hpp>

#include <string>

namespace corun::detail {

// Where the fiber waited when the time was up is the place of its last yield.
void throw_timed_out(const scope& expired, std::source_location where) {
    const fiber_record& self = expired.fiber();
    throw timed_out{"corun: fiber " + describe(self) + " timed out in the block of " + describe(where) + ", waiting at " +
                    describe(self.where)};
}

}  // namespace corun::detail
