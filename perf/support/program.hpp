// The frame of every program of the suite: one line on stdout when the work was done and checked, otherwise
// one clear line on stderr and a non-zero exit status.
#pragma once

#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace perf {

/// The work was not done, or was not done as it should have been.
struct failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The command line makes no sense.
struct bad_arguments : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// This system does not offer what the work needs; the runner says so and leaves the program out.
struct unavailable : std::runtime_error {
    using std::runtime_error::runtime_error;
};

inline void check(bool holds, const std::string& otherwise) {
    if (!holds) throw failure{otherwise};
}

/// Runs a program's body and turns whatever leaves it into an exit status: 1 for failed work, 2 for misuse, 77 for
/// what this system cannot do.
template <class Body>
int program(std::string_view name, Body body) {
    try {
        body();
        return EXIT_SUCCESS;
    } catch (const bad_arguments& error) {
        std::cerr << name << ": " << error.what() << " (--help lists the options)\n";
        return 2;
    } catch (const unavailable& error) {
        std::cerr << error.what() << '\n';
        return 77;
    } catch (const std::exception& error) {
        std::cerr << name << ": " << error.what() << '\n';
        return EXIT_FAILURE;
    }
}

}  // namespace perf
