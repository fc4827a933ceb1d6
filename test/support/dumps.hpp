// Dumps, and what they say.
#pragma once

#include <corun/dump.hpp>

#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>

namespace corun_test {

inline std::string dumped(const corun::dump_options& options = {}) {
    std::ostringstream out;
    corun::dump(out, options);
    return out.str();
}

inline bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

inline std::string number_of(std::uint64_t id) { return "#" + std::to_string(id); }

// The line, indented by the depth in the tree, that begins with the fiber's number.
inline std::string line_of(const std::string& text, std::uint64_t id, std::size_t depth = 1) {
    const std::string begin = "\n" + std::string(2 * depth, ' ') + number_of(id) + " ";
    const auto at = text.find(begin);
    return at == std::string::npos ? "no line for " + number_of(id) + " in:\n" + text
                                   : text.substr(at + 1, text.find('\n', at + 1) - at - 1);
}

// How many seconds ago it yielded, by its line.
inline double ago(const std::string& line) {
    BOOST_REQUIRE_MESSAGE(line.ends_with(" s ago"), line);
    return std::stod(line.substr(line.rfind(", ") + 2));
}

}  // namespace corun_test
