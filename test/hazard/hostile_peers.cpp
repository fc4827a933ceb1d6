// Peers that send half a request, a byte at a time, too much, garbage, or reset; a disk that is full. The error comes to the fiber
// whose peer it is, and a calm client beside it is served all the while.
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/test/unit_test.hpp>

#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <system_error>
#include <tuple>
#include <vector>

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using namespace std::chrono_literals;

namespace {

const std::string request = "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";

// Whatever they are thrown for, all their messages.
std::string failure_of(const std::function<void()>& f) {
    try {
        f();
    } catch (const boost::system::system_error& error) {
        return error.code().message();
    } catch (const std::exception& error) {
        return error.what();
    }
    return "";
}

// A server that answers requests, each within a time, and notes how its hostile session ended.
// @tparam Peer  what its sessions read from: a socket of Asio, or a stream
template <class Peer>
class server {
public:
    explicit server(corun::clock::duration patience) : patience_{patience} {}

    // The session's failure, once `peer` has done its worst to it; the calm client has been served before and after that.
    std::string endures(const std::function<void(tcp::socket&)>& peer) {
        std::string failure;
        corun::yield(corun::with_group([&](corun::group& all) {
            tcp::socket calm = connected();
            auto calm_session = all.spawn([&, own = accepted()]() mutable { serve(own, 1h); });
            ask(calm);
            tcp::socket hostile = connected();
            auto hostile_session =
                all.spawn([&, own = accepted()]() mutable { failure = failure_of([&] { serve(own, patience_); }); });
            auto attack = all.spawn([&] { (void)failure_of([&] { peer(hostile); }); });
            corun::yield(hostile_session.join());
            ask(calm);
            attack.cancel();
            calm.close();
            corun::yield(calm_session.wait());
        }));
        return failure;
    }

private:
    tcp::socket connected() {
        tcp::socket socket{corun::this_fiber::executor()};
        socket.connect(acceptor_.local_endpoint());
        return socket;
    }
    Peer accepted() { return Peer{corun::yield(acceptor_.async_accept(asio::deferred))}; }

    static void ask(tcp::socket& from) {
        corun::yield(asio::async_write(from, asio::buffer(request), asio::deferred));
        boost::beast::flat_buffer buffer;
        http::response<http::string_body> answer;
        corun::yield(http::async_read(from, buffer, answer, asio::deferred));
        BOOST_TEST(answer.body() == "hello");
    }

    static void serve(Peer& peer, corun::clock::duration patience) {
        boost::beast::flat_buffer buffer;
        for (;;) {
            http::request_parser<http::string_body> asked;
            asked.body_limit(64 * 1024);
            try {
                corun::yield(corun::with_timeout(patience, http::async_read(peer, buffer, asked, asio::deferred)));
            } catch (const boost::system::system_error& error) {
                if (error.code() == http::error::end_of_stream) return;
                throw;
            }
            http::response<http::string_body> answer{http::status::ok, 11, asked.get().body()};
            answer.prepare_payload();
            corun::yield(corun::with_timeout(patience, http::async_write(peer, answer, asio::deferred)));
        }
    }

