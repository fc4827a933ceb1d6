// No descriptor is left when a connection comes: an error at the yield, no spin, and recovery.
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <chrono>
#include <vector>

using namespace std::chrono_literals;
namespace asio = boost::asio;
using tcp = asio::ip::tcp;

namespace {

// Takes every descriptor that may be had, up to a lowered limit.
struct all_descriptors {
    rlimit before{};
    std::vector<int> taken;
    all_descriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before);
        rlimit low = before;
        low.rlim_cur = 64;
        ::setrlimit(RLIMIT_NOFILE, &low);
        for (int fd; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken.push_back(fd);
    }
    void release_some() {
        for (int i = 0; i != 4; ++i) {
            ::close(taken.back());
            taken.pop_back();
        }
    }
    ~all_descriptors() {
        for (int fd : taken) ::close(fd);
        ::setrlimit(RLIMIT_NOFILE, &before);
    }
};

template <class Accept>
void accept_without_descriptors(Accept accept) {
    asio::io_context io;
    tcp::acceptor acceptor{io, {asio::ip::address_v4::loopback(), 0}};
    tcp::socket client{io};
    client.open(tcp::v4());
    bool accepted = false;
    corun::spawn(io, [&] {
        corun::yield(corun::sleep_for(1us));  // what the timer needs is there before the descriptors are gone
        all_descriptors none_left;
        client.connect(acceptor.local_endpoint());
        boost::system::error_code ec;
        auto peer = accept(acceptor, ec);
        BOOST_TEST((ec == asio::error::no_descriptors));
        corun::yield(corun::sleep_for(1ms));
        none_left.release_some();
        peer = accept(acceptor, ec);
        BOOST_TEST(!ec);
        accepted = peer.is_open();
    });
    io.run();
    BOOST_TEST(accepted);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(descriptors_exhausted, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(during_accept) {
    accept_without_descriptors([](tcp::acceptor& acceptor, boost::system::error_code& ec) {
        return corun::yield(acceptor.async_accept(asio::deferred), ec);
    });
}

BOOST_AUTO_TEST_CASE(during_an_accept_of_our_own) {
    accept_without_descriptors(
        [](tcp::acceptor& acceptor, boost::system::error_code& ec) { return corun::yield(corun::accept(acceptor), ec); });
}

BOOST_AUTO_TEST_CASE(when_a_socket_is_waited_for) {
    asio::io_context io;
    asio::local::stream_protocol::socket one{io}, two{io};
    asio::local::connect_pair(one, two);
    std::size_t read = 0;
    corun::spawn(io, [&] {
        char data = 0;
        {
            all_descriptors none_left;
            boost::system::error_code ec;
            corun::yield(corun::read_some(one, asio::buffer(&data, 1)), ec);
            BOOST_TEST((ec == asio::error::no_descriptors));
        }
        auto writer = corun::spawn([&] { corun::yield(corun::write(two, asio::buffer("x", 1))); });
        read = corun::yield(corun::read_some(one, asio::buffer(&data, 1)));
    });
    io.run();
    BOOST_TEST(read == 1U);
}

BOOST_AUTO_TEST_CASE(when_a_descriptor_is_waited_for) {
    int fds[2];
    BOOST_REQUIRE(::pipe(fds) == 0);
    asio::io_context io;
    bool readable = false;
    corun::spawn(io, [&] {
        {
            all_descriptors none_left;
            BOOST_CHECK_THROW(corun::yield(corun::readable(fds[0])), boost::system::system_error);
        }
        auto writer = corun::spawn([&] { BOOST_TEST(::write(fds[1], "x", 1) == 1); });
        corun::yield(corun::readable(fds[0]));
        readable = true;
    });
    io.run();
    BOOST_TEST(readable);
    ::close(fds[0]);
    ::close(fds[1]);
}

BOOST_AUTO_TEST_SUITE_END()
