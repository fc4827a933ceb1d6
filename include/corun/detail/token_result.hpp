// What an Asio operation's completion signatures mean for the one who yields.
#pragma once

#include <corun/detail/record.hpp>
#include <corun/error.hpp>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#if __has_include(<boost/asio/disposition.hpp>)
#include <boost/asio/disposition.hpp>
#define CORUN_HAS_DISPOSITIONS 1
#endif

#include <cstddef>
#include <exception>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace corun::detail {

// A leading argument that tells success from failure. `failed`, `raise` and `code` are all that is asked of it.
template <class T>
struct disposition : std::false_type {};
template <>
struct disposition<boost::system::error_code> : std::true_type {
    static bool failed(const boost::system::error_code& ec) { return ec.failed(); }
    [[noreturn]] static void raise(const boost::system::error_code& ec) { throw boost::system::system_error{ec}; }
};
template <>
struct disposition<std::exception_ptr> : std::true_type {
    static bool failed(const std::exception_ptr& e) { return e != nullptr; }
    [[noreturn]] static void raise(const std::exception_ptr& e) { std::rethrow_exception(e); }
};
#if defined(CORUN_HAS_DISPOSITIONS)
template <class T>
    requires(boost::asio::is_disposition<T>::value)
struct disposition<T> : std::true_type {
    static bool failed(const T& d) { return d != boost::asio::no_error; }
    [[noreturn]] static void raise(const T& d) { std::rethrow_exception(boost::asio::to_exception_ptr(d)); }
};
#endif

// The values behind the disposition, which stands first: none is void, one is itself, more are a tuple.
template <class... Values>
struct plain_values {
    using type = std::tuple<Values...>;
};
template <>
struct plain_values<> {
    using type = void;
};
template <class Value>
struct plain_values<Value> {
    using type = Value;
};
template <class... Arguments>
struct values_of : plain_values<Arguments...> {
    static constexpr bool has_disposition = false;
};
template <class First, class... Values>
    requires(disposition<First>::value)
struct values_of<First, Values...> : plain_values<Values...> {
    static constexpr bool has_disposition = true;
};

// Arguments of a signature, whatever its qualifiers.
template <class Signature>
struct signature_traits;
#define CORUN_SIGNATURE(qualifiers)                          \
    template <class R, class... Args>                        \
    struct signature_traits<R(Args...) qualifiers> {         \
        using plain = R(Args...);                            \
        using arguments = std::tuple<std::decay_t<Args>...>; \
        using values = values_of<std::decay_t<Args>...>;     \
    };
CORUN_SIGNATURE()
CORUN_SIGNATURE(&)
CORUN_SIGNATURE(&&)
CORUN_SIGNATURE(noexcept)
CORUN_SIGNATURE(& noexcept)
CORUN_SIGNATURE(&& noexcept)
#undef CORUN_SIGNATURE

struct no_value {
    friend bool operator==(no_value, no_value) noexcept = default;
};
template <class T>
using value_or_nothing = std::conditional_t<std::is_void_v<T>, no_value, T>;

// One signature gives its values; several that agree give those; several that differ give a variant in their order.
template <class First, class... Rest>
struct token_result {
    using first = typename signature_traits<First>::values::type;
    static constexpr bool agree = (std::is_same_v<first, typename signature_traits<Rest>::values::type> && ...);
    using type = typename std::conditional_t<
        agree, std::type_identity<first>,
        std::type_identity<
            std::variant<value_or_nothing<first>, value_or_nothing<typename signature_traits<Rest>::values::type>...>>>::type;
};

// Whether a failure is how an operation says that it was asked to stop.
[[nodiscard]] inline bool says_aborted(const boost::system::error_code& ec) noexcept {
    return ec == boost::asio::error::operation_aborted;
}
[[nodiscard]] bool says_aborted(const std::exception_ptr& e) noexcept;
template <class T>
[[nodiscard]] bool says_aborted(const T& other) {
    if constexpr (std::is_convertible_v<const T&, boost::system::error_code>)
        return says_aborted(static_cast<boost::system::error_code>(other));
    else
        return false;
}

// Drops the disposition from what a handler was called with.
template <class Values, class... Args>
decltype(auto) strip(std::tuple<Args...>&& arguments) {
    return std::apply(
        [](auto&&... all) -> typename Values::type {
            if constexpr (std::is_void_v<typename Values::type>) {
                return;
            } else if constexpr (Values::has_disposition) {
                return [](auto&&, auto&&... rest) ->
                       typename Values::type { return typename Values::type(std::move(rest)...); }(std::move(all)...);
            } else {
                return typename Values::type(std::move(all)...);
            }
        },
        std::move(arguments));
}

}  // namespace corun::detail
