// http: "hello, world" over connections that stay. What the servers on Beast's parser share. Each serves until it is killed; who
// measures it, http_load.py, reads its processor time from outside, as that of servers in other languages.
#pragma once

#include "arguments.hpp"
#include "processors.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>

#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <optional>
#include <string_view>

namespace perf {

namespace http = boost::beast::http;

/// One connection's parser and answer. Memory is kept from one request to the next.
class http_session {
public:
    using answer_type = http::response<http::string_body>;

    boost::beast::flat_buffer buffer;
    std::optional<http::request_parser<http::empty_body>> parser;
    answer_type answer;

    http_session() { buffer.reserve(4096); }

    void begin_request() { parser.emplace(); }

    /// For those who read by themselves: room for bytes, and the bytes. False: this is no request.
    [[nodiscard]] auto space() { return buffer.prepare(buffer.capacity() - buffer.size()); }
    [[nodiscard]] bool received(std::size_t n) {
        buffer.commit(n);
        boost::system::error_code malformed;
        buffer.consume(parser->put(buffer.data(), malformed));
        return !malformed || malformed == http::error::need_more;
    }

    /// Makes the answer to what the parser has read.
    answer_type& make_answer() {
        const auto& asked = parser->get();
        const bool known = asked.target() == "/";
        answer.result(known ? http::status::ok : http::status::not_found);
        answer.version(asked.version());
        answer.set(http::field::content_type, "text/plain");
        answer.keep_alive(asked.keep_alive());
        answer.body() = known ? "hello, world\n" : "not here\n";
        answer.prepare_payload();
        return answer;
    }
};

/// `run(io, acceptor)` serves for ever.
template <class Run>
int http_server_main(int argc, char** argv, Run run) {
    return program("http", [&] {
        arguments args{"http: answers GET / on a free port of the loopback, which it prints, until it is killed"};
        if (!args.parse(argc, argv)) return;
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // it does not outlive who measures it
        boost::asio::io_context io{1};
        using acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;
        acceptor listening{io, {boost::asio::ip::address_v4::loopback(), 0}};
        listening.set_option(boost::asio::ip::tcp::no_delay{true});  // accepted sockets inherit it
        listening.listen(4096);
        std::cout << "listening at " << listening.local_endpoint() << std::endl;
        run(io, listening);
    });
}

}  // namespace perf
