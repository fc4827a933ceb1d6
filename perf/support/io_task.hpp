// io_task: many files written in blocks. What every runtime's version shares; each brings only `run`.
#pragma once

#include "arguments.hpp"
#include "measure.hpp"
#include "temporary_folder.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perf {

/// The work. Its functions may be called on any thread; the first failure ends the work of all.
class io_task {
public:
    std::size_t files = 100;
    std::size_t writes = 100;
    std::size_t block = 32 * 1024;
    std::filesystem::path folder;

    /// A file of the work, open for writing. One that could not be opened refuses to be written.
    class file {
    public:
        file(io_task& work, std::size_t index)
            : work_{work}, descriptor_{::open(work.path(index).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)} {
            if (descriptor_ < 0) work_.fail("cannot open a file");
        }
        ~file() {
            if (descriptor_ >= 0) ::close(descriptor_);
        }
        file(const file&) = delete;
        file& operator=(const file&) = delete;

        /// Writes one block. False when the work is to end: this write failed, or another, or the user has had enough.
        [[nodiscard]] bool write_block() { return work_.write_block(descriptor_); }

    private:
        io_task& work_;
        int descriptor_;
    };

    [[nodiscard]] std::filesystem::path path(std::size_t index) const { return folder / ("file-" + std::to_string(index)); }

    /// Throws the first failure; otherwise looks at what is on the disk. Returns the bytes found there.
    [[nodiscard]] std::uintmax_t verify() const {
        check(interrupted == 0, "interrupted");
        check(!failed_, failure_);
        std::uintmax_t bytes = 0;
        for (std::size_t i = 0; i < files; ++i) {
            const auto size = std::filesystem::file_size(path(i));
            check(size == writes * block,
                  path(i).string() + " has " + std::to_string(size) + " bytes, not " + std::to_string(writes * block));
            bytes += size;
        }
        return bytes;
    }

    void fill_block() { content_.assign(block, 'c'); }

private:
    bool write_block(int descriptor) {
        for (std::size_t written = 0; written < block;) {
            if (failed_ || interrupted != 0) return false;
            const ssize_t n = ::write(descriptor, content_.data() + written, block - written);
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) return fail("cannot write");
            written += static_cast<std::size_t>(n);
        }
        return true;
    }

    bool fail(const char* what) {
        const int reason = errno;
        const std::lock_guard lock{failing_};
        if (!failed_) failure_ = std::string{what} + " in " + folder.parent_path().string() + ": " + std::strerror(reason);
        failed_ = true;
        return false;
    }

    std::vector<char> content_;
    std::atomic<bool> failed_{false};
    std::mutex failing_;
    std::string failure_;
};

/// `run(work)` starts a task per file, which writes `work.writes` blocks to it, and returns when all have ended.
template <class Run>
int io_task_main(int argc, char** argv, std::string_view runtime, Run run) {
    return program("io_task", [&] {
        io_task work;
        std::string parent = std::filesystem::temp_directory_path().string();
        arguments args{"io_task: files written in blocks, in a temporary folder"};
        args.option("files", work.files, "how many files are written at the same time")
            .option("writes", work.writes, "how many blocks are written to each")
            .option("block", work.block, "bytes in a block")
            .option("folder", parent, "where the temporary folder is made");
        if (!args.parse(argc, argv)) return;
        require_count("files", work.files, 1'000'000);
        require_count("writes", work.writes);
        require_count("block", work.block, std::size_t{1} << 30);

        const temporary_folder folder{parent};
        work.folder = folder.path();
        work.fill_block();
        const stopwatch watch;
        run(work);
        const cost spent = watch.elapsed();
        const auto bytes = work.verify();
        result_line{"io_task", runtime}
            .add("files", work.files)
            .add("writes", work.files * work.writes)
            .add("bytes", bytes)
            .print(spent);
    });
}

}  // namespace perf
