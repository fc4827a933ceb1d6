#pragma once

#include <locale>
#include <string>

namespace corun_test {

// Writes 1234.5 as 1'234,5: no file format may depend on it.
inline std::locale grouping_locale() {
    struct grouping final : std::numpunct<char> {
        char do_thousands_sep() const override { return '\''; }
        char do_decimal_point() const override { return ','; }
        std::string do_grouping() const override { return "\3"; }
    };
    return {std::locale::classic(), new grouping};
}

}  // namespace corun_test
