// echo with epoll alone: edge-triggered, no Asio, nothing but the system's calls. The least that a server can cost.
#include "../support/echo.hpp"

#include <sys/epoll.h>

#include <cerrno>

namespace {

// One request, and its answer. False: the connection has ended.
bool answer(int fd, perf::echo& work) {
    perf::echo::buffer data;
    const ssize_t n = ::recv(fd, data.data(), data.size(), MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return true;
    if (n <= 0) return false;
    perf::check(::send(fd, data.data(), static_cast<std::size_t>(n), MSG_NOSIGNAL) == n, "send");
    work.answer_sent();
    return true;
}

void watch(int epoll, int fd) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLRDHUP | EPOLLET;
    event.data.fd = fd;
    perf::check(::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
}

void run(int listening, perf::echo& work) {
    const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
    for (std::size_t i = 0; i != work.connections; ++i) watch(epoll, ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC));
    std::array<epoll_event, 256> events;
    for (std::size_t open = work.connections; open != 0;) {
        const int count = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < count; ++i) {
            const int fd = events[static_cast<std::size_t>(i)].data.fd;
            const bool ends = (events[static_cast<std::size_t>(i)].events & EPOLLRDHUP) != 0;
            if (answer(fd, work) && !ends) continue;
            ::close(fd);
            --open;
        }
    }
    ::close(epoll);
}

}  // namespace

int main(int argc, char** argv) {
    return perf::echo_main(argc, argv, "raw_epoll", [](auto&, auto& acceptor, auto& work) { run(acceptor.native_handle(), work); });
}
