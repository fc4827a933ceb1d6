// One event that many wait for, the way it is done in Asio: a timer that never expires, cancelled to open the gate.
#pragma once

#include "asio.hpp"

#include <boost/asio/post.hpp>

namespace perf {

class gate {
public:
    explicit gate(asio::io_context& io) : timer_{io, steady_timer::time_point::max()} {}

    /// Completes with operation_aborted once the gate is open.
    template <class Token>
    auto wait(Token&& token) {
        return timer_.async_wait(std::forward<Token>(token));
    }

    void open() { timer_.cancel(); }

private:
    steady_timer timer_;
};

}  // namespace perf
