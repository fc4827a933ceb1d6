// What keeps a scheduler's context running while tracked executors of it are left.
#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <cstddef>
#include <mutex>

namespace corun::detail {

class promised_work {
public:
    void started(const boost::asio::any_io_executor& executor);
    void finished() noexcept;
    // The context ends: nothing keeps it from now on.
    void give_up() noexcept;

private:
    [[nodiscard]] bool is_one_more() noexcept;

    std::mutex lock_;  // not while the executor's own functions run
    std::size_t count_ = 0;
    bool is_given_up_ = false;
    boost::asio::any_io_executor kept_;  // tracked, if there are any
};

}  // namespace corun::detail