    tcp::acceptor acceptor_{corun::this_fiber::executor(), {asio::ip::address_v4::loopback(), 0}};
    corun::clock::duration patience_;
};

using peers = std::tuple<tcp::socket, corun::stream<tcp::socket>>;

void send(tcp::socket& to, const std::string& text) { corun::yield(asio::async_write(to, asio::buffer(text), asio::deferred)); }

void reset(tcp::socket& socket) {
    socket.set_option(asio::socket_base::linger{true, 0});
    socket.close();
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(hostile_peers, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE_TEMPLATE(half_a_request_and_silence, Peer, peers) {
    corun::run([] {
        const auto failure = server<Peer>{20ms}.endures([](tcp::socket& s) {
            send(s, request.substr(0, 20));
            corun::yield(corun::sleep_for(1h));
        });
        BOOST_TEST(failure.find("timed out") != std::string::npos, failure);
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(half_a_request_and_the_end, Peer, peers) {
    corun::run([] {
        const auto failure = server<Peer>{1h}.endures([](tcp::socket& s) {
            send(s, request.substr(0, 20));
            s.shutdown(tcp::socket::shutdown_send);
        });
        BOOST_TEST(failure == "partial message");
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_byte_at_a_time_for_ever, Peer, peers) {
    corun::run([] {
        const auto failure = server<Peer>{30ms}.endures([](tcp::socket& s) {
            send(s, "GET / HTTP/1.1\r\nSlow: ");
            for (;;) {  // never silent for long: only a time limit for the whole ends it
                send(s, "x");
                corun::yield(corun::sleep_for(1ms));
            }
        });
        BOOST_TEST(failure.find("timed out") != std::string::npos, failure);
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_gibibyte, Peer, peers) {
    corun::run([] {
        const std::string part(1 << 20, 'x');
        const auto pour = [&](const std::string& head) {
            return [&part, head](tcp::socket& s) {
                send(s, head);
                for (int mebibytes = 0; mebibytes < 1024; ++mebibytes) send(s, part);
            };
        };
        BOOST_TEST(server<Peer>{1h}.endures(pour("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1073741824\r\n\r\n")) ==
                   "body limit exceeded");
        BOOST_TEST(server<Peer>{1h}.endures(pour("GET / HTTP/1.1\r\nLong: ")) == "header limit exceeded");
    });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(garbage, Peer, peers) {
    const char* given = std::getenv("CORUN_SEED");
    const auto seed = given != nullptr ? static_cast<unsigned>(std::atoi(given)) : std::random_device{}();
    std::string survived;
    corun::run([&] {
        std::mt19937 random{seed};
        server<Peer> tried{1h};
        for (int round = 0; round < 50 && survived.empty(); ++round) {
            std::string noise(random() % 4096 + 1, '\0');
            for (char& c : noise) c = static_cast<char>(random());
            const auto failure = tried.endures([&](tcp::socket& s) {
                send(s, noise + "\r\n\r\n");
                s.shutdown(tcp::socket::shutdown_send);
            });
            if (failure.empty()) survived = noise;
        }
    });
    BOOST_TEST(survived.empty(), "garbage was taken for a request; CORUN_SEED=" << seed);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(reset_at_every_stage, Peer, peers) {
    corun::run([] {
        server<Peer> tried{1h};
        for (std::size_t sent = 0; sent <= request.size(); sent += 3) {
            const auto failure = tried.endures([&](tcp::socket& s) {
                send(s, request.substr(0, sent));
                reset(s);
            });
            BOOST_TEST((failure == "Connection reset by peer" || failure == "Broken pipe"), "after " << sent << ": " << failure);
        }
        const auto failure = tried.endures([&](tcp::socket& s) {  // in the middle of the answer, and of many requests
            for (int times = 0; times < 2'000; ++times) send(s, request);
            reset(s);
        });
        BOOST_TEST((failure == "Connection reset by peer" || failure == "Broken pipe"), failure);
    });
}

BOOST_AUTO_TEST_CASE(a_full_disk) {
    corun::run([] {
        int turns = 0;
        std::string failure;
        corun::yield(corun::with_group([&](corun::group& both) {
            auto others = both.spawn([&] {
                for (;; ++turns) corun::yield(corun::sleep_for(10us));
            });
            failure = failure_of([] {
                const int file = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
                const std::string text(100'000, 'x');
                corun::yield(corun::blocking([&] {
                    const auto written = ::write(file, text.data(), text.size());
                    const int error = errno;  // it is that of the pool's thread
                    ::close(file);
                    if (written < 0) throw std::system_error{error, std::system_category(), "cannot write"};
                }));
            });
            const int before = turns;
            while (turns == before) corun::yield(corun::sleep_for(10us));
            others.cancel();
        }));
        BOOST_TEST(failure == "cannot write: No space left on device");
    });
}

BOOST_AUTO_TEST_SUITE_END()
