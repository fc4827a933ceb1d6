// The state of a simulated network, and how operations on its objects begin.
#include "network_state.hpp"

#include <boost/asio/error.hpp>

#include <algorithm>
#include <stdexcept>

namespace corun::sim::detail {

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
    net->is_used();
    if (self.is_open() && !self.end_->failure) return handler->complete(error::already_connected);
    self.close();
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
            net->after(back, [net, mine, handler] {
                net->when_healed(mine->host, mine->peer_host, [mine, handler] {
                    if (!mine->connected) mine->fail(error::connection_refused);
                    handler->complete(mine->connected ? error_code{} : error_code{error::connection_refused});
                });
            });
        });
    });
}

void begin_read(stream& self, const mutable_buffers& into, read_ptr handler) {
    connection_end* end = self.end().get();
    if (end == nullptr) return handler->complete(error::not_connected, 0);
    end->net->is_used();
    if (end->reading && !end->reading->is_over()) throw std::logic_error{"corun: two reads of one sim::stream at a time"};
    end->into = into;
    end->reading = std::move(handler);
    end->read();
}

void begin_write(stream& self, const const_buffers& from, read_ptr handler) {
    connection_end* end = self.end().get();
    if (end == nullptr || (!end->connected && !end->failure)) return handler->complete(error::not_connected, 0);
    end->net->is_used();
    if (end->writing && !end->writing->is_over()) throw std::logic_error{"corun: two writes of one sim::stream at a time"};
    end->from = from;
    end->writing = std::move(handler);
    end->write();
}

void begin_accept(acceptor& self, pending_ptr<error_code, stream> handler) {
    listener& at = *self.state();
    at.net->is_used();
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

}  // namespace corun::sim::detail
