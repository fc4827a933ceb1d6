// Simulated runs that are to fail.
#pragma once

#include <corun/sim/run.hpp>

#include <boost/test/unit_test.hpp>

#include <initializer_list>
#include <source_location>
#include <string>

namespace corun_test {

inline corun::sim::report outcome(void (*body)(), std::source_location at = std::source_location::current()) {
    return corun::sim::run({.throws = false}, body, at);
}

/// Whether the report says what failed in these words.
inline bool says(const corun::sim::report& r, std::initializer_list<const char*> all) {
    for (const char* text : all)
        if (r.what.find(text) == std::string::npos) {
            BOOST_TEST_MESSAGE(r.what);
            return false;
        }
    return true;
}

}  // namespace corun_test
