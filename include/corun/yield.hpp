// corun::yield: the only word at which a fiber switches.
#pragma once

#include <corun/detail/core.hpp>
#include <corun/operation.hpp>

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/system/system_error.hpp>

#include <source_location>
#include <type_traits>
#include <utility>

namespace corun {

/// The completion token that waits on the calling fiber. `corun::yield` is one that throws; `corun::yield[ec]` reports to ec.
class yield_token {
public:
    constexpr yield_token() noexcept = default;
    explicit constexpr yield_token(boost::system::error_code* ec) noexcept : ec_{ec} {}
    yield_token(boost::system::error_code* ec, std::source_location where) noexcept : ec_{ec}, where_{where}, named_{true} {}

    /// Where errors go; null: they are thrown.
    [[nodiscard]] constexpr boost::system::error_code* error() const noexcept { return ec_; }
    /// The line of the yield, where its form can know it: `yield(op)` can, a bare token cannot.
    [[nodiscard]] std::source_location where(std::source_location otherwise) const noexcept { return named_ ? where_ : otherwise; }

private:
    boost::system::error_code* ec_ = nullptr;
    std::source_location where_{};
    bool named_ = false;
};

namespace detail {

template <class Op>
using result_of = decltype(std::declval<Op&>().get());

template <class Token, class T, class Executor>
auto await_coroutine(fiber_record& self, boost::asio::awaitable<T, Executor> coroutine, Token token);

// with_timeout, with_group and their like: they run a body in the calling fiber.
template <class T>
concept block = requires(T& t, std::source_location where) { t.run(where); };

// Asio's deferred operations, with or without adapters: called with a token they start. Not our own operations.
template <class T>
concept asio_operation = !operation<T> && boost::asio::is_async_operation<T>::value;

}  // namespace detail

/// The type of `corun::yield`.
///
/// Every form may switch to other fibers; only to be called on a fiber (throws not_in_fiber elsewhere); throws `cancelled` if the
/// fiber is cancelled (also with ec), switch_forbidden inside a no_yield scope or inside a function that a strand runs (there, an
/// operation on a channel, a mutex or another primitive that need not wait is let pass: it does not switch).
class yield_t : public yield_token {
public:
    /// Gives every other runnable fiber a turn; I/O and timers are polled after a bounded number of such turns.
    CORUN_SWITCH void operator()(std::source_location where = std::source_location::current()) const {
        detail::give_way(detail::enter_yield(where));
    }

    /// Waits for the operation and returns its value or throws its error. May return at once.
    template <class Op>
        requires operation<std::remove_reference_t<Op>>
    CORUN_SWITCH detail::result_of<Op> operator()(Op&& op, std::source_location where = std::source_location::current()) const {
        detail::await(detail::enter_operation(where), op);
        return op.get();
    }

    /// The same; a boost::system::system_error that the operation throws is put into ec, and a value-initialised result returned.
    template <class Op>
        requires operation<std::remove_reference_t<Op>>
    detail::result_of<Op> operator()(Op&& op, boost::system::error_code& ec,
                                     std::source_location where = std::source_location::current()) const {
        if constexpr (requires { op.get(ec); }) {  // our own that need not throw for this
            ec.clear();
            detail::await(detail::enter_operation(where), op);
            return op.get(ec);
        } else {
            return reporting(ec, [&]() -> decltype(auto) { return (*this)(std::forward<Op>(op), where); });
        }
    }

    /// Runs a block: a function, inside a timeout, a group or a shield. The block says what it returns and throws.
    template <class Block>
        requires detail::block<std::remove_reference_t<Block>>
    decltype(auto) operator()(Block&& block, std::source_location where = std::source_location::current()) const {
        return block.run(where);
    }
    template <class Block>
        requires detail::block<std::remove_reference_t<Block>>
    auto operator()(Block&& block, boost::system::error_code& ec,
                    std::source_location where = std::source_location::current()) const {
        return reporting(ec, [&]() -> decltype(auto) { return block.run(where); });
    }

    /// Starts an Asio operation made with asio::deferred and waits for it: `yield(socket.async_read_some(buffer, asio::deferred))`.
    template <detail::asio_operation Op>
    decltype(auto) operator()(Op&& op, std::source_location where = std::source_location::current()) const {
        return std::forward<Op>(op)(yield_token{nullptr, where});
    }
    template <detail::asio_operation Op>
    decltype(auto) operator()(Op&& op, boost::system::error_code& ec,
                              std::source_location where = std::source_location::current()) const {
        ec.clear();
        return std::forward<Op>(op)(yield_token{&ec, where});
    }

    /// Runs a C++20 coroutine on the fiber's scheduler and waits for it.
    template <class T, class Executor>
    T operator()(boost::asio::awaitable<T, Executor> coroutine,
                 std::source_location where = std::source_location::current()) const {
        return detail::await_coroutine(detail::enter_yield(where), std::move(coroutine), yield_token{nullptr, where});
    }
    template <class T, class Executor>
    T operator()(boost::asio::awaitable<T, Executor> coroutine, boost::system::error_code& ec,
                 std::source_location where = std::source_location::current()) const {
        return reporting(ec, [&]() -> T { return (*this)(std::move(coroutine), where); });
    }

    /// As a completion token that reports a leading error_code to ec: `socket.async_read_some(buffer, corun::yield[ec])`.
    [[nodiscard]] constexpr yield_token operator[](boost::system::error_code& ec) const noexcept { return yield_token{&ec}; }

private:
    template <class Waiting>
    static std::invoke_result_t<Waiting> reporting(boost::system::error_code& ec, Waiting&& wait) {
        try {
            ec.clear();
            return wait();
        } catch (const boost::system::system_error& error) {
            ec = error.code();
        }
        if constexpr (!std::is_void_v<std::invoke_result_t<Waiting>>) return {};
    }
};

inline constexpr yield_t yield{};

/// Asserts that its scope never switches: a yield inside throws switch_forbidden, which names both places, even where it would
/// have returned at once. Nests. Outside of fibers it does nothing. Not to be copied or kept beyond its block.
class [[nodiscard]] no_yield {
public:
    /// @param why  shown in the error; must live as long as the guard
    explicit no_yield(const char* why, std::source_location where = std::source_location::current()) noexcept;
    ~no_yield();
    no_yield(const no_yield&) = delete;
    no_yield& operator=(const no_yield&) = delete;

    [[nodiscard]] const char* why() const noexcept { return why_; }
    [[nodiscard]] const std::source_location& where() const noexcept { return where_; }
    [[nodiscard]] const no_yield* outer() const noexcept { return outer_; }

private:
    const char* why_;
    std::source_location where_;
    detail::fiber_record* fiber_;
    const no_yield* outer_ = nullptr;
};

}  // namespace corun
