// What a run cost, and the line that says so:  <workload> <runtime> <key=value ...>
#pragma once

#include "program.hpp"

#include <sys/resource.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>

namespace perf {

struct cost {
    double wall_s = 0;
    double cpu_s = 0;  ///< user and system time of all threads of the process
    double system_s = 0;
};

/// Measures from its construction on, so that a language runtime's start-up is charged to nobody.
class stopwatch {
public:
    [[nodiscard]] cost elapsed() const {
        const cost now = read();
        return {now.wall_s - start_.wall_s, now.cpu_s - start_.cpu_s, now.system_s - start_.system_s};
    }

private:
    static double seconds(const timeval& t) { return double(t.tv_sec) + double(t.tv_usec) * 1e-6; }

    static cost read() {
        rusage use{};
        getrusage(RUSAGE_SELF, &use);
        const std::chrono::duration<double> wall = std::chrono::steady_clock::now().time_since_epoch();
        return {wall.count(), seconds(use.ru_utime) + seconds(use.ru_stime), seconds(use.ru_stime)};
    }

    cost start_ = read();
};

/// The number of KiB that a file of /proc tells after `name`; 0 if it does not.
inline std::size_t kib_of(const char* file, std::string_view name) {
    std::ifstream lines{file};
    for (std::string word; lines >> word;) {
        std::size_t kib = 0;
        if (word == name && lines >> kib) return kib;
    }
    return 0;
}

/// The most memory that the program has had resident, in KiB. Not getrusage's: that begins with what the process had
/// before it became this program, a copy of whatever started it.
inline std::size_t max_resident_kib() { return kib_of("/proc/self/status", "VmHWM:"); }

/// The memory that the program has resident now. Counted page by page: the cheaper statm reads counters that may lag.
inline std::size_t resident_bytes() { return kib_of("/proc/self/smaps_rollup", "Rss:") * 1024; }

/// Collects the line's fields in order and prints them at once.
class result_line {
public:
    result_line(std::string_view workload, std::string_view runtime) {
        text_ << std::fixed << std::setprecision(4) << workload << ' ' << runtime;
    }

    template <class T>
    result_line& add(std::string_view key, const T& value) {
        text_ << ' ' << key << '=' << value;
        return *this;
    }

    void print(const cost& spent) {
        add("wall_s", spent.wall_s).add("cpu_s", spent.cpu_s).add("rss_kib", max_resident_kib());
        std::cout << text_.str() << std::endl;
        check(!std::cout.fail(), "the result cannot be written");
    }

private:
    std::ostringstream text_;
};

}  // namespace perf
