// Fetches URLs, many at a time, and counts what came of it: one fiber per fetch that is under way.
#include "url.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/program_options.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <exception>
#include <iomanip>
#include <iostream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace po = boost::program_options;
using asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;

struct settings {
    std::size_t requests = 0, concurrency = 0;
    double timeout = 0;  // seconds
    std::vector<url> urls;
};

// Failures are counted by kind. What has no name here is its own kind.
std::string kind_of(const error_code& ec) {
    if (ec == asio::error::connection_refused) return "connect refused";
    if (ec == asio::error::host_unreachable || ec == asio::error::network_unreachable) return "unreachable";
    if (ec == beast::error::timeout || ec == asio::error::timed_out) return "timeout";
    if (ec == asio::error::connection_reset || ec == asio::error::broken_pipe) return "reset";
    if (ec.category() == make_error_code(http::error::bad_status).category()) return "bad response";
    return ec.message();
}

class url_fetch {
public:
    url_fetch(asio::io_context& io, const settings& chosen) : io_{io}, chosen_{chosen} {
        for (const url& each : chosen.urls)
            if (sources_.size() < chosen.requests) sources_.push_back({each, {}, {}});
    }

    /// Makes all requests. To be called on a fiber.
    void run() {
        for (source& from : sources_) from.lookup = corun::spawn({.name = "look-up"}, [this, &from] { look_up(from); });
        std::vector<corun::fiber<>> workers(std::min(chosen_.concurrency, chosen_.requests));
        for (auto& worker : workers) worker = corun::spawn({.name = "fetch"}, [this] { work(); });
        const bool on_terminal = isatty(STDERR_FILENO) == 1;
        const auto progress = corun::spawn({.name = "progress"}, [&] {
            if (on_terminal) show_progress();
        });
        for (auto& worker : workers) corun::yield(worker.join());
        progress.cancel();
        if (on_terminal) std::cerr << "\r\033[K" << std::flush;
    }

    /// Prints totals, and on stderr what failed. @return whether all went well
    bool report() const {
        const double seconds = std::chrono::duration<double>{corun::clock::now() - began_}.count();
        std::cout << done_ << " requests, " << bytes_ << " bytes, " << std::fixed << std::setprecision(3) << seconds << " s, "
                  << std::setprecision(0) << static_cast<double>(done_) / seconds << " requests/s\n";
        std::size_t failed = 0;
        std::string kinds;
        for (const auto& [kind, which] : failures_) {
            std::cout << "failed: " << which.count << " " << kind << " (first: " << which.first << ")\n";
            failed += which.count;
            kinds += (kinds.empty() ? "" : ", ") + kind;
        }
        if (!std::cout.flush()) throw std::runtime_error{"the totals cannot be written"};
        if (failed != 0) std::cerr << "url_fetch: " << failed << " of " << done_ << " requests failed: " << kinds << '\n';
        return failed == 0;
    }

private:
    struct source {
        url where;
        tcp::resolver::results_type endpoints;
        corun::fiber<> lookup;
    };
    struct failure {
        std::size_t count = 0;
        std::string first;
    };

    void look_up(source& from) {
        tcp::resolver resolver{io_};
        from.endpoints = corun::yield(resolver.async_resolve(from.where.host, from.where.port, asio::deferred));
    }

    // Takes the next request until there is none. Nothing switches between the test and the increment, so no two take the same.
    void work() {
        while (begun_ < chosen_.requests) {
            source& from = sources_[begun_++ % sources_.size()];
            if (const auto kind = fetch(from); !kind.empty()) {
                failure& which = failures_[kind];
                if (which.count++ == 0) which.first = from.where.text;
            }
            ++done_;
        }
    }

    // The kind of the failure; empty when all went well.
    std::string fetch(source& from) {
        error_code ec;
        corun::yield(from.lookup.join(), ec);
        if (ec) return "resolve";
        try {
            const auto status = http::to_status_class(get(from));
            if (status == http::status_class::client_error) return "status 4xx";
            if (status == http::status_class::server_error) return "status 5xx";
            return {};
        } catch (const boost::system::system_error& error) {
            return kind_of(error.code());
        }
    }

