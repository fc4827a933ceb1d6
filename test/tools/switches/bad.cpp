// For test_switches.py: each of these must be found, with this chain.
#include <corun.hpp>

#include <array>

using namespace std::chrono_literals;

namespace {
corun::channel<int> log_lines;

void write_log(int line) { corun::yield(log_lines.send(line)); }
void flush() { write_log(1); }
}  // namespace

struct file {
    ~file() { flush(); }
};

struct holder {  // its destructor is the compiler's
    std::array<file, 1> files;
};

void hurry() noexcept { flush(); }

int& counter() {
    static int value = 0;
    return value;
}

void transfer() {
    flush();  // before the scope
    {
        const corun::no_yield both_or_none{"a transfer"};
        ++counter();
        flush();
    }
    flush();  // behind it
}

void read(boost::asio::ip::tcp::socket& socket) noexcept {
    std::array<char, 8> bytes;
    boost::system::error_code ec;
    socket.async_read_some(boost::asio::buffer(bytes), corun::yield[ec]);
}

int main() {
    corun::run([] {
        const holder held{};
        hurry();
        transfer();
        boost::asio::ip::tcp::socket socket{corun::this_fiber::executor()};
        read(socket);
    });
}
