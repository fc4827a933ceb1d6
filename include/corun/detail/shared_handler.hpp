// Waiting for a primitive called concurrent_ by a completion token: shared_operation.hpp.
#pragma once

#include <corun/detail/shared_line.hpp>
#include <corun/detail/spin_lock.hpp>

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/recycling_allocator.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/system/system_error.hpp>

#include <atomic>
#include <exception>
#include <memory>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>

namespace corun::detail {

template <class T>
struct shared_signature {
    using type = void(std::exception_ptr, T);
};
template <>
struct shared_signature<void> {
    using type = void(std::exception_ptr);
};

// By a completion handler, in memory of its own: the handler's, or else that of Asio's operations. Both use it again.
template <class Request, class Handler>
class shared_handler final : Request {
    using value = decltype(std::declval<Request&>().get());
    using executor = boost::asio::associated_executor_t<Handler, boost::asio::system_executor>;
    using memory = boost::asio::recycling_allocator<void>;
    enum class stage : unsigned char { waiting, being_posted, posted };
    using allocator =
        typename std::allocator_traits<boost::asio::associated_allocator_t<Handler, memory>>::template rebind_alloc<shared_handler>;

public:
    template <class... Args>
    static void start(Handler handler, Args&&... args) {
        allocator pool = allocator_of(handler);
        shared_handler* self = std::allocator_traits<allocator>::allocate(pool, 1);
        try {
            new (self) shared_handler{std::move(handler), std::forward<Args>(args)...};
        } catch (...) {
            std::allocator_traits<allocator>::deallocate(pool, self, 1);
            throw;
        }
        try {
            self->listen();  // before anybody can resume it
            if (self->begin()) self->resume();
        } catch (...) {  // it is in no line
            self->abandon();
            throw;
        }
    }

private:
    template <class... Args>
    explicit shared_handler(Handler&& handler, Args&&... args)
        : Request{std::forward<Args>(args)...},
          work_{boost::asio::get_associated_executor(handler, boost::asio::system_executor{})},
          handler_{std::move(handler)} {
        if constexpr (requires { this->may_be_outlived(); }) this->may_be_outlived();
    }
    ~shared_handler() {
        if constexpr (requires { this->give_back(); })
            if (unclaimed_) this->give_back();  // its context has ended with the handler uncalled
    }

    // Asio's rule: a slot is used only where its handler runs.
    void listen() {
        auto slot = boost::asio::get_associated_cancellation_slot(handler_);
        if (!slot.is_connected()) return;
        slot.assign([this](boost::asio::cancellation_type) {
            // Once it is resumed the primitive may be gone, while this waits to be called.
            if (stage_.load(std::memory_order_acquire) != stage::waiting || !this->withdraw()) return;
            aborted_ = true;
            resume();
        });
    }

    static allocator allocator_of(const Handler& handler) noexcept {
        return allocator{boost::asio::get_associated_allocator(handler, memory{})};
    }
    static void destroy(shared_handler* self, allocator pool) noexcept {
        self->~shared_handler();
        std::allocator_traits<allocator>::deallocate(pool, self, 1);
    }
    struct deleter {
        void operator()(shared_handler* self) const noexcept {
            self->see_poster_off();
            destroy(self, allocator_of(self->handler_));
        }
    };
    using owner = std::unique_ptr<shared_handler, deleter>;

    // Who posts is still in the context when the handler is called there, which may be all that the context was to do: it must not
    // end before they have left it.
    void resume() noexcept override {
        bool is_gone = false;
        unclaimed_ = !aborted_;
        poster_ = std::this_thread::get_id();
        is_gone_ = &is_gone;
        stage_.store(stage::being_posted, std::memory_order_release);
        const auto pool = boost::asio::get_associated_allocator(handler_, memory{});
        boost::asio::post(work_.get_executor(),
                          boost::asio::bind_allocator(pool, [self = owner{this}]() mutable { complete(std::move(self)); }));
        if (!is_gone) stage_.store(stage::posted, std::memory_order_release);
    }
    // Before it is called or destroyed.
    void see_poster_off() noexcept {
        if (stage_.load(std::memory_order_acquire) != stage::being_posted) return;
        if (poster_ == std::this_thread::get_id()) {  // in place
            *is_gone_ = true;
            stage_.store(stage::posted, std::memory_order_relaxed);
            return;
        }
        for (int tries = 0; stage_.load(std::memory_order_acquire) == stage::being_posted;)
            if (++tries < 100)
                relax();
            else
                std::this_thread::yield();
    }
    void abandon() noexcept override {
        boost::asio::get_associated_cancellation_slot(handler_).clear();
        deleter{}(this);
    }

    static void complete(owner self) {
        self->see_poster_off();
        boost::asio::get_associated_cancellation_slot(self->handler_).clear();
        self->unclaimed_ = false;
        std::exception_ptr failure;
        if (self->aborted_) failure = std::make_exception_ptr(boost::system::system_error{boost::asio::error::operation_aborted});
        if constexpr (std::is_void_v<value>) {
            try {
                if (!failure) self->get();
            } catch (...) {
                failure = std::current_exception();
            }
            release(std::move(self))(failure);
        } else {
            std::optional<value> result;
            try {
                if (!failure) result.emplace(self->get());
            } catch (...) {
                failure = std::current_exception();
            }
            release(std::move(self))(failure, result ? std::move(*result) : value{});
        }
    }
    // The memory is free before the handler is called: its next operation may take it. A handler that was moved from need not know
    // its allocator any more.
    static Handler release(owner self) {
        const allocator pool = allocator_of(self->handler_);
        Handler handler{std::move(self->handler_)};
        destroy(self.release(), pool);
        return handler;
    }

    boost::asio::executor_work_guard<executor> work_;
    Handler handler_;
    std::atomic<stage> stage_{stage::waiting};
    std::thread::id poster_;
    bool* is_gone_ = nullptr;  // the poster's, while it posts
    bool aborted_ = false;
    bool unclaimed_ = false;  // committed, and the handler has not been called
};

template <class Request, class Token, class... Args>
auto async_request(Token&& token, Args... args) {
    using value = decltype(std::declval<Request&>().get());
    return boost::asio::async_initiate<Token, typename shared_signature<value>::type>(
        [](auto handler, auto... initial) {
            shared_handler<Request, decltype(handler)>::start(std::move(handler), std::move(initial)...);
        },
        token, std::move(args)...);
}

}  // namespace corun::detail
