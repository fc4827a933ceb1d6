// A trace's file, read by Boost.JSON and held against the Trace Event Format.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace corun_test {

// A trace of a test's own. Goes with this object, or into the folder that the environment names by CORUN_KEEP_TRACES.
struct trace_scratch {
    trace_scratch();
    ~trace_scratch();
    trace_scratch(const trace_scratch&) = delete;
    trace_scratch& operator=(const trace_scratch&) = delete;

    std::string path;
};

struct trace_slice {
    std::string name;
    double begin = 0, end = 0;  // microseconds
    std::size_t depth = 0;      // 0: in no other
    std::map<std::string, std::string> arguments;  // of its begin and its end
};

struct trace_arrow {
    std::string name;
    std::uint64_t from = 0, to = 0;  // tracks
    double begin = 0, end = 0;
};

struct trace_file {
    // Checks that it is JSON, that check_trace_rules finds nothing, and that the file's order is that of time on each track.
    // Reports what is wrong to Boost.Test.
    explicit trace_file(const std::string& path);

    std::map<std::uint64_t, std::string> names;  // of tracks
    std::map<std::uint64_t, std::vector<trace_slice>> slices;  // by track, in the order of their ends
    std::vector<trace_arrow> arrows;
    std::vector<std::string> instants;
    std::uint64_t dropped = 0;

    // Of the track with the name ("#7 billing"); empty if there is none.
    [[nodiscard]] std::vector<trace_slice> of(const std::string& name) const;
    // The states' names, in their order; without what is waited for.
    [[nodiscard]] std::vector<std::string> states(const std::string& name) const;
    [[nodiscard]] std::uint64_t track(const std::string& name) const;
    // A slice of the track that holds the moment.
    [[nodiscard]] bool holds(std::uint64_t track, double moment) const;
};

}  // namespace corun_test
