// Child processes started from a busy runtime.
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <chrono>
#include <string>
#include <vector>

using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

// Runs /bin/echo and reads what it says through a pipe.
std::string echo(const std::string& word) {
    int ends[2];
    BOOST_REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::dup2(ends[1], STDOUT_FILENO);
        ::execl("/bin/echo", "echo", word.c_str(), nullptr);
        ::_exit(127);
    }
    ::close(ends[1]);
    std::string said;
    for (;;) {
        boost::system::error_code hung_up;
        corun::yield(corun::readable(ends[0]), hung_up);
        std::array<char, 64> buffer;
        const ssize_t n = ::read(ends[0], buffer.data(), buffer.size());
        if (n <= 0) break;
        said.append(buffer.data(), static_cast<std::size_t>(n));
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(pid, &status, 0);
    BOOST_TEST((WIFEXITED(status) && WEXITSTATUS(status) == 0));
    return said;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(fork_exec, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(from_among_busy_fibers) {
    corun::run([] {
        bool done = false;
        auto busy = corun::spawn([&] {
            while (!done) corun::yield();
        });
        auto sleeper = corun::spawn([&] {
            while (!done) corun::yield(corun::sleep_for(100us));
        });
        auto worker = corun::spawn([&] {
            while (!done) corun::yield(corun::blocking([] { ::usleep(1); }));
        });
        std::vector<corun::fiber<std::string>> children;
        for (int i = 0; i != 10; ++i) children.push_back(corun::spawn([i] { return echo("child " + std::to_string(i)); }));
        for (int i = 0; i != 10; ++i)
            BOOST_TEST(corun::yield(children[static_cast<std::size_t>(i)].join()) == "child " + std::to_string(i) + "\n");
        done = true;
        corun::yield(busy.join());
        corun::yield(sleeper.join());
        corun::yield(worker.join());
    });
}

BOOST_AUTO_TEST_SUITE_END()
