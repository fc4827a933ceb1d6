// Operations under way in the simulated network, their handlers' types forgotten.
#pragma once

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/cancellation_type.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/error_code.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace corun::sim {

class stream;
class acceptor;
class resolver;
struct endpoint;

namespace detail {

struct network_state;
struct connection_end;
struct listener;

// Completed once, by posting its handler; later calls are ignored. Destroyed uncompleted, it destroys the handler.
template <class... Args>
class pending {
public:
    virtual ~pending() = default;
    virtual void complete(Args... args) = 0;
    [[nodiscard]] virtual bool is_over() const noexcept = 0;  // completed, or cancelled
};
template <class... Args>
using pending_ptr = std::shared_ptr<pending<Args...>>;

template <class Handler, class Executor, class... Args>
class pending_of final : public pending<Args...>, public std::enable_shared_from_this<pending_of<Handler, Executor, Args...>> {
public:
    pending_of(Handler handler, const Executor& otherwise)
        : otherwise_{otherwise},
          executor_{boost::asio::get_associated_executor(handler, otherwise)},
          handler_{std::make_unique<Handler>(std::move(handler))} {}

    void complete(Args... args) override {
        if (!handler_) return;
        boost::asio::post(executor_, [handler = std::move(handler_), all = std::tuple<Args...>(std::move(args)...)]() mutable {
            Handler own{std::move(*handler)};
            handler.reset();
            std::apply([&](auto&... values) { std::move(own)(std::move(values)...); }, all);
        });
    }
    [[nodiscard]] bool is_over() const noexcept override { return !handler_; }

    // Whatever is asked for, nothing has been transferred.
    void heed_cancellation() {
        auto slot = boost::asio::get_associated_cancellation_slot(*handler_);
        if (!slot.is_connected()) return;
        slot.assign([self = this->weak_from_this()](boost::asio::cancellation_type) {
            if (const auto op = self.lock()) op->complete(aborted<Args>(op->otherwise_)...);
        });
    }

private:
    template <class T>
    static T aborted(const Executor& executor) {
        if constexpr (std::is_same_v<T, boost::system::error_code>)
            return boost::asio::error::operation_aborted;
        else if constexpr (std::is_default_constructible_v<T>)
            return T{};
        else
            return T{executor, nullptr};
    }

    Executor otherwise_;
    boost::asio::associated_executor_t<Handler, Executor> executor_;
    std::unique_ptr<Handler> handler_;
};

template <class... Args, class Handler, class Executor>
pending_ptr<Args...> make_pending(Handler&& handler, const Executor& otherwise) {
    auto op = std::make_shared<pending_of<std::decay_t<Handler>, Executor, Args...>>(std::forward<Handler>(handler), otherwise);
    op->heed_cancellation();
    return op;
}

// A copy of a buffer sequence. What is beyond `Most` is for the caller's next operation.
template <std::size_t Most, class Buffer>
class buffer_list {
public:
    template <class Buffers>
    explicit buffer_list(const Buffers& all) {
        for (auto i = boost::asio::buffer_sequence_begin(all); i != boost::asio::buffer_sequence_end(all) && count_ != Most; ++i)
            buffers_[count_++] = Buffer(*i);
    }
    buffer_list() = default;
    [[nodiscard]] const Buffer* begin() const noexcept { return buffers_.data(); }
    [[nodiscard]] const Buffer* end() const noexcept { return buffers_.data() + count_; }
    [[nodiscard]] std::size_t size() const noexcept {
        std::size_t bytes = 0;
        for (const Buffer& b : *this) bytes += b.size();
        return bytes;
    }

private:
    std::array<Buffer, Most> buffers_;
    std::size_t count_ = 0;
};
using mutable_buffers = buffer_list<16, boost::asio::mutable_buffer>;
using const_buffers = buffer_list<16, boost::asio::const_buffer>;

struct initiate_async_connect {
    stream* self;
    template <class Handler>
    void operator()(Handler&& handler, const endpoint& to) const;
};
struct initiate_async_read_some {
    stream* self;
    template <class Handler, class Buffers>
    void operator()(Handler&& handler, const Buffers& into) const;
};
struct initiate_async_write_some {
    stream* self;
    template <class Handler, class Buffers>
    void operator()(Handler&& handler, const Buffers& from) const;
};
struct initiate_async_accept {
    acceptor* self;
    template <class Handler>
    void operator()(Handler&& handler) const;
};
struct initiate_async_resolve {
    resolver* self;
    template <class Handler>
    void operator()(Handler&& handler, const endpoint& what) const;
};

void begin_connect(stream& self, const endpoint& to, pending_ptr<boost::system::error_code> handler);
void begin_read(stream& self, const mutable_buffers& into, pending_ptr<boost::system::error_code, std::size_t> handler);
void begin_write(stream& self, const const_buffers& from, pending_ptr<boost::system::error_code, std::size_t> handler);
void begin_accept(acceptor& self, pending_ptr<boost::system::error_code, stream> handler);
void begin_resolve(resolver& self, const endpoint& what, pending_ptr<boost::system::error_code, std::vector<endpoint>> handler);

}  // namespace detail
}  // namespace corun::sim
