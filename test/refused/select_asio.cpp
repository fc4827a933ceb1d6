// Must not compile: a read that loses would have read all the same. The message says what to use instead.
#include <corun.hpp>

#include <boost/asio.hpp>

void f(boost::asio::ip::tcp::socket& socket, boost::asio::mutable_buffer buffer) {
    corun::yield(corun::select(socket.async_read_some(buffer, boost::asio::deferred), corun::sleep_for(std::chrono::seconds{1})));
}
