// Answers lines on a serial device, as a controller on its console would, until "quit" or the line is cut.
//   serial_console DEVICE [SECONDS]: after so long without a line it ends
#include <corun.hpp>

#include <boost/asio.hpp>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <string>

namespace asio = boost::asio;

int main(int argc, char** argv) try {
    if (argc < 2 || argc > 3) {
        std::cerr << "usage: serial_console DEVICE [SECONDS]\n";
        return 2;
    }
    const auto patience = std::chrono::milliseconds{static_cast<int>(1000 * (argc > 2 ? std::atof(argv[2]) : 3600))};
    corun::run([&] {
        asio::serial_port line{corun::this_fiber::executor(), argv[1]};
        line.set_option(asio::serial_port::baud_rate{9600});
        std::cout << "ready" << std::endl;
        for (std::string text;;) {
            const std::size_t n = corun::yield(
                corun::with_timeout(patience, asio::async_read_until(line, asio::dynamic_buffer(text, 256), '\n', asio::deferred)));
            std::string answer = text.substr(0, n - 1);
            text.erase(0, n);
            if (answer == "quit") break;
            std::reverse(answer.begin(), answer.end());
            corun::yield(asio::async_write(line, asio::buffer(answer + "\n"), asio::deferred));
        }
    });
    std::cout << "done\n";
} catch (const boost::system::system_error& error) {
    std::cerr << "serial_console: " << argv[1] << ": " << error.code().message() << '\n';
    return 1;
}
