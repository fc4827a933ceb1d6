// Fetches a page over HTTP/1.1 or HTTPS with Boost.Beast, and prints it.
//   http_client URL [SECONDS [CA-FILE]]
#include "resolve.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <cstdlib>
#include <iostream>
#include <regex>
#include <string>

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace ssl = asio::ssl;
using asio::ip::tcp;

struct address {
    bool secure;
    std::string host, port, path;
};

address parse(const std::string& url) {
    std::smatch parts;
    static const std::regex form{R"((https?)://([^/:]+)(?::(\d+))?(/.*)?)"};
    if (!std::regex_match(url, parts, form)) throw std::invalid_argument{"not a URL: " + url};
    const bool secure = parts[1] == "https";
    return {secure, parts[2], parts[3].matched ? parts[3].str() : secure ? "443" : "80", parts[4].matched ? parts[4].str() : "/"};
}

// The same for a plain socket and for a TLS stream.
template <class Stream>
http::response<http::string_body> request(Stream& stream, const address& at) {
    http::request<http::empty_body> asked{http::verb::get, at.path, 11};
    asked.set(http::field::host, at.host);
    asked.set(http::field::connection, "close");
    corun::yield(http::async_write(stream, asked, asio::deferred));
    boost::beast::flat_buffer buffer;
    http::response_parser<http::string_body> answer;
    answer.body_limit(64 * 1024 * 1024);
    corun::yield(http::async_read(stream, buffer, answer, asio::deferred));
    return answer.release();
}

http::response<http::string_body> fetch(const address& at, const std::string& authority) {
    tcp::socket socket{corun::this_fiber::executor()};
    corun::yield(asio::async_connect(socket, resolve(at.host, at.port, corun::this_fiber::deadline() - corun::clock::now()),
                                     asio::deferred));
    if (!at.secure) return request(socket, at);
    ssl::context trusted{ssl::context::tls_client};
    trusted.set_default_verify_paths();
    if (!authority.empty()) trusted.load_verify_file(authority);
    ssl::stream<tcp::socket> stream{std::move(socket), trusted};
    stream.set_verify_mode(ssl::verify_peer);
    stream.set_verify_callback(ssl::host_name_verification{at.host});
    if (SSL_set_tlsext_host_name(stream.native_handle(), at.host.c_str()) != 1) throw std::bad_alloc{};
    corun::yield(stream.async_handshake(ssl::stream_base::client, asio::deferred));
    return request(stream, at);
}

int main(int argc, char** argv) try {
    if (argc < 2 || argc > 4) {
        std::cerr << "usage: http_client URL [SECONDS [CA-FILE]]\n";
        return 2;
    }
    const std::chrono::duration<double> longest{argc > 2 ? std::atof(argv[2]) : 30};
    const address at = parse(argv[1]);
    const auto answer = corun::run([&] {
        return corun::yield(corun::with_timeout(std::chrono::duration_cast<std::chrono::milliseconds>(longest),
                                                [&] { return fetch(at, argc > 3 ? argv[3] : ""); }));
    });
    std::cout << answer.body();
    if (answer.result() == http::status::ok) return 0;
    std::cerr << "http_client: " << answer.result_int() << ' ' << answer.reason() << '\n';
    return 1;
} catch (const std::exception& error) {
    std::cerr << "http_client: " << error.what() << '\n';
    return 1;
}
