#include <corun/file.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <cerrno>

namespace corun {
namespace detail {

open_file::~open_file() {
    if (fd >= 0) ::close(fd);
}

boost::system::error_code error_of(file_outcome outcome) noexcept {
    if (outcome.failure == file_outcome::end_of_file) return boost::asio::error::eof;
    return {outcome.failure, boost::system::system_category()};
}

open_file& closed_file() noexcept {
    static open_file closed{-1, {}};  // nobody changes it
    return closed;
}

void throw_file_error(boost::system::error_code ec, const char* what, const std::string& path) {
    throw boost::system::system_error{ec, std::string{what} + " '" + path + "'"};
}

file_outcome move_file(int fd, direction way, std::uint64_t offset, iovec* pieces, std::size_t count) noexcept {
    const auto call = way == direction::read ? ::preadv : ::pwritev;
    ssize_t n;
    do n = call(fd, pieces, static_cast<int>(count), static_cast<off_t>(offset));
    while (n < 0 && errno == EINTR);
    if (n < 0) return {.moved = 0, .failure = errno};
    // A write that takes nothing and says nothing would be tried for ever.
    if (n == 0) return {.moved = 0, .failure = way == direction::read ? file_outcome::end_of_file : ENOSPC};
    return {.moved = static_cast<std::size_t>(n), .failure = 0};
}

#if defined(BOOST_ASIO_HAS_FILE)
int copy_of(const open_file& f) {
    const int copy = ::fcntl(f.fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) throw_file_error({errno, boost::system::system_category()}, "use", f.path);
    return copy;
}
#endif

namespace {

[[noreturn]] void throw_errno(const char* what, const std::string& path) {
    throw_file_error({errno, boost::system::system_category()}, what, path);
}

int flags_of(file::mode how) noexcept {
    int flags = O_CLOEXEC;
    switch (how & file::read_write) {
        case file::write_only: flags |= O_WRONLY; break;
        case file::read_write: flags |= O_RDWR; break;
        default: flags |= O_RDONLY;
    }
    if ((how & file::create) != 0) flags |= O_CREAT;
    if ((how & file::exclusive) != 0) flags |= O_EXCL;
    if ((how & file::truncate) != 0) flags |= O_TRUNC;
    if ((how & file::append) != 0) flags |= O_APPEND;
    return flags;
}

}  // namespace
}  // namespace detail

std::unique_ptr<detail::open_file> file::open_now(std::string path, mode how, unsigned permissions) {
    const int fd = ::open(path.c_str(), detail::flags_of(how), permissions);
    if (fd < 0) detail::throw_errno("open", path);
    auto opened = std::make_unique<detail::open_file>(fd, std::move(path));
    struct stat about{};
    if (::fstat(fd, &about) != 0) detail::throw_errno("open", opened->path);
    if (S_ISDIR(about.st_mode)) {  // the system would say so only when it is read
        errno = EISDIR;
        detail::throw_errno("open", opened->path);
    }
    return opened;
}

std::uint64_t file::size_now(const detail::open_file& f) {
    struct stat about{};
    if (::fstat(f.fd, &about) != 0) detail::throw_errno("size of", f.path);
    return static_cast<std::uint64_t>(about.st_size);
}

void file::sync_now(const detail::open_file& f) {
    if (::fsync(f.fd) != 0) detail::throw_errno("sync", f.path);
}

bool file::is_open() const noexcept { return target().fd >= 0; }

void file::close() {
#if defined(BOOST_ASIO_HAS_FILE)
    ring_.reset();
#endif
    if (!is_open()) return;
    if (::close(std::exchange(file_->fd, -1)) != 0) detail::throw_errno("close", file_->path);
}

}  // namespace corun
