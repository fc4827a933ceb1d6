#include "trace_file.hpp"

#include <boost/json/src.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace corun_test {
namespace {

void take_arguments(const boost::json::object& event, trace_slice& slice) {
    if (const auto* arguments = event.if_contains("args"))
        for (const auto& [name, value] : arguments->as_object()) slice.arguments[name] = value.as_string().c_str();
}

}  // namespace

trace_file::trace_file(const std::string& path) {
    std::ifstream in{path};
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    const boost::json::object root = boost::json::parse(text).as_object();
    dropped = std::stoull(root.at("otherData").at("dropped_events").as_string().c_str());
    std::map<std::uint64_t, double> latest;
    std::map<std::uint64_t, std::vector<trace_slice>> open;
    std::map<std::uint64_t, trace_arrow> flying;
    for (const auto& each : root.at("traceEvents").as_array()) {
        const boost::json::object& event = each.as_object();
        const char phase = event.at("ph").as_string().at(0);
        const auto track = event.at("tid").to_number<std::uint64_t>();
        const auto at = event.at("ts").to_number<double>();
        BOOST_TEST(event.at("pid").to_number<int>() > 0);
        const auto name = [&] { return std::string{event.at("name").as_string().c_str()}; };
        if (phase == 'B' || phase == 'E') {
            BOOST_TEST(at >= latest[track], "time goes back on track " << track);
            latest[track] = at;
        }
        if (phase == 'M') {
            BOOST_TEST(name() == "thread_name");
            BOOST_TEST(names.emplace(track, event.at("args").at("name").as_string().c_str()).second, "named twice");
        } else if (phase == 'B') {
            trace_slice slice{.name = name(), .begin = at, .end = at, .depth = open[track].size(), .arguments = {}};
            take_arguments(event, slice);
            open[track].push_back(slice);
        } else if (phase == 'E') {
            BOOST_REQUIRE_MESSAGE(!open[track].empty(), "an end without a begin on track " << track);
            trace_slice slice = open[track].back();
            open[track].pop_back();
            slice.end = at;
            take_arguments(event, slice);
            slices[track].push_back(slice);
        } else if (phase == 's' || phase == 'f') {
            const auto id = event.at("id").to_number<std::uint64_t>();
            BOOST_TEST(!event.at("cat").as_string().empty());
            BOOST_TEST(flying.contains(id) == (phase == 'f'), "arrow " << id << " has " << phase << " out of turn");
            trace_arrow& arrow = flying[id];
            if (phase == 's') {
                arrow = {.name = name(), .from = track, .begin = at};
                continue;
            }
            BOOST_TEST(event.at("bp").as_string() == "e");
            BOOST_TEST(arrow.name == name());
            BOOST_TEST(arrow.begin <= at);
            arrow.to = track;
            arrow.end = at;
            arrows.push_back(arrow);
            flying.erase(id);
        } else {
            BOOST_TEST(phase == 'i', "unknown phase " << phase);
            instants.push_back(name());
        }
    }
    for (const auto& [track, left] : open) BOOST_TEST(left.empty(), "a begin without an end on track " << track);
    BOOST_TEST(flying.empty(), "arrows without a head");
    for (const auto& [track, all] : slices) BOOST_TEST(names.contains(track), "track " << track << " has no name");
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
