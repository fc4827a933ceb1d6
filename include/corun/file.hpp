// Files: read and written without holding up the scheduler.
#pragma once

#include <corun/blocking.hpp>
#include <corun/detail/file_transfer.hpp>
#include <corun/this_fiber.hpp>
#include <corun/token.hpp>

#include <boost/asio/detail/config.hpp>
#if defined(BOOST_ASIO_HAS_FILE)
#include <boost/asio/random_access_file.hpp>
#include <boost/asio/read_at.hpp>
#include <boost/asio/write_at.hpp>
#endif

#include <cstddef>
#include <cstdint>
#include <memory>
#include <source_location>
#include <string>
#include <utility>

namespace corun {

/// An open file. Reads and writes run on the pool of `blocking`, or on io_uring where the program is built with
/// BOOST_ASIO_HAS_IO_URING; everything else runs on the pool. Each function makes something to yield on. Fails with
/// boost::system::system_error, whose message names the path: asio::error::eof at the end, is_a_directory, no_space_on_device …
///
/// Movable. It must live, and its buffers too, until what was begun has ended; a fiber that is cancelled waits for that. Several
/// fibers may read and write it at once, at places of their own; the position is for one at a time.
class file {
public:
    /// What to open it for; combined by |.
    enum mode : unsigned { read_only = 1, write_only = 2, read_write = 3, create = 4, exclusive = 8, truncate = 16, append = 32 };
    friend constexpr mode operator|(mode a, mode b) noexcept { return static_cast<mode>(static_cast<unsigned>(a) | b); }

    /// Closed. Anything that is asked of it fails with bad_descriptor.
    file() noexcept = default;

    /// Opens a file. What is created has these permissions, less the process's mask. A directory is refused with is_a_directory.
    [[nodiscard]] static auto open(std::string path, mode how, unsigned permissions = 0666) {
        return blocking(
            [path = std::move(path), how, permissions]() mutable { return file{open_now(std::move(path), how, permissions)}; });
    }

    /// Reads at a place, at least a byte. The value is the number of bytes, fewer than asked for near the end.
    template <class MutableBuffers>
        requires boost::asio::is_mutable_buffer_sequence<MutableBuffers>::value
    [[nodiscard]] auto read_some_at(std::uint64_t offset, const MutableBuffers& buffers) {
        return transfer<detail::direction::read, false>(offset, buffers, nullptr);
    }
    /// Reads at a place until the buffers are full. At the end before that: asio::error::eof; on the pool, with an error_code,
    /// the value is the number of bytes until then.
    template <class MutableBuffers>
        requires boost::asio::is_mutable_buffer_sequence<MutableBuffers>::value
    [[nodiscard]] auto read_at(std::uint64_t offset, const MutableBuffers& buffers) {
        return transfer<detail::direction::read, true>(offset, buffers, nullptr);
    }
    /// The same from the file's position, which goes on by what was read.
    template <class MutableBuffers>
        requires boost::asio::is_mutable_buffer_sequence<MutableBuffers>::value
    [[nodiscard]] auto read(const MutableBuffers& buffers) {
        return transfer<detail::direction::read, true>(target().position, buffers, &target().position);
    }
    template <class MutableBuffers>
        requires boost::asio::is_mutable_buffer_sequence<MutableBuffers>::value
    [[nodiscard]] auto read_some(const MutableBuffers& buffers) {
        return transfer<detail::direction::read, false>(target().position, buffers, &target().position);
    }

    /// Writes at a place, at least a byte; the value is the number of bytes.
    template <class ConstBuffers>
        requires boost::asio::is_const_buffer_sequence<ConstBuffers>::value
    [[nodiscard]] auto write_some_at(std::uint64_t offset, const ConstBuffers& buffers) {
        return transfer<detail::direction::write, false>(offset, buffers, nullptr);
    }
    /// Writes all, at a place.
    template <class ConstBuffers>
        requires boost::asio::is_const_buffer_sequence<ConstBuffers>::value
    [[nodiscard]] auto write_at(std::uint64_t offset, const ConstBuffers& buffers) {
        return transfer<detail::direction::write, true>(offset, buffers, nullptr);
    }
    /// Writes all at the file's position, which goes on by as much; with `append`, at the end.
    template <class ConstBuffers>
        requires boost::asio::is_const_buffer_sequence<ConstBuffers>::value
    [[nodiscard]] auto write(const ConstBuffers& buffers) {
        return transfer<detail::direction::write, true>(target().position, buffers, &target().position);
    }

    /// Its size in bytes.
    [[nodiscard]] auto size() const {
        return blocking([f = &target()] { return size_now(*f); });
    }
    /// Returns when what was written is on the device.
    [[nodiscard]] auto sync() const {
        return blocking([f = &target()] { sync_now(*f); });
    }

    [[nodiscard]] bool is_open() const noexcept;
    [[nodiscard]] const std::string& path() const noexcept { return target().path; }
    /// Where `read` and `write` go on. Never switches, as all below.
    [[nodiscard]] std::uint64_t position() const noexcept { return target().position; }
    void seek(std::uint64_t to) noexcept {
        if (file_) file_->position = to;
    }
    /// Closes it; nothing of it may be under way. May block where a file system writes at the close: sync first.
    void close();

private:
    explicit file(std::unique_ptr<detail::open_file> opened) noexcept : file_{std::move(opened)} {}
    [[nodiscard]] static std::unique_ptr<detail::open_file> open_now(std::string path, mode how, unsigned permissions);
    [[nodiscard]] static std::uint64_t size_now(const detail::open_file& f);
    static void sync_now(const detail::open_file& f);

    // A closed one stands in where there is none.
    [[nodiscard]] detail::open_file& target() const noexcept { return file_ ? *file_ : detail::closed_file(); }

    template <detail::direction Way, bool All, class Buffers>
    auto transfer(std::uint64_t offset, const Buffers& buffers, std::uint64_t* position) {
#if defined(BOOST_ASIO_HAS_FILE)
        namespace asio = boost::asio;
        asio::random_access_file& by = on_ring();
        constexpr const char* what = Way == detail::direction::read ? "read" : "write";
        auto op = [&] {
            if constexpr (Way == detail::direction::read && All)
                return asio::async_read_at(by, offset, buffers, asio::deferred);
            else if constexpr (Way == detail::direction::read)
                return by.async_read_some_at(offset, buffers, asio::deferred);
            else if constexpr (All)
                return asio::async_write_at(by, offset, buffers, asio::deferred);
            else
                return by.async_write_some_at(offset, buffers, asio::deferred);
        }();
        return detail::uring_transfer<decltype(op)>{std::move(op), what, target(), position};
#else
        return detail::file_transfer<Buffers, Way, All>{target(), offset, buffers, position};
#endif
    }

    std::unique_ptr<detail::open_file> file_;
#if defined(BOOST_ASIO_HAS_FILE)
    // Asio's object for the same file, of the fiber's context; made when it is first read or written.
    boost::asio::random_access_file& on_ring() {
        if (!ring_) ring_ = std::make_unique<boost::asio::random_access_file>(this_fiber::executor(), detail::copy_of(target()));
        return *ring_;
    }
    std::unique_ptr<boost::asio::random_access_file> ring_;
#endif
};

}  // namespace corun
