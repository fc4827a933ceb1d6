// url_fetch with a pool of threads and the system's blocking calls.
#include "../support/url_fetch.hpp"
#include "small_threads.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace {

class blocking_socket {
public:
    explicit blocking_socket(const boost::asio::ip::tcp::endpoint& server)
        : descriptor_{::socket(server.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC, 0)} {
        if (descriptor_ < 0) fail("socket");
        if (::connect(descriptor_, server.data(), static_cast<socklen_t>(server.size())) < 0) {
            const int reason = errno;
            ::close(descriptor_);
            errno = reason;
            fail("connect");
        }
    }
    ~blocking_socket() { ::close(descriptor_); }
    blocking_socket(const blocking_socket&) = delete;
    blocking_socket& operator=(const blocking_socket&) = delete;

    void write(const std::string& text) const {
        for (std::size_t sent = 0; sent < text.size();)
            sent += checked("send", ::send(descriptor_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL));
    }

    [[nodiscard]] std::size_t read(boost::asio::mutable_buffer space) const {
        return checked("recv", ::recv(descriptor_, space.data(), space.size(), 0));
    }

private:
    [[noreturn]] static void fail(const char* call) { throw std::system_error{errno, std::generic_category(), call}; }
    static std::size_t checked(const char* call, ssize_t n) {
        if (n < 0) fail(call);
        return static_cast<std::size_t>(n);
    }
    int descriptor_;
};

void fetch(perf::url_fetch& work) {
    const blocking_socket socket{work.server};
    socket.write(work.request);
    perf::http_answer answer;
    while (const std::size_t n = socket.read(answer.space())) answer.received(n);
    work.count(answer);
}

void run(perf::url_fetch& work) {
    perf::use_small_thread_stacks();
    perf::run_threads(work.concurrency, [&work](std::size_t) {
        work.guard([&] {
            while (work.claim()) fetch(work);
        });
    });
}

}  // namespace

int main(int argc, char** argv) { return perf::url_fetch_main(argc, argv, "thread", run); }
