// What the web server can be told on its command line.
#pragma once

#include <boost/program_options.hpp>

#include <iostream>
#include <optional>
#include <string>

namespace po = boost::program_options;

struct settings {
    std::string host;
    int port, backlog, idle_seconds, grace_seconds;
};

/// Nothing if the help was asked for, and has been shown. Throws po::error, with words for the user.
inline std::optional<settings> read_arguments(int argc, char** argv) {
    settings chosen;
    po::options_description known{"web_server: answers GET / over HTTP, until SIGINT or SIGTERM"};
    auto option = known.add_options();
    option("help", "show this");
    option("host", po::value(&chosen.host)->default_value("127.0.0.1"), "name or address to listen at");
    option("port", po::value(&chosen.port)->default_value(8080), "0: any that is free");
    option("backlog", po::value(&chosen.backlog)->default_value(4096), "connections that may wait to be accepted");
    option("idle", po::value(&chosen.idle_seconds)->default_value(30), "seconds until a silent connection is closed");
    option("grace", po::value(&chosen.grace_seconds)->default_value(2), "seconds for open requests when it is to stop");
    po::variables_map given;
    po::store(po::command_line_parser(argc, argv).options(known).positional({}).run(), given);
    po::notify(given);
    if (chosen.host.empty() || chosen.port < 0 || chosen.port > 65535 || chosen.backlog < 1 || chosen.idle_seconds < 1 ||
        chosen.grace_seconds < 0)
        throw po::error{"--host cannot be empty, --port goes from 0 to 65535, --backlog and --idle from 1, --grace from 0"};
    if (given.count("help") == 0) return chosen;
    std::cout << known;
    return {};
}
