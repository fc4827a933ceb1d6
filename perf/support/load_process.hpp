// The client of a server that is measured: a process of its own, so that neither pays for the other, bounded in count and in time.
#pragma once

#include "processors.hpp"
#include "program.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace perf {

/// The longest that a server or its load lives: an alarm kills each, whatever the other does.
inline constexpr unsigned longest_seconds = 100;

/// Lets the program have so many connections, which may be more than the system grants unasked.
inline void need_descriptors(std::size_t connections) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    const std::size_t needed = connections + 64;
    if (limit.rlim_cur < needed)
        throw unavailable{"needs " + std::to_string(needed) + " descriptors, and the system grants " +
                          std::to_string(limit.rlim_cur)};
}

class load_process {
public:
    /// Starts the program `name` that lies in the folder of this one, whose argv[0] is `self`; on the load's processor, if `bound`.
    load_process(std::string_view self, std::string_view name, std::vector<std::string> arguments, bool bound = true)
        : name_{name} {
        arguments.insert(arguments.begin(), std::string{self.substr(0, self.rfind('/') + 1)} + name_);
        std::vector<char*> words;
        for (std::string& each : arguments) words.push_back(each.data());
        words.push_back(nullptr);
        ::alarm(longest_seconds);
        child_ = ::fork();
        check(child_ >= 0, "cannot start " + name_);
        if (child_ != 0) return;
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // the load does not outlive its server
        if (bound) bind_load();
        ::execv(words[0], words.data());
        ::_exit(127);
    }
    ~load_process() {
        if (child_ == 0) return;
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
    }
    load_process(const load_process&) = delete;
    load_process& operator=(const load_process&) = delete;

    /// Waits for its end and returns its processor time in seconds; throws failure unless every answer was as it should be.
    double finish() {
        int status = -1;
        rusage use{};
        ::wait4(child_, &status, 0, &use);
        child_ = 0;
        check(!WIFEXITED(status) || WEXITSTATUS(status) != 127, name_ + " has not been built");
        check(status == 0, name_ + " has failed");
        const auto seconds = [](const timeval& t) { return double(t.tv_sec) + double(t.tv_usec) * 1e-6; };
        return seconds(use.ru_utime) + seconds(use.ru_stime);
    }

private:
    std::string name_;
    pid_t child_ = 0;
};

}  // namespace perf
