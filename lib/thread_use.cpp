#include "thread_use.hpp"

#include <time.h>
#include <unistd.h>
#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace corun::detail {
namespace {

using std::chrono::nanoseconds;

constexpr std::int64_t second = 1'000'000'000;

nanoseconds of_ticks(std::int64_t ticks) noexcept {
    static const std::int64_t in_a_second = std::max(1L, ::sysconf(_SC_CLK_TCK));
    return nanoseconds{ticks / in_a_second * second + ticks % in_a_second * second / in_a_second};
}

nanoseconds since_boot() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return nanoseconds{std::int64_t{now.tv_sec} * second + now.tv_nsec};
}

}  // namespace

// Fields of /proc/PID/stat by their numbers in proc(5).
thread_use use_of_thread(std::uint64_t number) {
    constexpr int first_after_name = 3, user = 14, kernel = 15, begin = 22;
    std::ifstream file{"/proc/self/task/" + std::to_string(number) + "/stat"};
    std::string line;
    std::getline(file, line);
    std::istringstream fields{line.substr(std::min(line.size(), line.rfind(')') + 1))};  // a name may hold spaces and parentheses
    thread_use use;
    std::string field;
    for (int i = first_after_name; i <= begin && fields >> field; ++i) {
        if (i != user && i != kernel && i != begin) continue;
        const nanoseconds span = of_ticks(std::stoll(field));
        if (i == user) use.user = span;
        if (i == kernel) use.kernel = span;
        if (i != begin) continue;
        use.age = since_boot() - span;
        use.is_known = true;
    }
    return use.is_known ? use : thread_use{};
}

}  // namespace corun::detail
