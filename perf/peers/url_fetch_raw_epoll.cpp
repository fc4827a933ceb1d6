// Fetches with epoll alone: edge-triggered, no Asio, nothing but the system's calls. The least that a client can cost.
#include "../support/url_fetch.hpp"

#include <sys/epoll.h>

#include <unistd.h>
#include <array>
#include <cerrno>
#include <optional>
#include <vector>

namespace {

constexpr std::uint32_t interest = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

// One connection after the other, in steps that end where a call would block.
class fetcher {
public:
    // False: there is nothing left to do.
    bool begin(int epoll, perf::url_fetch& work) {
        if (!work.claim()) return false;
        fd_ = ::socket(work.server.protocol().family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        check(fd_ >= 0);
        answer_.emplace();
        is_asking_ = true;
        check(::connect(fd_, work.server.data(), static_cast<socklen_t>(work.server.size())) == 0 || errno == EINPROGRESS);
        epoll_event event{};
        event.events = interest;
        event.data.ptr = this;
        check(::epoll_ctl(epoll, EPOLL_CTL_ADD, fd_, &event) == 0);
        return true;
    }

    // True: the answer is there, and counted.
    bool go_on(std::uint32_t events, perf::url_fetch& work) {
        if (is_asking_) {
            if ((events & EPOLLOUT) == 0) return false;
            check_connected(events);
            const std::string& text = work.request;
            check(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
            is_asking_ = false;
        }
        if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) == 0) return false;
        for (;;) {
            const auto space = answer_->space();
            const ssize_t n = ::recv(fd_, space.data(), space.size(), 0);
            if (n < 0 && errno == EAGAIN) return false;
            check(n >= 0);
            if (n == 0) break;
            answer_->received(static_cast<std::size_t>(n));
            if (static_cast<std::size_t>(n) < space.size() && (events & EPOLLRDHUP) == 0) return false;
        }
        work.count(*answer_);
        ::close(fd_);
        return true;
    }

private:
    static void check(bool done) {
        if (!done) throw std::system_error{errno, std::system_category()};
    }
    void check_connected(std::uint32_t events) const {
        if ((events & (EPOLLERR | EPOLLHUP)) == 0) return;
        int pending = 0;
        socklen_t size = sizeof pending;
        check(::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &pending, &size) == 0);
        if (pending != 0) throw std::system_error{pending, std::system_category()};
    }

    int fd_ = -1;
    bool is_asking_ = false;
    std::optional<perf::http_answer> answer_;
};

void run(perf::url_fetch& work) {
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    std::vector<fetcher> all(work.concurrency);
    std::size_t busy = 0;
    work.guard([&] {
        for (fetcher& each : all) busy += each.begin(epoll, work) ? 1 : 0;
        std::array<epoll_event, 256> events;
        while (busy != 0) {
            const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < count; ++i) {
                const epoll_event& event = events[static_cast<std::size_t>(i)];
                auto& each = *static_cast<fetcher*>(event.data.ptr);
                if (each.go_on(event.events, work) && !each.begin(epoll, work)) --busy;
            }
        }
    });
    ::close(epoll);
}

}  // namespace

int main(int argc, char** argv) { return perf::url_fetch_main(argc, argv, "raw_epoll", run); }
