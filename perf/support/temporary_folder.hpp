// A folder that is gone when the program ends, however it ends.
#pragma once

#include "program.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>

namespace perf {

/// Set by SIGINT and SIGTERM once a temporary folder exists: loops look at it and end, so that the folder is removed.
inline volatile std::sig_atomic_t interrupted = 0;

class temporary_folder {
public:
    explicit temporary_folder(const std::filesystem::path& parent) {
        std::string pattern = (parent / "corun-perf-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr)
            throw failure{"cannot make a folder in " + parent.string() + ": " + std::strerror(errno)};
        path_ = pattern;
        for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, [](int) { interrupted = 1; });
        std::signal(SIGXFSZ, SIG_IGN);  // a write that would make a file too large fails, and does not end the program
    }
    ~temporary_folder() {
        std::error_code ignored;  // whatever ended the program is told already
        std::filesystem::remove_all(path_, ignored);
    }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace perf
