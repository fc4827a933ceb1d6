#include "network_state.hpp"

#include <corun/this_fiber.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <stdexcept>

namespace corun::sim {
namespace detail {

namespace error = boost::asio::error;
using corun::detail::current_core;

namespace {

std::pair<std::string, std::string> in_order(const std::string& a, const std::string& b) { return std::minmax(a, b); }

simulation& simulation_here() {
    simulation* s = corun::detail::current_simulation();
    if (s == nullptr) throw std::logic_error{"corun: a sim::network was made outside of a simulation"};
    return *s;
}

}  // namespace

network_state::network_state(const link& every)
    : scheduler{(simulation_here(), corun::detail::impl_of(*current_core()))}, simulated{simulation_here()}, all{every} {}

network_state::~network_state() {
    for (event& e : events) scheduler.timers.remove(e);
}

void network_state::after(clock::duration span, std::function<void()> call) {
    if (gone) return;
    events.emplace_front();
    event& fresh = events.front();
    fresh.net = this;
    fresh.call = std::move(call);
    fresh.self = events.begin();
    scheduler.add_timer(fresh, simulated.now + span);
}

void network_state::event::expired() noexcept {
    const auto keeps = net->shared_from_this();
    const std::function<void()> function = std::move(call);
    net->events.erase(self);
    function();
}

const link& network_state::between(const std::string& from, const std::string& to) const {
    const auto found = links.find({from, to});
    return found != links.end() ? found->second : all;
}

clock::duration network_state::delay(const link& on) {
    if (on.jitter.count() <= 0) return on.latency;
    return on.latency +
           clock::duration{static_cast<clock::rep>(simulated.random() % (static_cast<std::uint64_t>(on.jitter.count()) + 1))};
}

bool network_state::is_cut(const std::string& a, const std::string& b) const { return cuts.contains(in_order(a, b)); }

void network_state::when_healed(const std::string& a, const std::string& b, std::function<void()> call) {
    if (is_cut(a, b))
        held.emplace_back(in_order(a, b), std::move(call));
    else
        call();
}

void begin_connect(stream& self, const endpoint& to, pending_ptr<error_code> handler) {
    const auto net = self.net_;
    auto mine = std::make_shared<connection_end>(), theirs = std::make_shared<connection_end>();
    mine->net = theirs->net = net;
    mine->host = theirs->peer_host = self.host_;
    mine->peer_host = theirs->host = to.host;
    mine->peer = theirs;
    theirs->peer = mine;
    self.end_ = mine;
    std::erase_if(net->ends, [](const auto& end) { return end.expired(); });
    net->ends.insert(net->ends.end(), {mine, theirs});
    const auto there = net->delay(net->between(mine->host, to.host)), back = net->delay(net->between(to.host, mine->host));
    net->after(there, [net, mine, theirs, to, back, handler = std::move(handler)] {
        net->when_healed(mine->host, to.host, [=] {
            const auto found = net->listeners.find({to.host, to.port});
            const auto at = found != net->listeners.end() ? found->second.lock() : nullptr;
            if (at && !at->closed && !mine->closed) {
                mine->connected = theirs->connected = true;
                if (const auto accepting = std::move(at->accepting); accepting && !accepting->is_over())
                    accepting->complete({}, stream{scheduler::executor_type{net->scheduler}, theirs});
                else
                    at->waiting.push_back(theirs);
            }
            net->after(back, [mine, handler] {
                if (!mine->connected) mine->fail(error::connection_refused);
                handler->complete(mine->connected ? error_code{} : error_code{error::connection_refused});
            });
        });
    });
}

void begin_read(stream& self, const mutable_buffers& into, read_ptr handler) {
    connection_end* end = self.end().get();
    if (end == nullptr) return handler->complete(error::not_connected, 0);
    if (end->reading && !end->reading->is_over()) throw std::logic_error{"corun: two reads of one sim::stream at a time"};
    end->into = into;
    end->reading = std::move(handler);
    end->read();
}

void begin_write(stream& self, const const_buffers& from, read_ptr handler) {
    connection_end* end = self.end().get();
    if (end == nullptr || (!end->connected && !end->failure)) return handler->complete(error::not_connected, 0);
    if (end->writing && !end->writing->is_over()) throw std::logic_error{"corun: two writes of one sim::stream at a time"};
    end->from = from;
    end->writing = std::move(handler);
    end->write();
}

void begin_accept(acceptor& self, pending_ptr<error_code, stream> handler) {
    listener& at = *self.state();
    if (at.closed) return handler->complete(error::bad_descriptor, stream{self.get_executor(), nullptr});
    if (at.waiting.empty()) {
        at.accepting = std::move(handler);
        return;
    }
    auto end = std::move(at.waiting.front());
    at.waiting.pop_front();
    handler->complete({}, stream{self.get_executor(), std::move(end)});
}

void begin_resolve(resolver& self, const endpoint& what, pending_ptr<error_code, std::vector<endpoint>> handler) {
    const auto net = self.net();
    net->after(net->delay(net->all), [net, what, handler = std::move(handler)] {
        std::vector<endpoint> answer;
        if (const auto found = net->names.find(what.host); found != net->names.end()) {
            for (const auto& host : found->second) answer.push_back({host, what.port});
        } else if (std::any_of(net->listeners.begin(), net->listeners.end(),
                               [&](const auto& l) { return l.first.first == what.host; })) {
            answer.push_back(what);
        }
        const error_code ec = answer.empty() ? error_code{error::host_not_found} : error_code{};
        handler->complete(ec, std::move(answer));
    });
}

}  // namespace detail

network::network(link all) : state_{std::make_shared<detail::network_state>(all)} {}

// What was to happen never does; who still waits learns it.
network::~network() {
    state_->gone = true;
    for (const auto& end : state_->ends)
        if (const auto e = end.lock()) e->fail(boost::asio::error::connection_reset);
    state_->held.clear();
    for (auto& e : state_->events) state_->scheduler.timers.remove(e);
    state_->events.clear();
}

void network::connect(const std::string& from, const std::string& to, const link& how) { state_->links[{from, to}] = how; }

void network::partition(const std::string& a, const std::string& b) { state_->cuts.insert(std::minmax(a, b)); }

void network::heal(const std::string& a, const std::string& b) {
    const std::pair<std::string, std::string> which = std::minmax(a, b);
    state_->cuts.erase(which);
    const auto span = state_->delay(state_->between(a, b));
    for (auto& [hosts, call] : state_->held)
        if (hosts == which) state_->after(span, std::move(call));
    std::erase_if(state_->held, [&](const auto& h) { return h.first == which; });
}

void network::reset(const std::string& a, const std::string& b) {
    for (const auto& end : state_->ends)
        if (const auto e = end.lock(); e && ((e->host == a && e->peer_host == b) || (e->host == b && e->peer_host == a)))
            e->fail(boost::asio::error::connection_reset);
}

void network::name(const std::string& name, std::vector<std::string> hosts) { state_->names[name] = std::move(hosts); }

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
    end_->reset_peer();
    end_->fail(boost::asio::error::operation_aborted);
    end_->closed = true;
}
bool stream::is_open() const noexcept { return end_ && !end_->closed; }

acceptor::acceptor(network& net, endpoint at) : executor_{this_fiber::executor()}, state_{std::make_shared<detail::listener>()} {
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
    state_->net->listeners.erase({state_->at.host, state_->at.port});
    if (const auto op = std::move(state_->accepting))
        op->complete(boost::asio::error::operation_aborted, stream{executor_, nullptr});
    for (const auto& end : std::exchange(state_->waiting, {})) end->reset_peer();
}

resolver::resolver(network& net) : executor_{this_fiber::executor()}, net_{net.state()} {}

}  // namespace corun::sim
