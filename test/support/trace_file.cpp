#include "trace_file.hpp"

#include "trace_rules.hpp"

#include <boost/json/src.hpp>
#include <boost/test/unit_test.hpp>

#include <unistd.h>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace corun_test {
namespace {

void take_arguments(const boost::json::object& event, trace_slice& slice) {
    if (const auto* arguments = event.if_contains("args"))
        for (const auto& [name, value] : arguments->as_object()) slice.arguments[name] = value.as_string().c_str();
}

}  // namespace

trace_scratch::trace_scratch() {
    static int number = 0;
    const auto name = "corun-trace-" + std::to_string(::getpid()) + "-" + std::to_string(number++) + ".json";
    path = (std::filesystem::temp_directory_path() / name).string();
}

trace_scratch::~trace_scratch() {
    std::error_code ignored;  // a flight recorder leaves no file
    if (const char* folder = std::getenv("CORUN_KEEP_TRACES")) std::filesystem::copy(path, folder, ignored);
    std::filesystem::remove(path, ignored);
}

trace_file::trace_file(const std::string& path) {
    std::ifstream in{path};
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    const boost::json::object root = boost::json::parse(text).as_object();
    check_trace_rules(root);
    dropped = std::stoull(root.at("otherData").at("dropped_events").as_string().c_str());
    std::map<std::uint64_t, double> latest;
    std::map<std::uint64_t, std::vector<trace_slice>> open;
    std::map<std::uint64_t, trace_arrow> flying;
    for (const auto& each : root.at("traceEvents").as_array()) {
        const boost::json::object& event = each.as_object();
        const char phase = event.at("ph").as_string().at(0);
        const auto track = event.at("tid").to_number<std::uint64_t>();
        const auto at = event.at("ts").to_number<double>();
        const auto name = [&] { return std::string{event.at("name").as_string().c_str()}; };
        if (phase == 'B' || phase == 'E') {
            BOOST_TEST(at >= latest[track], "time goes back on track " << track);
            latest[track] = at;
        }
        if (phase == 'M') {
            if (name() == "thread_name") names[track] = event.at("args").at("name").as_string().c_str();
        } else if (phase == 'B') {
            trace_slice slice{.name = name(), .begin = at, .end = at, .depth = open[track].size(), .arguments = {}};
            take_arguments(event, slice);
            open[track].push_back(slice);
        } else if (phase == 'E') {
            BOOST_REQUIRE(!open[track].empty());
            trace_slice slice = open[track].back();
            open[track].pop_back();
            slice.end = at;
            take_arguments(event, slice);
            slices[track].push_back(slice);
        } else if (phase == 's' || phase == 'f') {
            const auto id = event.at("id").to_number<std::uint64_t>();
            trace_arrow& arrow = flying[id];
            if (phase == 's') {
                arrow = {.name = name(), .from = track, .begin = at};
                continue;
            }
            arrow.to = track;
            arrow.end = at;
            arrows.push_back(arrow);
        } else {
            instants.push_back(name());
        }
    }
}

std::uint64_t trace_file::track(const std::string& name) const {
    const auto found = std::find_if(names.begin(), names.end(), [&](const auto& n) { return n.second == name; });
    return found != names.end() ? found->first : 0;
}

std::vector<trace_slice> trace_file::of(const std::string& name) const {
    const auto found = slices.find(track(name));
    return found != slices.end() ? found->second : std::vector<trace_slice>{};
}

std::vector<std::string> trace_file::states(const std::string& name) const {
    std::vector<std::string> result;
    for (const trace_slice& slice : of(name)) result.push_back(slice.name.substr(0, slice.name.find(':')));
    return result;
}

bool trace_file::holds(std::uint64_t track, double moment) const {
    const auto found = slices.find(track);
    return found != slices.end() && std::any_of(found->second.begin(), found->second.end(), [&](const trace_slice& slice) {
               return slice.begin <= moment && moment <= slice.end;
           });
}

}  // namespace corun_test
