// Accepting connections on every thread of a runtime.
#include "runtime_impl.hpp"

#include <corun/stream.hpp>
#include <corun/this_fiber.hpp>
#include <corun/yield.hpp>

#include <sys/socket.h>
#include <algorithm>
#include <sstream>
#include <string>

namespace corun::detail {
namespace {

using tcp = boost::asio::ip::tcp;
using boost::system::error_code;
using handler_ref = std::shared_ptr<const runtime::stream_handler>;

std::string spelled(const tcp::endpoint& at) {
    std::ostringstream text;
    text << at;
    return std::move(text).str();
}

tcp::acceptor bound_to(boost::asio::io_context& context, const tcp::endpoint& at, bool& reuse_port) {
    tcp::acceptor acceptor{context};
    acceptor.open(at.protocol());
    acceptor.set_option(tcp::acceptor::reuse_address{true});
    const int on = 1;
    reuse_port = reuse_port && ::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) == 0;
    acceptor.bind(at);
    return acceptor;
}

// What passes when others give back what they hold.
bool is_shortage(const error_code& ec) {
    return ec == boost::asio::error::no_descriptors || ec == boost::system::errc::too_many_files_open_in_system ||
           ec == boost::asio::error::no_memory || ec == boost::asio::error::no_buffer_space;
}

// One that comes and goes: of a connection that ended while it waited to be accepted.
bool is_of_connection(const error_code& ec) {
    return ec == boost::asio::error::connection_aborted || ec == boost::asio::error::interrupted ||
           ec == boost::system::errc::protocol_error || ec == boost::asio::error::network_down ||
           ec == boost::asio::error::host_unreachable || ec == boost::asio::error::network_unreachable ||
           ec == boost::asio::error::connection_reset || ec == boost::asio::error::timed_out;
}

// Tells the handler of unhandled failures, from a fiber that goes on.
void report(const error_code& ec, const tcp::endpoint& at, std::source_location where) {
    const boost::system::system_error what{ec, "cannot accept at " + spelled(at)};
    corun::spawn({.name = "accept", .at = where}, [what] { throw what; });
}

// Accepts for threads first, first + 1 … last - 1 in turn; that is one thread or all of them.
void accept_connections(tcp::acceptor& acceptor, runtime& home, std::size_t first, std::size_t last, const handler_ref& handler,
                        std::source_location where) {
    const tcp::endpoint at = acceptor.local_endpoint();
    clock::time_point silent_until{};
    for (std::size_t next = first;; next = next + 1 == last ? first : next + 1) {
        error_code ec;
        const boost::asio::any_io_executor there = home.context_at(next).get_executor();
        stream<tcp::socket> peer = corun::yield(corun::accept_stream(acceptor, there), ec);
        if (!ec) {
            home.spawn_on(next, {.name = "session", .at = where},
                          [handler, peer = std::move(peer)]() mutable { (*handler)(std::move(peer)); });
        } else if (is_shortage(ec)) {
            if (const auto now = clock::now(); now >= silent_until) {
                silent_until = now + std::chrono::seconds{10};
                report(ec, at, where);
            }
            corun::yield(corun::sleep_for(std::chrono::milliseconds{100}));
        } else if (!is_of_connection(ec)) {
            report(ec, at, where);
            return;
        }
    }
}

}  // namespace

tcp::endpoint start_server(runtime& home, runtime_impl& impl, const tcp::endpoint& at, runtime::stream_handler handler,
                           const serve_options& options, std::source_location where) try {
    bool reuse_port = options.reuse_port;
    if (reuse_port && at.port() != 0) {  // with SO_REUSEPORT an address that is in use would be shared, and nobody be told
        bool never = false;
        (void)bound_to(impl.workers.front().context, at, never);
    }
    std::vector<tcp::acceptor> acceptors;
    acceptors.push_back(bound_to(impl.workers.front().context, at, reuse_port));
    const tcp::endpoint bound = acceptors.front().local_endpoint();
    while (reuse_port && acceptors.size() < impl.workers.size())
        acceptors.push_back(bound_to(impl.workers[acceptors.size()].context, bound, reuse_port));
    for (tcp::acceptor& each : acceptors) each.listen(options.backlog);

    const auto shared = std::make_shared<const runtime::stream_handler>(std::move(handler));
    for (std::size_t i = 0; i < acceptors.size(); ++i)
        impl.add_server(corun::spawn(home.scheduler_at(i), {.name = "accept", .at = where},
                                     [&home, i, reuse_port, shared, where, acceptor = std::move(acceptors[i])]() mutable {
                                         accept_connections(acceptor, home, reuse_port ? i : 0, reuse_port ? i + 1 : home.size(),
                                                            shared, where);
                                     }));
    return bound;
} catch (const boost::system::system_error& error) {
    throw boost::system::system_error{error.code(), "corun: cannot listen at " + spelled(at)};
}

}  // namespace corun::detail
