// Fetches a page and what it links to on the same server, a bounded number at a time and within a total deadline; then tells what
// was fetched, what failed, and what the deadline cut.
#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/program_options.hpp>

#include <chrono>
#include <iostream>
#include <map>
#include <optional>
#include <regex>
#include <string>
#include <vector>

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace po = boost::program_options;
using asio::ip::tcp;
using seconds = std::chrono::duration<double>;

struct settings {
    std::string host, port, first;  // of the URL; first: its path
    std::size_t concurrency = 0;
    double deadline = 0, timeout = 0;  // seconds: for all pages, for each
};

class crawler {
public:
    explicit crawler(const settings& chosen) : chosen_{chosen} {}

    /// To be called on a fiber. No fetch is under way when it returns.
    void run() {
        tcp::resolver resolver{corun::this_fiber::executor()};
        const auto crawl = [&] {
            server_ = *corun::yield(resolver.async_resolve(chosen_.host, chosen_.port, asio::deferred)).begin();
            corun::yield(
                corun::with_group({.max_concurrency = chosen_.concurrency}, [this](corun::group& g) { add(g, chosen_.first); }));
        };
        corun::yield(corun::move_on_after(seconds{chosen_.deadline}, crawl));
    }

    /// @return whether every page was fetched
    bool report() const {
        std::size_t fetched = 0, failed = 0, cut = 0;
        for (const auto& [path, p] : pages_) {
            if (p.bytes)
                ++fetched, std::cout << "fetched " << path << " (" << *p.bytes << " bytes)\n";
            else if (!p.failure.empty())
                ++failed, std::cout << "failed " << path << ": " << p.failure << '\n';
            else
                ++cut, std::cout << "cut " << path << '\n';
        }
        std::cout << fetched << " fetched, " << failed << " failed, " << cut << " cut by the deadline\n";
        return failed + cut == 0;
    }

private:
    struct page {
        std::optional<std::size_t> bytes;  // of what was fetched
        std::string failure;
    };

    // A page that is seen for the first time becomes a child of the group, which may have to wait for its turn.
    void add(corun::group& g, const std::string& path) {
        const auto [place, is_new] = pages_.try_emplace(path);
        if (is_new) g.spawn([this, &g, found = place] { visit(g, found->first, found->second); });
    }

    // What goes wrong with one page is kept with it: no failure for the group. A cancellation leaves it as it is: cut.
    void visit(corun::group& g, const std::string& path, page& p) {
        try {
            const auto body = corun::yield(corun::with_timeout(seconds{chosen_.timeout}, [&] { return get(path); }));
            p.bytes = body.size();
            for (const std::string& link : links_of(body)) add(g, link);
        } catch (const std::exception& e) {
            p.failure = e.what();
        }
    }

    std::string get(const std::string& path) const {
        tcp::socket socket{corun::this_fiber::executor()};
        corun::yield(socket.async_connect(server_, asio::deferred));
        http::request<http::empty_body> request{http::verb::get, path, 11};
        request.set(http::field::host, chosen_.host + ":" + chosen_.port);
        request.keep_alive(false);
        corun::yield(http::async_write(socket, request, asio::deferred));
        boost::beast::flat_buffer buffer;
        http::response<http::string_body> response;
        corun::yield(http::async_read(socket, buffer, response, asio::deferred));
        if (response.result() != http::status::ok) throw std::runtime_error{"status " + std::to_string(response.result_int())};
        return std::move(response.body());
    }

    // Paths of the same server only.
    static std::vector<std::string> links_of(const std::string& body) {
        static const std::regex link{R"re(href="(/(?!/)[^"#]*))re"};
        std::vector<std::string> found;
        for (std::sregex_iterator i{body.begin(), body.end(), link}, end; i != end; ++i) found.push_back((*i)[1]);
        return found;
    }

    const settings chosen_;
    tcp::endpoint server_;
    std::map<std::string, page> pages_;  // all that were seen, by path; places in it stay
};

// Empty: the help was asked for, and shown.
std::optional<settings> read_arguments(int argc, char** argv) {
    settings chosen;
    std::string url;
    po::options_description shown{"crawler [options] URL: fetches a page and all it links to on its server"}, known;
    auto option = shown.add_options();
    option("help", "show this");
    option("concurrency", po::value(&chosen.concurrency)->default_value(8), "how many pages at a time; 0: any number");
    option("deadline", po::value(&chosen.deadline)->default_value(60, "60"), "seconds for all pages together");
    option("timeout", po::value(&chosen.timeout)->default_value(10, "10"), "seconds for each page");
    known.add(shown).add_options()("url", po::value(&url));
    po::variables_map given;
    const auto positional = po::positional_options_description{}.add("url", 1);
    po::store(po::command_line_parser(argc, argv).options(known).positional(positional).run(), given);
    po::notify(given);
    if (given.count("help") != 0) {
        std::cout << shown;
        return {};
    }
    std::smatch parts;
    if (!std::regex_match(url, parts, std::regex{R"(http://([^/:]+)(?::(\d+))?(/[^#]*)?)"}))
        throw po::error{"one URL like http://host:port/path is needed"};
    if (!(chosen.deadline > 0 && chosen.timeout > 0)) throw po::error{"--deadline and --timeout must be positive"};
    chosen.host = parts[1];
    chosen.port = parts[2].matched ? parts[2].str() : "80";
    chosen.first = parts[3].matched ? parts[3].str() : "/";
    return chosen;
}

int main(int argc, char** argv) try {
    const auto chosen = read_arguments(argc, argv);
    if (!chosen) return 0;
    crawler all{*chosen};
    corun::run([&] { all.run(); });
    return all.report() ? 0 : 1;
} catch (const po::error& error) {
    std::cerr << "crawler: " << error.what() << "; --help shows what can be given\n";
    return 2;
} catch (const std::exception& error) {
    std::cerr << "crawler: " << error.what() << '\n';
    return 1;
}