    static void connect(beast::tcp_stream& stream, const source& from) {
        error_code ec;
        do {
            stream.async_connect(from.endpoints, corun::yield[ec]);  // as a token: Beast of Boost 1.81 cannot defer this one
            if (ec != asio::error::operation_aborted) break;
            // Nobody did: Asio says so where it cannot open a socket, and not why. If it can be opened now, it is tried again.
            stream.socket().open(from.endpoints.begin()->endpoint().protocol(), ec);
        } while (!ec);
        if (ec) throw boost::system::system_error{ec};
    }

    http::status get(const source& from) {
        beast::tcp_stream stream{io_};
        stream.expires_after(std::chrono::duration_cast<corun::clock::duration>(std::chrono::duration<double>{chosen_.timeout}));
        connect(stream, from);

        http::request<http::empty_body> request{http::verb::get, from.where.target, 11};
        request.set(http::field::host, from.where.host_field);
        request.set(http::field::user_agent, "corun url_fetch");
        request.keep_alive(false);
        corun::yield(http::async_write(stream, request, asio::deferred));

        http::response_parser<http::buffer_body> response;
        response.body_limit(boost::none);
        beast::flat_buffer buffer;
        corun::yield(http::async_read_header(stream, buffer, response, asio::deferred));
        for (std::array<char, 8192> piece; !response.is_done();) {  // a body may be larger than memory
            response.get().body() = {piece.data(), piece.size(), true};
            error_code ec;
            corun::yield(http::async_read(stream, buffer, response, asio::deferred), ec);
            if (ec && ec != http::error::need_buffer) throw boost::system::system_error{ec};
            bytes_ += piece.size() - response.get().body().size;
        }
        return response.get().result();
    }

    void show_progress() const {
        for (;; corun::yield(corun::sleep_for(100ms)))
            std::cerr << "\r" << done_ << " of " << chosen_.requests << " fetched" << std::flush;
    }

    asio::io_context& io_;
    settings chosen_;
    std::vector<source> sources_;
    std::map<std::string, failure> failures_;
    std::size_t begun_ = 0, done_ = 0;
    std::uint64_t bytes_ = 0;  // of bodies
    const corun::clock::time_point began_ = corun::clock::now();
};

// Empty: the help was asked for, and shown.
std::optional<settings> read_arguments(int argc, char** argv) {
    std::int64_t requests = 0, concurrency = 0;
    settings chosen;
    std::vector<std::string> urls;
    po::options_description shown{"url_fetch [options] URL...: fetches http:// URLs, counts and times"}, known;
    auto option = shown.add_options();
    option("help", "show this");
    option("requests,n", po::value(&requests), "how many; the URLs are taken in turn; otherwise each once");
    option("concurrency,c", po::value(&concurrency)->default_value(10), "how many at a time");
    option("timeout", po::value(&chosen.timeout)->default_value(30, "30"), "seconds from connecting to the last byte");
    known.add(shown).add_options()("url", po::value(&urls));
    po::variables_map given;
    const auto positional = po::positional_options_description{}.add("url", -1);
    po::store(po::command_line_parser(argc, argv).options(known).positional(positional).run(), given);
    po::notify(given);
    if (given.count("help") != 0) {
        std::cout << shown;
        return {};
    }
    if (urls.empty()) throw po::error{"no URL is given"};
    if (given.count("requests") == 0) requests = static_cast<std::int64_t>(urls.size());
    if (requests < 1 || concurrency < 1 || concurrency > 1'000'000) throw po::error{"-n goes from 1, and -c from 1 to 1000000"};
    if (!(chosen.timeout >= 0.001 && chosen.timeout <= 1e6)) throw po::error{"--timeout must be between 0.001 and 1000000 seconds"};
    chosen.requests = static_cast<std::size_t>(requests);
    chosen.concurrency = static_cast<std::size_t>(concurrency);
    std::transform(urls.begin(), urls.end(), std::back_inserter(chosen.urls), parse_url);
    return chosen;
}

int main(int argc, char** argv) try {
    const auto chosen = read_arguments(argc, argv);
    if (!chosen) return 0;
    asio::io_context io{1};
    url_fetch all{io, *chosen};
    const auto fetching = corun::spawn(io, [&] { all.run(); });
    io.run();
    fetching.get();  // throws what ended it
    return all.report() ? 0 : 1;
} catch (const po::error& error) {
    std::cerr << "url_fetch: " << error.what() << "; --help shows what can be given\n";
    return 2;
} catch (const std::exception& error) {
    std::cerr << "url_fetch: " << error.what() << '\n';
    return 1;
}
