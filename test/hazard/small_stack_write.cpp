// A gibibyte in one composed write, on a small stack: no recursion without bound, no starving of others.
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace asio = boost::asio;
using stream = asio::local::stream_protocol::socket;

BOOST_FIXTURE_TEST_SUITE(small_stack_write, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(one_gibibyte) {
#if defined(CORUN_SANITIZED)
    constexpr std::size_t repeats = 64;
    constexpr std::size_t stack = 256 * 1024;  // instrumented frames are several times as large
#else
    constexpr std::size_t repeats = 1024;
    constexpr std::size_t stack = 64 * 1024;
#endif
    corun::run([=] {
        asio::io_context& io = static_cast<asio::io_context&>(asio::query(corun::this_fiber::executor(), asio::execution::context));
        stream a{io}, b{io};
        asio::local::connect_pair(a, b);
        std::vector<char> block(1 << 20, 'x');
        std::vector<asio::const_buffer> gibibyte(repeats, asio::buffer(block));
        auto writer = corun::spawn({.stack_size = stack}, [&] {
            const std::size_t written = corun::yield(asio::async_write(a, gibibyte, asio::deferred));
            a.close();
            return written;
        });
        std::size_t turns_of_others = 0, read = 0;
        auto other = corun::spawn([&] {
            while (!writer.done()) {
                ++turns_of_others;
                corun::yield();
            }
        });
        std::vector<char> buffer(1 << 18);
        for (;;) {
            boost::system::error_code ec;
            read += corun::yield(b.async_read_some(asio::buffer(buffer), asio::deferred), ec);
            if (ec) break;
        }
        BOOST_TEST(corun::yield(writer.join()) == repeats * block.size());
        BOOST_TEST(read == repeats * block.size());
        BOOST_TEST(turns_of_others > 100);
        corun::yield(other.join());
    });
}

BOOST_AUTO_TEST_SUITE_END()
