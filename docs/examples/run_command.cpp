// Runs a command for a limited time and prints what it says, each line with its number. Signals are passed on to it.
//   run_command SECONDS COMMAND [ARGUMENT...]: its exit code; 124 if it took too long
#include <corun.hpp>

#include <boost/asio.hpp>

#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <system_error>

namespace asio = boost::asio;
using namespace std::chrono_literals;
extern char** environ;

struct child {
    pid_t pid = 0;
    asio::posix::stream_descriptor output;
    int ended = -1;  // a descriptor that is readable when the process has ended: pidfd_open(2)

    explicit child(char** command) : output{corun::this_fiber::executor()} {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) throw std::system_error{errno, std::system_category(), "pipe"};
        output.assign(ends[0]);
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        const int error = ::posix_spawnp(&pid, command[0], &actions, nullptr, command, environ);
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
        if (error != 0) throw std::system_error{error, std::system_category(), command[0]};
        ended = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    }
    ~child() {
        if (pid != 0) {  // it is not waited for any more
            ::kill(pid, SIGKILL);
            (void)reap();
        }
        ::close(ended);
    }

    int wait() {
        corun::yield(corun::readable(ended));
        return reap();
    }

    int reap() {
        int status = 0;
        ::waitpid(std::exchange(pid, 0), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
};

// Each line with its number, until the pipe is at its end.
void copy_lines(asio::posix::stream_descriptor& from) {
    std::string text;
    boost::system::error_code ec;
    for (int number = 1;; ++number) {
        const std::size_t n = corun::yield(asio::async_read_until(from, asio::dynamic_buffer(text), '\n', asio::deferred), ec);
        if (ec) break;
        std::cout << number << ' ' << std::string_view{text}.substr(0, n) << std::flush;
        text.erase(0, n);
    }
    std::cout << text << std::flush;
}

int run(char** command) {
    child process{command};
    std::cout << "running " << process.pid << std::endl;
    return corun::yield(corun::with_group([&](corun::group& both) {
        const auto forwards = both.spawn({.name = "signals"}, [&] {
            asio::signal_set signals{corun::this_fiber::executor(), SIGINT, SIGTERM};
            for (;;) ::kill(process.pid, corun::yield(signals.async_wait(asio::deferred)));
        });
        copy_lines(process.output);
        const int code = process.wait();
        forwards.cancel();
        return code;
    }));
}

int main(int argc, char** argv) try {
    if (argc < 3) {
        std::cerr << "usage: run_command SECONDS COMMAND [ARGUMENT...]\n";
        return 2;
    }
    const auto longest = std::chrono::milliseconds{static_cast<int>(1000 * std::atof(argv[1]))};
    const auto code = corun::run([&] { return corun::yield(corun::move_on_after(longest, [&] { return run(argv + 2); })); });
    return code.value_or(124);
} catch (const std::exception& error) {
    std::cerr << "run_command: " << error.what() << '\n';
    return 1;
}
