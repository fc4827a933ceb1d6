// The load of two_threads: each connection sends its next request as soon as it has its answer, so that no thread of the server
// waits for another's. `rounds` is the number of requests on all connections together.
#include "compute.hpp"
#include "load.hpp"

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <vector>

namespace {

// Few requests, whose answers are computed beforehand: the load must not work as much as the server.
struct question {
    std::uint64_t asked, answer;
};

class clients {
public:
    explicit clients(const perf::load& work) : work_{work}, asked_(work.connections) {
        for (std::uint64_t i = 0; i != questions_.size(); ++i) questions_[i] = {i + 1, perf::compute(i + 1)};
        for (std::size_t i = 0; i != work.connections; ++i) {
            sockets_.push_back(perf::connect_to(work.port));
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.u64 = i;
            perf::check(::epoll_ctl(epoll_, EPOLL_CTL_ADD, sockets_.back(), &event) == 0, "epoll_ctl");
        }
    }

    void run() {
        for (std::size_t i = 0; i != work_.connections; ++i) ask(i);
        std::array<epoll_event, 64> events{};
        while (answered_ != work_.rounds) {
            const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < count; ++i) take(events[static_cast<std::size_t>(i)].data.u64);
        }
        for (int fd : sockets_) ::close(fd);
    }

private:
    void ask(std::size_t client) {
        if (sent_ == work_.rounds) return;
        asked_[client] = sent_++ % questions_.size();
        const std::uint64_t& asked = questions_[asked_[client]].asked;
        perf::check(::send(sockets_[client], &asked, sizeof asked, MSG_NOSIGNAL) == ssize_t{sizeof asked}, "cannot send");
    }
    void take(std::size_t client) {
        std::uint64_t answer = 0;
        perf::check(::recv(sockets_[client], &answer, sizeof answer, MSG_WAITALL) == ssize_t{sizeof answer}, "an answer is short");
        perf::check(answer == questions_[asked_[client]].answer, "an answer is wrong");
        ++answered_;
        ask(client);
    }

    const perf::load& work_;
    int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    std::array<question, 16> questions_{};
    std::vector<int> sockets_;
    std::vector<std::size_t> asked_;  ///< by client
    std::size_t sent_ = 0, answered_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    return perf::load_main(argc, argv, "two_threads_load", [](const perf::load& work) { clients{work}.run(); });
}
