// Where the system refuses io_uring (a container, an old kernel) the tests are skipped, and say so.
#include <liburing.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

[[maybe_unused]] const bool available = [] {
    io_uring ring;
    const int failure = ::io_uring_queue_init(8, &ring, 0);
    if (failure < 0) {
        std::printf("skipped: the system refuses io_uring: %s\n", std::strerror(-failure));
        std::fflush(stdout);
        std::_Exit(77);
    }
    ::io_uring_queue_exit(&ring);
    return true;
}();

}  // namespace
