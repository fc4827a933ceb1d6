// What goes on in a simulated network.
#pragma once

#include "../scheduler_impl.hpp"

#include <corun/sim/network.hpp>

#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace corun::sim::detail {

using boost::system::error_code;
using corun::detail::scheduler_impl;
using corun::detail::simulation;
using read_ptr = pending_ptr<error_code, std::size_t>;

// Shared by the network, its streams, acceptors and resolvers, and by what is on its way. Belongs to one simulated scheduler.
struct network_state : std::enable_shared_from_this<network_state> {
    explicit network_state(const link& every);
    ~network_state();

    // Every use of the network and its objects passes here, and declares itself to the simulation.
    void is_used() const noexcept { corun::detail::touches(name, corun::detail::access::write); }
    // Calls the function after a span; never, if the network is gone by then.
    void after(clock::duration span, std::function<void()> call);
    [[nodiscard]] const link& between(const std::string& from, const std::string& to) const;
    [[nodiscard]] clock::duration delay(const link& on);  // latency and jitter, of one segment
    [[nodiscard]] bool is_cut(const std::string& a, const std::string& b) const;
    // Now, or when the two hosts are no longer cut off from each other.
    void when_healed(const std::string& a, const std::string& b, std::function<void()> call);

    struct event final : corun::detail::timer_node {
        void expired() noexcept override;
        network_state* net;
        std::function<void()> call;
        std::list<event>::iterator self;
    };

    const corun::detail::named_object name;
    scheduler_impl& scheduler;
    simulation& simulated;
    link all;
    bool gone = false;                                                    // nothing happens any more
    std::map<std::pair<std::string, std::string>, link> links;            // from, to
    std::set<std::pair<std::string, std::string>> cuts;                   // in order of names
    std::vector<std::pair<std::pair<std::string, std::string>, std::function<void()>>> held;  // until those are healed
    std::map<std::string, std::vector<std::string>> names;
    std::map<std::pair<std::string, std::uint16_t>, std::weak_ptr<listener>> listeners;
    std::vector<std::weak_ptr<connection_end>> ends;                      // of both sides of every connection
    std::list<event> events;                                              // each in the scheduler's timer queue
};

struct listener {
    std::shared_ptr<network_state> net;
    endpoint at;
    std::deque<std::shared_ptr<connection_end>> waiting;                  // connected, not accepted
    pending_ptr<error_code, stream> accepting;
    bool closed = false;
};

// One side of a connection: what arrives here, and what was sent from here and has not arrived.
struct connection_end : std::enable_shared_from_this<connection_end> {
    void read();          // goes on with the read that is under way, as far as it can
    void write();
    void send_end();
    void arrive(std::string bytes);
    void arrive_end();
    void fail(const error_code& why);   // everything under way, and everything later
    void reset_peer();
    void close();
    void schedule(std::size_t bytes,
                  std::function<void(connection_end&)> on_arrival);  // at the peer, after all that was sent before

    std::shared_ptr<network_state> net;
    std::string host, peer_host;
    std::weak_ptr<connection_end> peer;
    error_code failure;                     // what every operation gets
    bool connected = false, closed = false, end_sent = false, end_arrived = false;

    std::string arrived;                    // and not read
    read_ptr reading;
    mutable_buffers into;

    std::deque<std::function<void(connection_end&)>> on_the_way;  // segments, and the end
    std::size_t under_way = 0;              // bytes sent and not read by the peer
    clock::time_point line_is_free{}, last_arrival{};
    read_ptr writing;
    const_buffers from;
};

}  // namespace corun::sim::detail
