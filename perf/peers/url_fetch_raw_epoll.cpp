// url_fetch with epoll alone: edge-triggered, no Asio, nothing but the system's calls. The least that a client can cost.
#include "../support/url_fetch.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

namespace {

[[noreturn]] void fail(const char* call) { throw std::system_error{errno, std::generic_category(), call}; }

// One of the connections that are open at a time, each of which makes one request after another.
struct client {
    int fd = -1;
    bool sent = false;
    perf::http_answer answer;
};

class clients {
public:
    explicit clients(perf::url_fetch& work) : work_{work}, all_(work.concurrency) {}

    void run() {
        for (client& each : all_) next(each);
        std::array<epoll_event, 256> events{};
        while (open_ != 0) {
            const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < count; ++i) ready(*static_cast<client*>(events[static_cast<std::size_t>(i)].data.ptr));
        }
        ::close(epoll_);
    }

private:
    // Connects for another request, if there is one.
    void next(client& own) {
        if (!work_.claim()) return;
        own = {};
        own.fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (own.fd < 0) fail("socket");
        if (::connect(own.fd, work_.server.data(), static_cast<socklen_t>(work_.server.size())) != 0 && errno != EINPROGRESS)
            fail("connect");
        epoll_event event{};
        event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
        event.data.ptr = &own;
        if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, own.fd, &event) != 0) fail("epoll_ctl");
        ++open_;
    }

    void ready(client& own) {
        if (!own.sent) {
            const std::string& request = work_.request;
            if (::send(own.fd, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) fail("send");
            own.sent = true;
        }
        for (;;) {
            const auto space = own.answer.space();
            const ssize_t n = ::recv(own.fd, space.data(), space.size(), 0);
            if (n > 0) {
                own.answer.received(static_cast<std::size_t>(n));
            } else if (n == 0) {
                ::close(own.fd);
                --open_;
                work_.count(own.answer);
                return next(own);
            } else if (errno == EAGAIN) {
                return;
            } else {
                fail("recv");
            }
        }
    }

    perf::url_fetch& work_;
    std::vector<client> all_;
    int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    std::size_t open_ = 0;
};

void run(perf::url_fetch& work) {
    work.guard([&] { clients{work}.run(); });
}

}  // namespace

int main(int argc, char** argv) { return perf::url_fetch_main(argc, argv, "raw_epoll", run); }
