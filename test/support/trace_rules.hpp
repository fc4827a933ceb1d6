// The Trace Event Format, as strictly as its readers take it.
#pragma once

#include <boost/json/object.hpp>

namespace corun_test {

// Reports to Boost.Test what Chrome's tracing view or Perfetto would drop, warn of or show in the wrong place: fields that a phase
// lacks, numbers that do not fit, slices that do not nest, arrows that no slice holds, tracks without a name.
void check_trace_rules(const boost::json::object& root);

}  // namespace corun_test
