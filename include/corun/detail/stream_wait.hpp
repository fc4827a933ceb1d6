// An asynchronous read or write of a stream that has to wait: what it is while nobody's stack holds it.
#pragma once

#include <corun/detail/token_handler.hpp>
#include <corun/detail/transfer.hpp>
#include <corun/scheduler.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/recycling_allocator.hpp>
#if __has_include(<boost/asio/associated_immediate_executor.hpp>)
#include <boost/asio/associated_immediate_executor.hpp>
#define CORUN_HAS_IMMEDIATE_EXECUTORS 1
#endif

#include <memory>
#include <type_traits>
#include <utility>

namespace corun::detail {

// Enlisted with its scheduler while it waits, in the scheduler's inbox when that is over, and then done with. Touched only inside
// of the scheduler, once it has been handed over.
class stream_wait : public io_watcher, public inbox_node {
public:
    // Inside of the scheduler: ends with operation_aborted, unless it has failed already. What it was told of is left where it is.
    void abort() noexcept;
    // Likewise, of one that is on its way through the scheduler's inbox, if that is a wait for the descriptor.
    static void abandon_queued(inbox_node& node, int fd) noexcept;

protected:
    stream_wait(scheduler_core& scheduler, direction d, int number) noexcept;
    ~stream_wait();

    // To the inbox: it will be stepped there. Any thread.
    void queue() noexcept;
    // Waits for its direction. What goes wrong is its outcome, and leaves it queued.
    void wait() noexcept;
    // Tries, waits again, or completes. @param dropped  its context is gone: destroys itself without calling anybody
    virtual void step(bool dropped) = 0;

    boost::intrusive_ptr<scheduler_core> home_;
    bool queued_ = false;
    int failure_ = 0;  // errno

private:
    static void was_told(io_watcher& self, bool gone) noexcept;
    static void take_queued(inbox_node& node, scheduler_core& core);
};

// Throws std::logic_error: a simulation has no real sockets.
[[noreturn]] void refuse_stream(direction way, int fd);
inline void refuse_where_simulated(const scheduler_core& core, direction way, int fd) {
    if (core.simulated != nullptr) [[unlikely]]
        refuse_stream(way, fd);
}
// The system has said that a call would block.
void note_exhausted(scheduler_core& home, int fd, direction way) noexcept;

// A handler and what it will be called with.
template <class Handler>
struct stream_call {
    void operator()() { std::move(handler)(error, moved); }
    Handler handler;
    boost::system::error_code error;
    std::size_t moved;
};

// Completes an operation that was done while it was initiated.
template <class Handler, class Executor>
void complete_at_once(Handler&& handler, const Executor& executor, boost::system::error_code ec, std::size_t moved) {
    using call = stream_call<std::decay_t<Handler>>;
    using allocator = boost::asio::associated_allocator_t<std::decay_t<Handler>>;
    if constexpr (std::is_same_v<allocator, op_allocator<void>>) {
        // The token's own, or a composed operation's that a fiber waits for: no user's function runs before the initiating
        // one returns.
        const inline_executor here{*boost::asio::get_associated_allocator(handler).fiber()};
        here.execute(call{std::forward<Handler>(handler), ec, moved});
    } else {
#if defined(CORUN_HAS_IMMEDIATE_EXECUTORS)
        const auto at_once = boost::asio::get_associated_immediate_executor(handler, executor);
        boost::asio::dispatch(at_once, call{std::forward<Handler>(handler), ec, moved});
#else
        boost::asio::post(executor, call{std::forward<Handler>(handler), ec, moved});
#endif
    }
}

// One read or write, once. Kept in memory of the handler's allocator.
template <class Handler, class Fallback, class Buffers, direction Way, io_kind Kind>
class stream_operation final : public stream_wait {
    using executor = boost::asio::associated_executor_t<Handler, Fallback>;
    using allocator =
        typename std::allocator_traits<boost::asio::associated_allocator_t<Handler, boost::asio::recycling_allocator<void>>>::
            template rebind_alloc<stream_operation>;

public:
    // @param own  the handler's executor is the scheduler's, and this is called inside of it
    template <class H>
    static void begin(H&& handler, const Fallback& fallback, scheduler_core& on, bool own, const Buffers& buffers, int number) {
        allocator memory{boost::asio::get_associated_allocator(handler, boost::asio::recycling_allocator<void>{})};
        stream_operation* op = std::allocator_traits<allocator>::allocate(memory, 1);
        try {
            new (op) stream_operation{std::forward<H>(handler), fallback, on, own, buffers, number};
        } catch (...) {
            std::allocator_traits<allocator>::deallocate(memory, op, 1);
            throw;
        }
        op->heed_cancellation();
        if (own)
            op->wait();
        else
            op->queue();
    }

private:
    template <class H>
    stream_operation(H&& handler, const Fallback& fallback, scheduler_core& on, bool own, const Buffers& buffers, int number)
        : stream_wait{on, Way, number},
          handler_{std::forward<H>(handler)},
          buffers_{buffers},
          executor_{boost::asio::get_associated_executor(handler_, fallback)},
          work_{executor_},
          own_{own} {}

