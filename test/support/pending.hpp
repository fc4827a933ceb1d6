// Operations that complete when the test says so, by a dispatch to their handlers' executors: what Asio's own do.
#pragma once

#include "completions.hpp"

#include <corun/spawn.hpp>
#include <corun/token.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/dispatch.hpp>

#include <functional>
#include <memory>
#include <thread>
#include <utility>

namespace corun_test {

struct pending {
    /// Called on a fiber.
    void wait() {
        corun::yield(hand_over<void()>(boost::asio::deferred, [this](auto handler) {
            const auto kept = std::make_shared<decltype(handler)>(std::move(handler));
            complete = [kept] { boost::asio::dispatch(std::move(*kept)); };
        }));
    }
    void drop() { complete = nullptr; }
    std::function<void()> complete;
};

/// A fiber that waits once, and how far it has come.
struct waiting {
    template <class Where>
    explicit waiting(Where& where) {
        corun::spawn(
            where,
            [this] {
                operation.wait();
                on = std::this_thread::get_id();
                has_gone_on = true;
            },
            boost::asio::detached);
    }
    pending operation;
    std::thread::id on;
    bool has_gone_on = false;
};

}  // namespace corun_test
