// Files: on the pool of `blocking`; test/io_uring builds the same tests for io_uring.
#include <corun/file.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/spawn.hpp>

#include "support/leaks.hpp"

#include <boost/asio/error.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <unistd.h>

namespace asio = boost::asio;
namespace fs = std::filesystem;
namespace errc = boost::system::errc;
using boost::system::error_code;
using corun::file;

namespace {

// A folder of the test's own, which goes with it.
struct folder {
    fs::path path = fs::temp_directory_path() / ("corun-file-" + std::to_string(::getpid()));
    folder() { fs::create_directory(path); }
    ~folder() { fs::remove_all(path); }
    [[nodiscard]] std::string at(const char* name) const { return path / name; }
    void write(const char* name, const std::string& text) const { std::ofstream{path / name} << text; }
    [[nodiscard]] std::string read(const char* name) const {
        std::ostringstream text;
        text << std::ifstream{path / name}.rdbuf();
        return text.str();
    }
};

// What goes wrong, as a user reads it.
template <class Wait>
std::string failure_of(Wait wait) {
    try {
        wait();
    } catch (const boost::system::system_error& error) {
        return error.what();
    }
    return "nothing failed";
}

bool starts_with(const std::string& text, const std::string& start) { return text.compare(0, start.size(), start) == 0; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(files, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(written_and_read_again) {
    const folder here;
    corun::run([&] {
        file f = corun::yield(file::open(here.at("new"), file::read_write | file::create | file::exclusive));
        const std::array<asio::const_buffer, 2> pieces{asio::buffer("hello ", 6), asio::buffer("world", 5)};
        BOOST_TEST(corun::yield(f.write(pieces)) == 11U);
        BOOST_TEST(f.position() == 11U);
        BOOST_TEST(corun::yield(f.size()) == 11U);
        corun::yield(f.sync());
        f.seek(6);
        std::string got(5, '\0');
        BOOST_TEST(corun::yield(f.read(asio::buffer(got))) == 5U);
        BOOST_TEST(got == "world");
        BOOST_TEST(corun::yield(f.read_some_at(0, asio::buffer(got))) == 5U);
        BOOST_TEST(got == "hello");
        BOOST_TEST(f.position() == 11U);
        BOOST_TEST(corun::yield(f.write_some_at(0, asio::buffer("J", 1))) == 1U);
        f.close();
        BOOST_TEST(!f.is_open());
    });
    BOOST_TEST(here.read("new") == "Jello world");
}

BOOST_AUTO_TEST_CASE(appended_and_truncated) {
    const folder here;
    here.write("old", "before");
    corun::run([&] {
        file more = corun::yield(file::open(here.at("old"), file::write_only | file::append));
        corun::yield(more.write(asio::buffer(" after", 6)));
        BOOST_TEST(here.read("old") == "before after");
        file anew = corun::yield(file::open(here.at("old"), file::write_only | file::truncate));
        BOOST_TEST(corun::yield(anew.size()) == 0U);
    });
}

BOOST_AUTO_TEST_CASE(a_short_read_and_the_end) {
    const folder here;
    here.write("short", "12345");
    corun::run([&] {
        file f = corun::yield(file::open(here.at("short"), file::read_only));
        std::string got(10, '\0');
        BOOST_TEST(corun::yield(f.read_some_at(2, asio::buffer(got))) == 3U);
        BOOST_TEST(got.substr(0, 3) == "345");
        error_code ec;
        const std::size_t n = corun::yield(f.read_at(0, asio::buffer(got)), ec);
        BOOST_TEST((ec == asio::error::eof), ec.message());
        BOOST_TEST(got.substr(0, 5) == "12345");
#if !defined(BOOST_ASIO_HAS_FILE)
        BOOST_TEST(n == 5U);
#else
        (void)n;
#endif
        corun::yield(f.read_some_at(5, asio::buffer(got)), ec);
        BOOST_TEST((ec == asio::error::eof), ec.message());
        BOOST_TEST(corun::yield(f.read_some_at(0, asio::buffer(got, 0))) == 0U);
    });
}

BOOST_AUTO_TEST_CASE(what_cannot_be_opened) {
    const folder here;
    corun::run([&] {
        const auto opening = [&](const std::string& path, file::mode how) {
            return failure_of([&] { (void)corun::yield(file::open(path, how)); });
        };
        const std::string missing = here.at("missing"), itself = here.path;
        BOOST_TEST(starts_with(opening(missing, file::read_only), "open '" + missing + "': No such file or directory"));
        BOOST_TEST(starts_with(opening(itself, file::read_only), "open '" + itself + "': Is a directory"));
        BOOST_TEST(starts_with(opening(itself, file::write_only), "open '" + itself + "': Is a directory"));
        here.write("there", "");
        BOOST_TEST(starts_with(opening(here.at("there"), file::write_only | file::create | file::exclusive),
                               "open '" + here.at("there") + "': File exists"));
    });
}

BOOST_AUTO_TEST_CASE(a_full_disk) {
    corun::run([] {
        file f = corun::yield(file::open("/dev/full", file::write_only));
        const std::string text(100'000, 'x');
        BOOST_TEST(starts_with(failure_of([&] { corun::yield(f.write(asio::buffer(text))); }),
                               "write '/dev/full': No space left on device"));
        error_code ec;
        corun::yield(f.write_some_at(0, asio::buffer(text)), ec);
        BOOST_TEST((ec == errc::no_space_on_device), ec.message());
    });
}

BOOST_AUTO_TEST_CASE(not_open_for_it) {
    const folder here;
    here.write("old", "before");
    corun::run([&] {
        file f = corun::yield(file::open(here.at("old"), file::read_only));
        error_code ec;
        corun::yield(f.write_some_at(0, asio::buffer("x", 1)), ec);
        BOOST_TEST((ec == errc::bad_file_descriptor), ec.message());
        BOOST_TEST(!file{}.is_open());
    });
}

BOOST_AUTO_TEST_CASE(many_fibers_at_once) {
    const folder here;
    constexpr std::size_t block = 8192, fibers = 50;
    corun::run([&] {
        file f = corun::yield(file::open(here.at("shared"), file::read_write | file::create));
        std::vector<corun::fiber<>> all;
        for (std::size_t i = 0; i != fibers; ++i)
            all.push_back(corun::spawn([&f, i] {
                const std::string own(block, static_cast<char>('a' + i % 26));
                corun::yield(f.write_at(i * block, asio::buffer(own)));
                std::string got(block, '\0');
                corun::yield(f.read_at(i * block, asio::buffer(got)));
                BOOST_TEST((got == own));
            }));
        for (auto& each : all) corun::yield(each.join());
        BOOST_TEST(corun::yield(f.size()) == block * fibers);
    });
}

// Wherever the cancellation meets it (queued, under way, finished), nothing writes to the buffers after its fiber has gone on.
BOOST_AUTO_TEST_CASE(cancelled_at_any_moment) {
    const folder here;
    const std::string text(1 << 20, 'x');
    here.write("long", text);
    corun::run([&] {
        file f = corun::yield(file::open(here.at("long"), file::read_only));
        for (int turns = 0; turns != 200; ++turns) {
            auto reader = corun::spawn([&] {
                std::string got(text.size(), '\0');
                const std::size_t n = corun::yield(f.read_some_at(0, asio::buffer(got)));
                BOOST_TEST((got.compare(0, n, text, 0, n) == 0));
            });
            for (int i = 0; i != turns % 20; ++i) corun::yield();
            reader.cancel();
            try {
                corun::yield(reader.join());
            } catch (const corun::fiber_cancelled&) {
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(one_that_was_moved_from_is_closed) {
    corun::run([] {
        file a, b{std::move(a)};
        BOOST_TEST(!a.is_open());
        BOOST_TEST(a.path() == "");
        a.seek(5);
        BOOST_TEST(a.position() == 0U);
        char next;
        BOOST_CHECK_THROW(corun::yield(a.read(asio::buffer(&next, 1))), boost::system::system_error);
        a.close();
    });
}

BOOST_AUTO_TEST_SUITE_END()
