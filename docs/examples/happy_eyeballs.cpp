// Connects to the first of several addresses that answers, in the manner of RFC 8305: attempts begin in turn, each when the one
// before has failed or has had 250 ms; the first to succeed wins, and the others are cancelled.
#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/program_options.hpp>

#include <chrono>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

namespace asio = boost::asio;
namespace po = boost::program_options;
using asio::ip::tcp;
using boost::system::error_code;

using endpoints = std::vector<tcp::endpoint>;

// RFC 8305, section 4: the families take turns, beginning with the first address's.
endpoints interleaved(const endpoints& all) {
    endpoints preferred, others, mixed;
    for (const auto& each : all) (each.protocol() == all.front().protocol() ? preferred : others).push_back(each);
    for (std::size_t i = 0; i < preferred.size() || i < others.size(); ++i) {
        if (i < preferred.size()) mixed.push_back(preferred[i]);
        if (i < others.size()) mixed.push_back(others[i]);
    }
    return mixed;
}

/// To be called on a fiber. When it returns or throws, no attempt is under way any more.
/// @param delay  what an attempt has to itself before the next one begins beside it
/// Throws boost::system::system_error, of the last attempt that failed, if none succeeds.
tcp::socket connect_any(const endpoints& targets, std::chrono::milliseconds delay) {
    std::optional<tcp::socket> winner;
    error_code last = asio::error::host_not_found;
    const auto attempt = [&](corun::group& attempts, const tcp::endpoint& target) {
        tcp::socket socket{corun::this_fiber::executor()};
        error_code ec;
        try {
            std::cerr << "trying " << target << std::endl;
            corun::yield(socket.async_connect(target, asio::deferred), ec);
        } catch (const corun::cancelled&) {
            std::cerr << "given up: " << target << std::endl;
            throw;
        }
        if (ec) {
            std::cerr << "failed: " << target << ": " << ec.message() << std::endl;
            last = ec;
        } else if (!winner) {  // no other one has been as fast in the same turn
            winner = std::move(socket);
            attempts.cancel();  // the others, and the body that begins more
        }
    };
    corun::yield(corun::with_group([&](corun::group& attempts) {
        for (const tcp::endpoint& target : targets) {
            const auto latest = attempts.spawn([&, target] { attempt(attempts, target); });
            corun::yield(corun::move_on_after(delay, latest.wait()));
            if (winner) return;
        }
    }));
    if (!winner) throw boost::system::system_error{last};
    return std::move(*winner);
}

endpoints resolve(const std::vector<std::string>& names) {
    endpoints all;
    tcp::resolver resolver{corun::this_fiber::executor()};
    for (const std::string& name : names) {
        const auto colon = name.rfind(':');
        if (colon == name.npos || colon == 0) throw po::error{"'" + name + "' is not of the form HOST:PORT"};
        std::string host = name.substr(0, colon);
        if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
        for (const auto& found : corun::yield(resolver.async_resolve(host, name.substr(colon + 1), asio::deferred)))
            all.push_back(found.endpoint());
    }
    return all;
}

int main(int argc, char** argv) try {
    std::vector<std::string> names;
    int delay = 0;
    double patience = 0;
    po::options_description shown{"happy_eyeballs [options] HOST:PORT...: connects to the first that answers"}, known;
    auto option = shown.add_options();
    option("help", "show this");
    option("delay", po::value(&delay)->default_value(250), "milliseconds until the next attempt begins beside one that hangs");
    option("timeout", po::value(&patience)->default_value(30, "30"), "seconds for all attempts together");
    known.add(shown).add_options()("target", po::value(&names));
    po::variables_map given;
    const auto positional = po::positional_options_description{}.add("target", -1);
    po::store(po::command_line_parser(argc, argv).options(known).positional(positional).run(), given);
    po::notify(given);
    if (given.count("help") != 0) {
        std::cout << shown;
        return 0;
    }
    if (names.empty() || delay < 0 || !(patience > 0)) throw po::error{"one HOST:PORT is needed, and positive times"};
    corun::run([&] {
        const auto connect = [&] { return connect_any(interleaved(resolve(names)), std::chrono::milliseconds{delay}); };
        const tcp::socket connected = corun::yield(corun::with_timeout(std::chrono::duration<double>{patience}, connect));
        std::cout << "connected to " << connected.remote_endpoint() << std::endl;
    });
} catch (const po::error& error) {
    std::cerr << "happy_eyeballs: " << error.what() << "; --help shows what can be given\n";
    return 2;
} catch (const boost::system::system_error& error) {
    std::cerr << "happy_eyeballs: " << error.code().message() << '\n';
    return 1;
}
