#include <corun/dump.hpp>

#include <boost/system/system_error.hpp>

#include <sys/eventfd.h>
#include <unistd.h>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <iostream>
#include <stdexcept>
#include <thread>

namespace corun {
namespace {

std::atomic<int> bell{-1};  // the eventfd that the handler rings

void ring(int) {
    const int error_number = errno;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto ignored = ::write(bell.load(), &one, sizeof one);
    errno = error_number;
}

[[noreturn]] void throw_last_error(const char* what) {
    throw boost::system::system_error{errno, boost::system::system_category(), what};
}

}  // namespace

struct dump_on_signal::listener {
    listener(int number, const dump_options& options) : number_{number} {
        fd_ = ::eventfd(0, EFD_CLOEXEC);
        if (fd_ < 0) throw_last_error("eventfd");
        int none = -1;
        if (!bell.compare_exchange_strong(none, fd_)) {
            ::close(fd_);
            throw std::logic_error{"corun: there is a dump_on_signal already"};
        }
        thread_ = std::jthread{[this, options](const std::stop_token& stop) { listen(stop, options); }};
        struct sigaction action{};
        action.sa_handler = ring;
        action.sa_flags = SA_RESTART | SA_ONSTACK;
        if (::sigaction(number, &action, &former_) != 0) {
            const int why = errno;
            close();
            errno = why;
            throw_last_error("sigaction");
        }
    }
    ~listener() {
        ::sigaction(number_, &former_, nullptr);
        close();
    }
    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;

private:
    void listen(const std::stop_token& stop, const dump_options& options) const {
        std::uint64_t rings = 0;
        while (::read(fd_, &rings, sizeof rings) == sizeof rings && !stop.stop_requested()) {
            try {
                dump(std::cerr, options);
            } catch (const std::exception& e) {
                std::cerr << "corun: no dump: " << e.what() << '\n';
            }
        }
    }
    void close() {
        thread_.request_stop();
        ring(0);
        thread_.join();
        bell.store(-1);
        ::close(fd_);
    }

    int number_;
    int fd_ = -1;
    struct sigaction former_{};
    std::jthread thread_;
};

dump_on_signal::dump_on_signal(int number, dump_options options) : listener_{std::make_unique<listener>(number, options)} {}
dump_on_signal::~dump_on_signal() = default;

}  // namespace corun
