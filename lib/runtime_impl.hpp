// A runtime's inside.
#pragma once

#include "scheduler_impl.hpp"

#include <corun/runtime.hpp>

#include <boost/asio/executor_work_guard.hpp>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace corun::detail {

// The threads end together, when none of them has anything to do: a fiber of one may spawn on another. Whoever runs out of work
// takes a guard again and stays, so that it can still be given some, and the last one to do so begins another round, in which all
// guards are dropped once more. A round in which nobody has run anything is the last: from its begin on nobody could give anybody
// work.
class runtime_impl {
public:
    explicit runtime_impl(runtime_options options);
    ~runtime_impl();

    struct worker {
        worker(const scheduler_options& options, std::size_t number);
        std::size_t index;
        boost::asio::io_context context{1};
        scheduler* own;
        std::atomic<std::size_t> load{0};
        std::thread thread;
        bool is_closed = false;  // its fibers were cancelled; the thread's own
        // The following under lock_.
        std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> guard;
        void hold();
        void let_go();
        bool is_idle = false;  // has run out of work in this round
        bool has_run = false;  // something, since it ran out of work in the last round
        bool is_called = false;  // out of its event loop, to look at the time again
    };

    void stop_at(clock::time_point end_of_grace);
    void join();
    [[nodiscard]] bool has_ended() const;
    [[nodiscard]] bool was_stopped() const;  // or has ended
    void add_server(fiber<> accepting);

    scheduler_family family;
    std::deque<worker> workers;

private:
    void work(worker& self) noexcept;
    [[nodiscard]] std::size_t run(worker& self, clock::time_point until);
    [[nodiscard]] bool went_idle(worker& self);  // true: all have ended
    void begin_round();
    void fail(std::exception_ptr error);

    mutable std::mutex lock_;
    std::condition_variable ended_news_;
    std::vector<fiber<>> servers_;
    std::exception_ptr failure_;  // the first that left an event loop
    clock::time_point end_of_grace_ = clock::time_point::max();
    bool was_stopped_ = false;
    bool is_ending_ = false;  // rounds have begun
    bool has_ended_ = false;
    std::mutex joining_;  // one thread at a time joins the threads
};

// Listens and spawns the fibers that accept. Throws boost::system::system_error.
[[nodiscard]] runtime::tcp::endpoint start_server(runtime& home, runtime_impl& impl, const runtime::tcp::endpoint& at,
                                                  runtime::stream_handler handler, const serve_options& options,
                                                  std::source_location where);

}  // namespace corun::detail
