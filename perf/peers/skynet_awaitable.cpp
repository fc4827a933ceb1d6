// skynet with C++20 coroutines that run at the same time, as co_spawn starts them. (Awaited one after the other they would
// be calls of functions.)
#include "../support/skynet.hpp"
#include "awaitable.hpp"
#include "join_all.hpp"
#include "reactor.hpp"

#include <boost/asio/post.hpp>

#include <array>
#include <numeric>

namespace {

perf::awaitable<void> subtree(perf::asio::io_context& io, std::uint64_t first, std::uint64_t leaves, bool waits,
                              std::uint64_t& result) {
    if (leaves == 1) {
        if (waits) co_await perf::asio::post(perf::use_awaitable);
        result = first;
        co_return;
    }
    std::array<std::uint64_t, perf::skynet_children> sums{};
    const std::uint64_t each = leaves / sums.size();
    perf::children children{io, sums.size()};
    for (std::size_t i = 0; i < sums.size(); ++i)
        perf::asio::co_spawn(io, subtree(io, first + i * each, each, waits, sums[i]), children.handler());
    if (!children.ended()) co_await children.join(perf::use_awaitable);
    result = std::accumulate(sums.begin(), sums.end(), std::uint64_t{0});
}

std::uint64_t sum(std::uint64_t leaves, bool waits) {
    perf::asio::io_context io{perf::one_thread};
    perf::open_reactor(io);
    std::uint64_t total = 0;
    perf::start(io, subtree(io, 0, leaves, waits, total));
    io.run();
    return total;
}

}  // namespace

int main(int argc, char** argv) { return perf::skynet_main(argc, argv, "awaitable", sum); }
