// Must not compile: what has read a part and waits for the rest cannot lose; nor would a sleep beside it end that wait.
#include <corun.hpp>

#include <boost/asio.hpp>

void f(boost::asio::ip::tcp::socket& socket, boost::asio::mutable_buffer buffer) {
    corun::yield(corun::select(corun::read(socket, buffer), corun::sleep_for(std::chrono::seconds{1})));
}
