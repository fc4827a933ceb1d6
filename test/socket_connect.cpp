// accept and connect.
#include <corun/socket.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>

#include "support/connections.hpp"
#include "support/leaks.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/strand.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <type_traits>
#include <vector>

namespace asio = boost::asio;
using boost::system::error_code;
using corun_test::here;
using tcp = asio::ip::tcp;

namespace {

const auto loopback = asio::ip::address_v4::loopback();

// A path that nobody has; removed at the end.
struct temporary_path {
    temporary_path() { BOOST_REQUIRE(::mkdtemp(folder.data()) != nullptr); }
    ~temporary_path() {
        ::unlink(name().c_str());
        ::rmdir(folder.c_str());
    }
    [[nodiscard]] std::string name() const { return folder + "/socket"; }
    std::string folder = "/tmp/corun-test-XXXXXX";
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(socket_connect, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_client_and_a_server) {
    corun::run([] {
        tcp::acceptor acceptor = corun_test::listen_here();
        auto server = corun::spawn([&] {
            tcp::socket peer = corun::yield(corun::accept(acceptor));
            std::string text(5, '\0');
            corun::yield(corun::read(peer, asio::buffer(text)));
            corun::yield(corun::write(peer, asio::buffer(text + "!")));
        });
        tcp::socket client{here()};
        corun::yield(corun::connect(client, acceptor.local_endpoint()));
        corun::yield(corun::write(client, asio::buffer("hello", 5)));
        std::string answer(6, '\0');
        corun::yield(corun::read(client, asio::buffer(answer)));
        BOOST_TEST(answer == "hello!");
        corun::yield(server.join());
    });
}

BOOST_AUTO_TEST_CASE(many_at_once) {
    corun::run([] {
        constexpr int count = 200;
        tcp::acceptor acceptor = corun_test::listen_here();
        auto server = corun::spawn([&] {
            for (int i = 0; i != count; ++i)
                corun::spawn([peer = corun::yield(corun::accept(acceptor))]() mutable {
                    std::array<char, 8> data{};
                    const std::size_t n = corun::yield(corun::read_some(peer, asio::buffer(data)));
                    corun::yield(corun::write(peer, asio::buffer(data, n)));
                });
        });
        std::vector<corun::fiber<std::size_t>> clients;
        for (int i = 0; i != count; ++i)
            clients.push_back(corun::spawn([&] {
                tcp::socket own{here()};
                corun::yield(corun::connect(own, acceptor.local_endpoint()));
                corun::yield(corun::write(own, asio::buffer("12345678", 8)));
                std::array<char, 8> data{};
                return corun::yield(corun::read(own, asio::buffer(data)));
            }));
        for (auto& client : clients) BOOST_TEST(corun::yield(client.join()) == 8U);
        corun::yield(server.join());
    });
}

BOOST_AUTO_TEST_CASE(a_refused_connection) {
    corun::run([] {
        tcp::acceptor nobody = corun_test::listen_here();
        const auto at = nobody.local_endpoint();
        nobody.close();
        tcp::socket client{here()};
        error_code ec;
        corun::yield(corun::connect(client, at), ec);
        BOOST_TEST((ec == asio::error::connection_refused), ec.message());
        client.close();
        BOOST_CHECK_THROW(corun::yield(corun::connect(client, at)), boost::system::system_error);
    });
}

BOOST_AUTO_TEST_CASE(a_connect_that_gets_no_answer_can_be_cancelled) {
    corun::run([] {
        // The one place of the backlog is taken, and nobody accepts: the system does not answer further requests.
        tcp::acceptor deaf{here()};
        deaf.open(tcp::v4());
        deaf.bind({loopback, 0});
        deaf.listen(0);
        std::vector<tcp::socket> clients;
        std::vector<corun::fiber<>> fibers;
        for (int i = 0; i != 4; ++i) clients.emplace_back(here());
        for (auto& client : clients)
            fibers.push_back(corun::spawn([&] { corun::yield(corun::connect(client, deaf.local_endpoint())); }));
        corun::yield(corun::sleep_for(std::chrono::milliseconds{1}));
        BOOST_TEST(std::count_if(fibers.begin(), fibers.end(), [](const auto& f) { return f.done(); }) < 4);
        for (auto& each : fibers) each.cancel();
        std::size_t cancelled = 0;
        for (auto& each : fibers) try {
                corun::yield(each.join());
            } catch (const corun::fiber_cancelled&) {
                ++cancelled;
            }
        BOOST_TEST(cancelled > 0U);
    });
}

BOOST_AUTO_TEST_CASE(a_socket_that_was_read_from_before_it_was_connected) {
    corun::run([] {
        tcp::acceptor acceptor = corun_test::listen_here();
        tcp::socket client{here()};
        client.open(tcp::v4());
        error_code ec;
        std::string text(10, '\0');
        corun::yield(corun::read_some(client, asio::buffer(text)), ec);
        BOOST_TEST((ec == asio::error::not_connected), ec.message());
        corun::yield(corun::connect(client, acceptor.local_endpoint()));
        tcp::socket peer = corun::yield(corun::accept(acceptor));
        auto reader = corun::spawn([&] { return corun::yield(corun::read_some(client, asio::buffer(text))); });
        corun::yield();
        corun::yield(corun::write(peer, asio::buffer("late", 4)));
        BOOST_TEST(corun::yield(reader.join()) == 4U);
    });
}

BOOST_AUTO_TEST_CASE(an_accepted_socket_has_the_executor_that_is_asked_for) {
    asio::io_context io, other;
    auto strand = asio::make_strand(io);
    asio::basic_socket_acceptor<tcp, asio::io_context::executor_type> acceptor{io, {loopback, 0}};
    corun::spawn(io, [&] {
        tcp::socket client{io};
        for (int i = 0; i != 3; ++i) {
            tcp::socket another{io};
            corun::yield(corun::connect(another, acceptor.local_endpoint()));
        }
        auto by_default = corun::yield(corun::accept(acceptor));
        auto on_strand = corun::yield(corun::accept(acceptor, strand));
        auto elsewhere = corun::yield(corun::accept(acceptor, other));
        static_assert(std::is_same_v<decltype(by_default)::executor_type, asio::io_context::executor_type>);
        BOOST_TEST((by_default.get_executor() == io.get_executor()));
        BOOST_TEST((on_strand.get_executor() == strand));
        BOOST_TEST((elsewhere.get_executor() == other.get_executor()));
    });
    io.run();
}

BOOST_AUTO_TEST_CASE(a_cancelled_accept_leaves_the_connection_for_the_next) {
    corun::run([] {
        tcp::acceptor acceptor = corun_test::listen_here();
        auto server = corun::spawn([&] { (void)corun::yield(corun::accept(acceptor)); });
        corun::yield();
        server.cancel();
        BOOST_CHECK_THROW(corun::yield(server.join()), corun::fiber_cancelled);
        const corun_test::descriptor client = corun_test::connect_to(acceptor);
        BOOST_TEST(corun::yield(corun::accept(acceptor)).is_open());
    });
}

BOOST_AUTO_TEST_CASE(sockets_of_the_unix_domain) {
    corun::run([] {
        const temporary_path path;
        using local = asio::local::stream_protocol;
        local::acceptor acceptor{here(), {path.name()}};
        auto server = corun::spawn([&] {
            local::socket peer = corun::yield(corun::accept(acceptor));
            corun::yield(corun::write(peer, asio::buffer("local", 5)));
        });
        corun::yield();
        local::socket client{here()};
        corun::yield(corun::connect(client, {path.name()}));
        std::string text(5, '\0');
        corun::yield(corun::read(client, asio::buffer(text)));
        BOOST_TEST(text == "local");
        corun::yield(server.join());
    });
}

BOOST_AUTO_TEST_SUITE_END()
