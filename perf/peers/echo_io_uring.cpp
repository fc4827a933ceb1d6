// echo with io_uring alone: one multishot receive for each connection, buffers that the kernel picks from a ring, and one system
// call that submits all answers and waits for what comes next.
#include "../support/echo.hpp"

#include <liburing.h>

#include <cerrno>
#include <vector>

namespace {

constexpr unsigned entries = 4096, buffers = 4096, buffer_size = 1024, group = 0;

enum class kind : std::uint8_t { received, sent };

struct completion_of {
    std::int32_t fd;
    std::uint16_t buffer;
    kind what;
};

class server {
public:
    explicit server(perf::echo& work) : work_{work}, memory_(std::size_t{buffers} * buffer_size) {
        io_uring_params asked{};
        asked.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
        asked.cq_entries = 4 * entries;
        const int failed = ::io_uring_queue_init_params(entries, &ring_, &asked);
        if (failed != 0) throw perf::unavailable{"the system has no io_uring of Linux 6.1, or does not allow it"};
        ::io_uring_register_ring_fd(&ring_);  // spares each system call the look-up of the ring; without, all works as well
        provide_buffers();
    }
    ~server() { ::io_uring_queue_exit(&ring_); }
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    void receive(int fd) {
        io_uring_sqe* const sqe = next();
        ::io_uring_prep_recv_multishot(sqe, fd, nullptr, 0, 0);
        label(sqe, {fd, 0, kind::received});
        sqe->flags |= IOSQE_BUFFER_SELECT;
        sqe->buf_group = group;
    }

    void serve(std::size_t open) {
        while (open != 0) {
            ::io_uring_submit_and_wait(&ring_, 1);
            unsigned head = 0, count = 0;
            io_uring_cqe* cqe = nullptr;
            io_uring_for_each_cqe(&ring_, head, cqe) {
                ++count;
                if (!completed(*cqe)) --open;
            }
            ::io_uring_cq_advance(&ring_, count);
        }
    }

private:
    void provide_buffers() {
        void* const place = ::aligned_alloc(4096, sizeof(io_uring_buf) * buffers);
        shared_ = static_cast<io_uring_buf_ring*>(place);
        io_uring_buf_reg registered{};
        registered.ring_addr = reinterpret_cast<std::uintptr_t>(place);
        registered.ring_entries = buffers;
        registered.bgid = group;
        ::io_uring_buf_ring_init(shared_);
        perf::check(::io_uring_register_buf_ring(&ring_, &registered, 0) == 0, "io_uring_register_buf_ring");
        for (unsigned i = 0; i != buffers; ++i) add(static_cast<std::uint16_t>(i), static_cast<int>(i));
        ::io_uring_buf_ring_advance(shared_, buffers);
    }
    char* at(std::uint16_t buffer) { return memory_.data() + std::size_t{buffer} * buffer_size; }
    void add(std::uint16_t buffer, int offset) {
        ::io_uring_buf_ring_add(shared_, at(buffer), buffer_size, buffer, ::io_uring_buf_ring_mask(buffers), offset);
    }
    void give_back(std::uint16_t buffer) {
        add(buffer, 0);
        ::io_uring_buf_ring_advance(shared_, 1);
    }

    io_uring_sqe* next() {
        io_uring_sqe* sqe = ::io_uring_get_sqe(&ring_);
        if (sqe == nullptr) {
            ::io_uring_submit(&ring_);
            sqe = ::io_uring_get_sqe(&ring_);
        }
        return sqe;
    }
    static void label(io_uring_sqe* sqe, completion_of whose) {
        ::io_uring_sqe_set_data64(sqe, static_cast<std::uint32_t>(whose.fd) | std::uint64_t{whose.buffer} << 32 |
                                           std::uint64_t{static_cast<std::uint8_t>(whose.what)} << 48);
    }

    // False: the connection has ended.
    bool completed(const io_uring_cqe& cqe) {
        const auto data = ::io_uring_cqe_get_data64(&cqe);
        const int fd = static_cast<int>(data & 0xffffffff);
        if (static_cast<kind>(data >> 48) == kind::sent) {
            perf::check(cqe.res == static_cast<int>(perf::echo::size), "send");
            give_back(static_cast<std::uint16_t>(data >> 32));
            work_.answer_sent();
            return true;
        }
        if (cqe.res <= 0 && cqe.res != -ENOBUFS) {
            ::close(fd);
            return false;
        }
        if (cqe.res > 0)
            answer(fd, static_cast<std::uint16_t>(cqe.flags >> IORING_CQE_BUFFER_SHIFT), static_cast<std::size_t>(cqe.res));
        if ((cqe.flags & IORING_CQE_F_MORE) == 0) receive(fd);
        return true;
    }
    void answer(int fd, std::uint16_t buffer, std::size_t n) {
        io_uring_sqe* const sqe = next();
        ::io_uring_prep_send(sqe, fd, at(buffer), n, MSG_NOSIGNAL | MSG_WAITALL);
        label(sqe, {fd, buffer, kind::sent});
    }

    perf::echo& work_;
    std::vector<char> memory_;
    io_uring ring_{};
    io_uring_buf_ring* shared_ = nullptr;
};

void run(int listening, perf::echo& work) {
    server own{work};
    for (std::size_t i = 0; i != work.connections; ++i) own.receive(::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC));
    own.serve(work.connections);
}

}  // namespace

int main(int argc, char** argv) {
    return perf::echo_main(argc, argv, "io_uring", [](auto&, auto& acceptor, auto& work) { run(acceptor.native_handle(), work); });
}
