#include <corun/sim/network.hpp>

#include "network_state.hpp"

#include <corun/this_fiber.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <stdexcept>

namespace corun::sim {
namespace {

// Refuses what no link can be.
const link& checked(const link& l) {
    constexpr std::chrono::hours longest{24 * 365};
    const auto is_span = [&](clock::duration d) { return d >= d.zero() && d <= longest; };
    const auto is_probability = [](double p) { return p >= 0 && p <= 1; };
    if (!is_span(l.latency) || !is_span(l.jitter))
        throw std::invalid_argument{"corun: a sim::link's latency and jitter must each be between 0 and a year"};
    if (!is_probability(l.partial) || !is_probability(l.reset))
        throw std::invalid_argument{"corun: a sim::link's partial and reset are probabilities, between 0 and 1"};
    return l;
}

}  // namespace

network::network(link all) : state_{std::make_shared<detail::network_state>(checked(all))} {}

// What was to happen never does; who still waits learns it.
network::~network() {
    state_->gone = true;
    for (const auto& end : state_->ends)
        if (const auto e = end.lock()) e->fail(boost::asio::error::connection_reset);
    state_->held.clear();
    for (auto& e : state_->events) state_->scheduler.timers.remove(e);
    state_->events.clear();
}

void network::connect(const std::string& from, const std::string& to, const link& how) {
    state_->is_used();
    state_->links[{from, to}] = checked(how);
}

void network::partition(const std::string& a, const std::string& b) {
    state_->is_used();
    state_->cuts.insert(std::minmax(a, b));
}

void network::heal(const std::string& a, const std::string& b) {
    const std::pair<std::string, std::string> which = std::minmax(a, b);
    state_->is_used();
    if (state_->cuts.erase(which) == 0) return;
    const auto span = state_->delay(state_->between(a, b));
    for (auto& [hosts, call] : state_->held)
        if (hosts == which) state_->after(span, std::move(call));
    std::erase_if(state_->held, [&](const auto& h) { return h.first == which; });
}

void network::reset(const std::string& a, const std::string& b) {
    state_->is_used();
    for (const auto& end : state_->ends)
        if (const auto e = end.lock(); e && ((e->host == a && e->peer_host == b) || (e->host == b && e->peer_host == a)))
            e->fail(boost::asio::error::connection_reset);
}

void network::name(const std::string& name, std::vector<std::string> hosts) {
    state_->is_used();
    state_->names[name] = std::move(hosts);
}

stream::stream(network& net, std::string host) : executor_{this_fiber::executor()}, net_{net.state()}, host_{std::move(host)} {}

stream::stream(executor_type executor, std::shared_ptr<detail::connection_end> end) noexcept
    : executor_{executor}, end_{std::move(end)} {
    if (!end_) return;
    net_ = end_->net;
    host_ = end_->host;
}

stream& stream::operator=(stream&& other) noexcept {
    if (this != &other) {
        close();
        executor_ = other.executor_;
        net_ = std::move(other.net_);
        host_ = std::move(other.host_);
        end_ = std::move(other.end_);
    }
    return *this;
}

stream::~stream() { close(); }

void stream::shutdown_send() {
    if (end_) end_->send_end();
}
void stream::close() noexcept {
    if (end_) end_->close();
}
void stream::reset() noexcept {
    if (!end_ || end_->closed) return;
    end_->net->is_used();
    end_->reset_peer();
    end_->fail(boost::asio::error::operation_aborted);
    end_->closed = true;
}
bool stream::is_open() const noexcept { return end_ && !end_->closed; }

acceptor::acceptor(network& net, endpoint at) : executor_{this_fiber::executor()}, state_{std::make_shared<detail::listener>()} {
    net.state()->is_used();
    auto& place = net.state()->listeners[{at.host, at.port}];
    if (const auto other = place.lock(); other && !other->closed)
        throw boost::system::system_error{boost::asio::error::address_in_use, "sim::acceptor"};
    state_->net = net.state();
    state_->at = std::move(at);
    place = state_;
}

acceptor::~acceptor() { close(); }

void acceptor::close() noexcept {
    if (std::exchange(state_->closed, true)) return;
    state_->net->is_used();
    state_->net->listeners.erase({state_->at.host, state_->at.port});
    if (const auto op = std::move(state_->accepting))
        op->complete(boost::asio::error::operation_aborted, stream{executor_, nullptr});
    for (const auto& end : std::exchange(state_->waiting, {})) end->reset_peer();
}

resolver::resolver(network& net) : executor_{this_fiber::executor()}, net_{net.state()} {}

}  // namespace corun::sim
