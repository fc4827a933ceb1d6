// The three ways to wait for a primitive called concurrent_: on a fiber, on a plain thread, by a completion token.
//
// A Request is a shared_waiter with
// - attempt(): commits, if that needs no waiting; not after it has begun,
// - begin(): commits, or gets in line (false); once,
// - withdraw(): gets out of the line; false if it is not there, because it was committed,
// - get(): the value of a committed one; may throw,
// - may_be_outlived() and give_back(), if what it has taken must not end with it: before it begins where it may outlive the
//   primitive; of a
//   committed one whose value nobody will get, whether the primitive still lives or not;
// for select
// - lock(): of its line,
// - passes(selection): under the lock: whether `attempt` would succeed, for one of that selection's cases; has no effect,
// - get_in_line(): under the lock, where it does not pass;
// and, where waiting for the other side is seldom long,
// - attempt_patiently(): the same as attempt, but it tries for as long as parking would take.
#pragma once

#include <corun/detail/shared_line.hpp>
#include <corun/run.hpp>

#include <boost/asio/associated_allocator.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_allocator.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/system/system_error.hpp>

#include <atomic>
#include <exception>
#include <memory>
#include <source_location>
#include <type_traits>
#include <utility>

namespace corun::detail {

// On a fiber, as an operation.
template <class Request>
class [[nodiscard]] shared_operation final : Request {
public:
    template <class... Args>
    explicit shared_operation(std::in_place_t, Args&&... args) : Request{std::forward<Args>(args)...} {}
    shared_operation(shared_operation&& other) : Request{std::move(other)} {}  // before it starts

    [[nodiscard]] bool take_now(fiber_record&) { return commit(); }
    // Alone. Asked again, it may have been committed before, or have begun to wait.
    [[nodiscard]] bool commit(fiber_record&) { return ready() || (fiber_ == nullptr && commit()); }
    [[nodiscard]] bool ready() const noexcept { return done_.load(std::memory_order_acquire); }
    void start(const waker& w) { start_on(*w.fiber()); }
    void start_on(fiber_record& self) {
        fiber_ = &self;
        if constexpr (requires { this->attempt_patiently(); })
            if (self.owner->ready.empty() && self.owner->simulated == nullptr && this->attempt_patiently()) return is_done();
        if (this->begin()) is_done();
    }
    [[nodiscard]] bool cancel() noexcept {
        if (this->withdraw()) return true;
        is_late_ = fiber_->waits_elsewhere = true;
        return false;
    }
    // Another thread is about to resume us.
    [[nodiscard]] bool is_elsewhere() const noexcept { return is_late_ && !ready(); }
    auto get() {
        if (fiber_ != nullptr) fiber_->waits_elsewhere = false;
        return Request::get();
    }

    // --- for select ---
    [[nodiscard]] bool commit() {
        if (!this->attempt()) return false;
        is_done();
        return true;
    }
    [[nodiscard]] primitive_lock& line_lock() noexcept { return this->lock(); }
    [[nodiscard]] bool passes(const selection& s) noexcept { return Request::passes(&s); }
    [[nodiscard]] bool available() noexcept {
        const std::lock_guard hold{line_lock()};
        return Request::passes(nullptr);
    }
    // Under the lock of its line.
    void wait_among(fiber_record& self, selection& others, int own_index) noexcept {
        fiber_ = &self;
        this->among = &others;
        this->index = own_index;
        this->get_in_line();
    }
    void withdraw_from_select() noexcept {
        if (fiber_ != nullptr) (void)this->withdraw();
    }

private:
    void is_done() noexcept { done_.store(true, std::memory_order_relaxed); }

    void resume() noexcept override {
        const fiber_ref fiber{fiber_};  // it may leave, and this with it, as soon as it is done
        done_.store(true, std::memory_order_release);
        wake(*fiber);
    }

    fiber_record* fiber_ = nullptr;
    bool is_late_ = false;
    std::atomic<bool> done_{false};
};

// On a plain thread.
template <class Request>
class shared_blocking final : Request {
public:
    using Request::Request;

    // Blocks the thread. Throws switch_forbidden on a fiber.
    auto wait(const char* what) {
        refuse_on_fiber(what, std::source_location{});
        if constexpr (requires { this->attempt_patiently(); })
            if (this->attempt() || this->attempt_patiently()) return Request::get();
        if (!this->begin()) done_.wait(0, std::memory_order_acquire);
        return Request::get();
    }

private:
    void resume() noexcept override {
        done_.store(1, std::memory_order_release);
        done_.notify_one();  // by its address: the thread may have left
    }

    std::atomic<int> done_{0};
};

template <class T>
struct shared_signature {
    using type = void(std::exception_ptr, T);
};
template <>
struct shared_signature<void> {
    using type = void(std::exception_ptr);
};

// By a completion handler, in memory of its own.
template <class Request, class Handler>
class shared_handler final : Request {
    using value = decltype(std::declval<Request&>().get());
    using executor = boost::asio::associated_executor_t<Handler, boost::asio::system_executor>;
    using allocator =
        typename std::allocator_traits<boost::asio::associated_allocator_t<Handler>>::template rebind_alloc<shared_handler>;

public:
    template <class... Args>
    static void start(Handler handler, Args&&... args) {
        allocator memory{boost::asio::get_associated_allocator(handler)};
        shared_handler* self = std::allocator_traits<allocator>::allocate(memory, 1);
        try {
            new (self) shared_handler{std::move(handler), std::forward<Args>(args)...};
        } catch (...) {
            std::allocator_traits<allocator>::deallocate(memory, self, 1);
            throw;
        }
        // Before anybody can resume it. Asio's rule: a slot is used only where its handler runs.
        auto slot = boost::asio::get_associated_cancellation_slot(self->handler_);
        if (slot.is_connected())
            slot.assign([self](boost::asio::cancellation_type) {
                // Once it is resumed the primitive may be gone, while this waits to be called.
                if (self->is_resumed_.load(std::memory_order_acquire) || !self->withdraw()) return;
                self->aborted_ = true;
                self->resume();
            });
        if (self->begin()) self->resume();
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

    struct deleter {
        void operator()(shared_handler* self) const noexcept {
            allocator memory{boost::asio::get_associated_allocator(self->handler_)};
            self->~shared_handler();
            std::allocator_traits<allocator>::deallocate(memory, self, 1);
        }
    };
    using owner = std::unique_ptr<shared_handler, deleter>;

    void resume() noexcept override {
        unclaimed_ = !aborted_;
        is_resumed_.store(true, std::memory_order_release);
        auto memory = boost::asio::get_associated_allocator(handler_);
        boost::asio::post(work_.get_executor(),
                          boost::asio::bind_allocator(memory, [self = owner{this}]() mutable { complete(std::move(self)); }));
    }
    void abandon() noexcept override {
        boost::asio::get_associated_cancellation_slot(handler_).clear();
        deleter{}(this);
    }

    static void complete(owner self) {
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
            value result{};
            try {
                if (!failure) result = self->get();
            } catch (...) {
                failure = std::current_exception();
            }
            release(std::move(self))(failure, std::move(result));
        }
    }
    // The memory is free before the handler is called: its next operation may take it.
    static Handler release(owner self) { return std::move(self->handler_); }

    boost::asio::executor_work_guard<executor> work_;
    Handler handler_;
    std::atomic<bool> is_resumed_{false};
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