    void heed_cancellation() {
        auto slot = boost::asio::get_associated_cancellation_slot(handler_);
        if (!slot.is_connected()) return;
        if (own_) {
            slot.assign([this](boost::asio::cancellation_type) { abort(); });
            return;
        }
        // Emitted where the handler will run, when this may be over already: that is told apart inside of the scheduler.
        link_ = std::make_shared<stream_wait*>(this);
        slot.assign([link = link_, inside = scheduler::executor_type{*home_}](boost::asio::cancellation_type) {
            inside.execute([link] {
                if (*link != nullptr) (*link)->abort();
            });
        });
    }

    void step(bool dropped) override {
        if (dropped) {
            destroy();
            return;
        }
        boost::system::error_code ec{failure_, boost::system::system_category()};
        std::size_t moved = 0;
        if (!ec && !has_moved(moved, ec)) return wait();
        complete(ec, moved);
    }
    // False: it would have blocked.
    bool has_moved(std::size_t& moved, boost::system::error_code& ec) {
        typename remaining<Buffers>::pieces pieces;
        std::size_t wanted = 0;
        const std::size_t count = buffers_.fill(pieces, 0, wanted);
        const move_outcome outcome = move_at_once<Kind, Way>(fd, pieces.data(), count, wanted);
        moved = outcome.moved;
        ec = outcome.error;
        if (outcome.would_block) note_exhausted(*home_, fd, Way);
        if (outcome.drained) home_->known_descriptors.was_drained(fd);
        return !outcome.would_block;
    }

    void complete(boost::system::error_code ec, std::size_t moved) {
        if (own_) boost::asio::get_associated_cancellation_slot(handler_).clear();
        Handler handler{std::move(handler_)};
        const executor on{executor_};
        const auto work{std::move(work_)};
        const bool own = own_;
        destroy(boost::asio::get_associated_allocator(handler, boost::asio::recycling_allocator<void>{}));
        if (own)
            std::move(handler)(ec, moved);
        else
            boost::asio::post(on, stream_call<Handler>{std::move(handler), ec, moved});
    }
    void destroy() {
        Handler handler{std::move(handler_)};  // its memory may be the fiber's, which it keeps
        destroy(boost::asio::get_associated_allocator(handler, boost::asio::recycling_allocator<void>{}));
    }
    void destroy(allocator memory) {
        if (link_) *link_ = nullptr;
        this->~stream_operation();
        std::allocator_traits<allocator>::deallocate(memory, this, 1);
    }

    Handler handler_;
    remaining<Buffers> buffers_;
    executor executor_;
    boost::asio::executor_work_guard<executor> work_;
    bool own_;
    std::shared_ptr<stream_wait*> link_;  // of a handler elsewhere; null when this is over. Written inside of the scheduler
};

}  // namespace corun::detail
