// What a run cost, and the line that says so:  <workload> <runtime> <key=value ...>
#pragma once

#include <sys/resource.h>
#include <unistd.h>

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
  double cpu_s = 0; ///< user and system time of all threads of the process
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

/// The most memory that the process has had resident, in KiB.
inline long max_resident_kib() {
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  return use.ru_maxrss;
}

/// The memory that the process has resident now. smaps_rollup counts page by page; the cheaper statm reads
/// per-CPU counters that may lag, and is only the fallback.
inline std::size_t resident_bytes() {
  std::ifstream rollup{"/proc/self/smaps_rollup"};
  for (std::string word; rollup >> word;) {
    std::size_t kib = 0;
    if (word == "Rss:" && rollup >> kib)
      return kib * 1024;
  }
  std::size_t all = 0, resident = 0;
  std::ifstream{"/proc/self/statm"} >> all >> resident;
  return resident * std::size_t(sysconf(_SC_PAGESIZE));
}

/// Collects the line's fields in order and prints them at once.
class result_line {
public:
  result_line(std::string_view workload, std::string_view runtime) {
    text_ << std::fixed << std::setprecision(4) << workload << ' ' << runtime;
  }

  template <class T> result_line& add(std::string_view key, const T& value) {
    text_ << ' ' << key << '=' << value;
    return *this;
  }

  void print(const cost& spent) {
    add("wall_s", spent.wall_s).add("cpu_s", spent.cpu_s).add("rss_kib", max_resident_kib());
    std::cout << text_.str() << std::endl;
  }

private:
  std::ostringstream text_;
};

} // namespace perf
