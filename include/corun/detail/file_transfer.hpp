// How bytes go into a file and out of it: on a thread of the pool, or by io_uring.
#pragma once

#include <corun/blocking.hpp>
#include <corun/detail/transfer.hpp>
#include <corun/yield.hpp>

#include <boost/asio/detail/config.hpp>

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string>
#include <utility>

namespace corun::detail {

struct open_file {
    open_file(int number, std::string name) noexcept : fd{number}, path{std::move(name)} {}
    open_file(const open_file&) = delete;
    ~open_file();
    int fd;
    std::string path;
    std::uint64_t position = 0;
};

[[nodiscard]] open_file& closed_file() noexcept;

struct file_outcome {
    std::size_t moved = 0;
    int failure = 0;  // errno, or end_of_file
    static constexpr int end_of_file = -1;
};
[[nodiscard]] boost::system::error_code error_of(file_outcome outcome) noexcept;
// "read 'path'" with the system's reason.
[[noreturn]] void throw_file_error(boost::system::error_code ec, const char* what, const std::string& path);

// On a thread of the pool. One call, or as many as it takes.
[[nodiscard]] file_outcome move_file(int fd, direction way, std::uint64_t offset, iovec* pieces, std::size_t count) noexcept;

template <class Buffers, direction Way, bool All>
struct file_work {
    file_outcome operator()() const noexcept {
        file_outcome sum;
        const std::size_t wanted = buffers.size();
        while (sum.moved != wanted) {
            typename remaining<Buffers>::pieces pieces;
            std::size_t bytes = 0;
            const std::size_t count = buffers.fill(pieces, sum.moved, bytes);
            const file_outcome once = move_file(fd, Way, offset + sum.moved, pieces.data(), count);
            sum.moved += once.moved;
            sum.failure = once.failure;
            if (once.failure != 0 || !All) break;
        }
        return sum;
    }
    int fd;
    std::uint64_t offset;
    remaining<Buffers> buffers;
};

// A read or write of a file. One that has begun when its fiber is cancelled is waited for: the buffers are the fiber's.
template <class Buffers, direction Way, bool All>
class [[nodiscard]] file_transfer {
public:
    // @param position  goes on by what was moved; null: it was at a place of its own
    file_transfer(const open_file& f, std::uint64_t offset, const Buffers& buffers, std::uint64_t* position)
        : job_{file_work<Buffers, Way, All>{f.fd, offset, remaining<Buffers>{buffers}}}, file_{&f}, position_{position} {}

    [[nodiscard]] bool ready() const noexcept { return job_.ready(); }
    void start(waker w) { job_.start(std::move(w)); }
    [[nodiscard]] bool cancel() noexcept { return job_.cancel(); }
    std::size_t get() {
        boost::system::error_code ec;
        const std::size_t moved = get(ec);
        if (ec) throw_file_error(ec, Way == direction::read ? "read" : "write", file_->path);
        return moved;
    }
    std::size_t get(boost::system::error_code& ec) {
        const file_outcome outcome = job_.get();
        if (position_ != nullptr) *position_ += outcome.moved;
        ec = error_of(outcome);
        return outcome.moved;
    }

private:
    blocking_operation<file_work<Buffers, Way, All>> job_;
    const open_file* file_;
    std::uint64_t* position_;
};

#if defined(BOOST_ASIO_HAS_FILE)
// A second descriptor of it. Throws what the system says.
[[nodiscard]] int copy_of(const open_file& f);

// The same by Asio's files, on io_uring.
template <class Operation>
class [[nodiscard]] uring_transfer {
public:
    uring_transfer(Operation op, const char* what, const open_file& f, std::uint64_t* position)
        : op_{std::move(op)}, what_{what}, file_{&f}, position_{position} {}

    std::size_t run(std::source_location where) {
        boost::system::error_code ec;
        const std::size_t moved = yield_t{}(std::move(op_), ec, where);
        if (position_ != nullptr) *position_ += moved;
        if (ec) throw_file_error(ec, what_, file_->path);
        return moved;
    }

private:
    Operation op_;
    const char* what_;
    const open_file* file_;
    std::uint64_t* position_;
};
#endif

}  // namespace corun::detail
