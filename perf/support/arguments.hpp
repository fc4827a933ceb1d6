// The command line of the suite's programs: `--name value`, with defaults, `--help`, and one clear complaint.
#pragma once

#include "program.hpp"

#include <boost/program_options.hpp>

#include <iostream>
#include <string>

namespace perf {

class arguments {
public:
    explicit arguments(const std::string& title) : described_{title + "\n\nOptions"} {
        described_.add_options()("help", "print this text");
    }

    /// Names an option; `target` holds the default and receives what the user asks for.
    template <class T>
    arguments& option(const char* name, T& target, const char* meaning) {
        namespace po = boost::program_options;
        described_.add_options()(name, po::value<T>(&target)->default_value(target), meaning);
        return *this;
    }

    /// Fills the targets. False when the user asked for help and has been answered.
    [[nodiscard]] bool parse(int argc, const char* const* argv) {
        namespace po = boost::program_options;
        po::variables_map given;
        try {
            // No positional words: by default Program_options would swallow them without a complaint.
            const po::positional_options_description none;
            po::store(po::command_line_parser(argc, argv).options(described_).positional(none).run(), given);
            po::notify(given);
        } catch (const po::error& error) {
            throw bad_arguments{error.what()};
        }
        if (given.count("help") == 0) return true;
        std::cout << described_;
        return false;
    }

private:
    boost::program_options::options_description described_;
};

/// Counts that must not be zero. A negative number reads as a huge unsigned one, so there is an upper bound as well.
inline void require_count(const char* name, std::size_t value, std::size_t at_most = 100'000'000) {
    if (value == 0 || value > at_most) throw bad_arguments{std::string{"--"} + name + " must be 1 to " + std::to_string(at_most)};
}

}  // namespace perf
