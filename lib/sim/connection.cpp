// One side of a simulated connection.
#include "network_state.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include <algorithm>

namespace corun::sim::detail {
namespace {

namespace error = boost::asio::error;

// What the receiver's and the sender's buffers hold together.
constexpr std::size_t window = 64 * 1024;

std::size_t part_of(std::size_t bytes, const link& on, simulation& s) {
    const double dice = static_cast<double>(s.random() >> 11) * 0x1p-53;
    return bytes > 1 && dice < on.partial ? 1 + s.random() % (bytes - 1) : bytes;
}

void finish(read_ptr& op, const error_code& ec, std::size_t bytes = 0) {
    if (const read_ptr over = std::move(op)) over->complete(ec, bytes);
}

}  // namespace

void connection_end::read() {
    if (!reading) return;
    if (reading->is_over()) return reading.reset();  // cancelled: its buffers may be gone
    if (into.size() == 0) return finish(reading, {});
    if (!arrived.empty() && !closed) {
        const std::size_t most = std::min(arrived.size(), into.size());
        const std::size_t bytes = part_of(most, net->between(peer_host, host), net->simulated);
        boost::asio::buffer_copy(into, boost::asio::buffer(arrived, bytes));
        arrived.erase(0, bytes);
        finish(reading, {}, bytes);
        if (const auto sender = peer.lock()) {
            sender->under_way -= std::min(sender->under_way, bytes);
            sender->write();
        }
    } else if (failure) {
        finish(reading, failure);
    } else if (end_arrived) {
        finish(reading, error::eof);
    }
}

void connection_end::write() {
    if (!writing) return;
    if (writing->is_over()) return writing.reset();  // cancelled: nothing of it is sent
    if (failure) return finish(writing, failure);
    if (end_sent) return finish(writing, error::broken_pipe);
    const std::size_t wanted = from.size();
    if (wanted == 0) return finish(writing, {});
    if (under_way >= window) return;
    const link& line = net->between(host, peer_host);
    if (line.reset > 0 && net->simulated.choose(2, line.reset) != 0) {
        net->simulated.note("the connection is reset");
        reset_peer();
        return fail(error::connection_reset);
    }
    const std::size_t bytes = part_of(std::min(wanted, window - under_way), line, net->simulated);
    std::string sent(bytes, '\0');
    boost::asio::buffer_copy(boost::asio::buffer(sent), from);
    under_way += bytes;
    schedule(bytes, [sent = std::move(sent)](connection_end& there) { there.arrive(sent); });
    finish(writing, {}, bytes);
}

// Segments take their turns on the line, and arrive in the order in which they were sent: whatever arrives brings the one that was
// sent first, so that what a partition held back is not overtaken.
void connection_end::schedule(std::size_t bytes, std::function<void(connection_end&)> on_arrival) {
    const link& line = net->between(host, peer_host);
    const auto now = net->simulated.now;
    line_is_free = std::max(line_is_free, now);
    if (line.bandwidth != 0)
        line_is_free += std::chrono::duration_cast<clock::duration>(
            std::chrono::duration<double>{static_cast<double>(bytes) / static_cast<double>(line.bandwidth)});
    last_arrival = std::max(last_arrival, line_is_free + net->delay(line));
    on_the_way.push_back(std::move(on_arrival));
    net->after(last_arrival - now, [self = shared_from_this(), to = peer] {
        self->net->when_healed(self->host, self->peer_host, [self, to] {
            const auto first = std::move(self->on_the_way.front());
            self->on_the_way.pop_front();
            if (const auto there = to.lock()) return first(*there);
            // Nobody is there any more: what comes back is a reset.
            self->net->after(self->net->delay(self->net->between(self->peer_host, self->host)), [self] {
                self->net->when_healed(self->host, self->peer_host, [self] { self->fail(error::connection_reset); });
            });
        });
    });
}

void connection_end::arrive(std::string bytes) {
    if (closed) return reset_peer();
    if (failure) return;
    arrived += bytes;
    read();
}

void connection_end::arrive_end() {
    end_arrived = true;
    read();
}

void connection_end::send_end() {
    net->is_used();
    if (end_sent || failure) return;
    end_sent = true;
    schedule(0, [](connection_end& there) { there.arrive_end(); });
}

void connection_end::reset_peer() {
    net->after(net->delay(net->between(host, peer_host)), [self = shared_from_this(), to = peer] {
        self->net->when_healed(self->host, self->peer_host, [to] {
            if (const auto there = to.lock()) there->fail(error::connection_reset);
        });
    });
}

void connection_end::fail(const error_code& why) {
    if (failure) return;
    failure = why;
    arrived.clear();
    finish(reading, failure);
    finish(writing, failure);
}

void connection_end::close() {
    if (closed) return;
    net->is_used();
    send_end();
    closed = true;
    failure = error::bad_descriptor;
    finish(reading, error::operation_aborted);
    finish(writing, error::operation_aborted);
}

}  // namespace corun::sim::detail
