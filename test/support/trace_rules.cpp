#include "trace_rules.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace json = boost::json;

namespace corun_test {
namespace {

struct event {
    char phase = 0;
    std::uint64_t track = 0;
    std::int64_t at = 0;  // nanoseconds
    std::string name;     // empty: none
    const json::object* fields = nullptr;
};

std::string text_of(const json::object& fields, std::string_view key) {
    const json::value* value = fields.if_contains(key);
    return value != nullptr && value->is_string() ? std::string{value->as_string()} : std::string{};
}

// Perfetto keeps the numbers of processes and threads in 32 bits, and takes thread 0 for the kernel's idle one.
std::uint64_t number_of(const json::object& fields, std::string_view key) {
    const auto number = fields.at(key).to_number<std::uint64_t>();
    BOOST_TEST(number > 0U, key << " is 0");
    BOOST_TEST(number <= std::numeric_limits<std::uint32_t>::max(), key << " " << number << " does not fit");
    return number;
}

// Perfetto's reader of objects stops at a control character, U+007F included.
void check_strings(const json::value& value) {
    if (const json::string* text = value.if_string())
        BOOST_TEST(std::none_of(text->begin(), text->end(), [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }),
                   "a control character in " << *text);
    if (const json::object* fields = value.if_object())
        for (const auto& field : *fields) check_strings(field.value());
}

void check_metadata(const event& each, std::set<std::uint64_t>& named) {
    const json::object& arguments = each.fields->at("args").as_object();
    if (each.name == "thread_sort_index") {
        BOOST_TEST(arguments.at("sort_index").is_number());
        return;
    }
    BOOST_TEST(!text_of(arguments, "name").empty());
    if (each.name == "thread_name")
        BOOST_TEST(named.insert(each.track).second, "track " << each.track << " is named twice");
    else
        BOOST_TEST(each.name == "process_name");
}

event read(const json::object& fields) {
    event result{.name = text_of(fields, "name"), .fields = &fields};
    const std::string phase = text_of(fields, "ph");
    BOOST_REQUIRE(phase.size() == 1U);
    result.phase = phase[0];
    BOOST_REQUIRE_MESSAGE(std::string{"BEsfiM"}.find(phase) != std::string::npos, "unknown phase " << phase);
    BOOST_TEST((result.phase == 'E' || !result.name.empty()), "a " << phase << " without a name");
    result.track = number_of(fields, "tid");
    const double nanoseconds = fields.at("ts").to_number<double>() * 1000;
    result.at = std::llround(nanoseconds);
    BOOST_TEST(result.at >= 0);
    BOOST_TEST(std::abs(nanoseconds - static_cast<double>(result.at)) < 0.01, "a fraction of a nanosecond");
    if (result.phase == 'i') BOOST_TEST(std::string{"gpt"}.find(text_of(fields, "s")) != std::string::npos);
    if (result.phase == 'f') BOOST_TEST(text_of(fields, "bp") == "e", "an arrow that ends in the slice after it");
    return result;
}

// An arrow is told from others by its category, name and id; both its ends have the same.
std::string arrow_of(const event& each) {
    BOOST_TEST(!text_of(*each.fields, "cat").empty());
    return text_of(*each.fields, "cat") + " " + each.name + " " + std::to_string(each.fields->at("id").to_number<std::uint64_t>());
}

// Events are taken by time, those of the same time in the file's order, as Perfetto does; an end closes the slice that was opened
// last, and an arrow belongs to the slice that is open on its track.
void check_order(std::vector<event>& events, const std::set<std::uint64_t>& named) {
    std::sort(events.begin(), events.end(), [](const event& a, const event& b) {
        return std::tie(a.at, a.fields) < std::tie(b.at, b.fields);  // the fields lie in the file's order
    });
    std::map<std::uint64_t, std::size_t> open;
    std::set<std::uint64_t> empty = named;
    std::map<std::string, std::string> arrows;  // how many ends each has
    for (const event& each : events) {
        if (each.phase != 'M') empty.erase(each.track);
        if (each.phase == 'i' || each.phase == 'M') continue;
        BOOST_TEST(named.contains(each.track), "track " << each.track << " has no name");
        if (each.phase == 'B') {
            ++open[each.track];
            continue;
        }
        BOOST_TEST(open[each.track] > 0U,
                   "a '" << each.phase << "' outside of slices, track " << each.track << ", " << each.at << " ns");
        if (each.phase == 'E')
            --open[each.track];
        else
            arrows[arrow_of(each)] += each.phase;
    }
    for (const auto& [track, slices] : open) BOOST_TEST(slices == 0U, "a begin without an end on track " << track);
    for (const std::uint64_t track : empty) BOOST_TEST(track == 0U, "a name for track " << track << ", on which is nothing");
    for (const auto& [arrow, ends] : arrows) BOOST_TEST(ends == "sf", "the arrow " << arrow << " has the ends " << ends);
}

}  // namespace

void check_trace_rules(const json::object& root) {
    check_strings(root);
    std::vector<event> events;
    std::set<std::uint64_t> processes, named;
    for (const json::value& value : root.at("traceEvents").as_array()) {
        check_strings(value);
        events.push_back(read(value.as_object()));
        processes.insert(number_of(value.as_object(), "pid"));
        if (events.back().phase == 'M') check_metadata(events.back(), named);
    }
    BOOST_TEST(processes.size() <= 1U);
    check_order(events, named);
}

}  // namespace corun_test
