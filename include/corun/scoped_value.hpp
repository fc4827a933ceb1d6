// Values that hold for a body and for the fibers that are spawned in it.
#pragma once

#include <corun/detail/block.hpp>
#include <corun/fiber_local.hpp>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include <atomic>
#include <concepts>
#include <cstdint>
#include <source_location>
#include <type_traits>
#include <utility>

namespace corun {

namespace detail {

// Shared by the fibers that have inherited it, on any thread; never changed but by the one who releases it last.
struct value_node {
    value_node(std::uint64_t k, boost::intrusive_ptr<const value_node> o) noexcept : key{k}, outer{std::move(o)} {}
    virtual ~value_node() = default;
    const std::uint64_t key;
    mutable boost::intrusive_ptr<const value_node> outer;
    mutable std::atomic<std::uint32_t> references{0};
};
inline void intrusive_ptr_add_ref(const value_node* node) noexcept { add_reference(node->references); }
void intrusive_ptr_release(const value_node* node) noexcept;

[[nodiscard]] const value_node* find_value(const fiber_record& self, std::uint64_t key) noexcept;
// What a new value of that key hides no part of: a chain of fibers that set one key, each for the next, does not grow.
[[nodiscard]] boost::intrusive_ptr<const value_node> values_around(const fiber_record& self, std::uint64_t key) noexcept;

// Has the fiber see one more value while it exists.
class value_scope {
public:
    value_scope(fiber_record& self, boost::intrusive_ptr<const value_node> node) noexcept;
    ~value_scope();
    value_scope(const value_scope&) = delete;
    value_scope& operator=(const value_scope&) = delete;

private:
    fiber_record& self_;
    boost::intrusive_ptr<const value_node> outer_;  // also what the new one hides
};

template <class T>
struct value_node_of final : value_node {
    template <class U>
    value_node_of(std::uint64_t k, boost::intrusive_ptr<const value_node> o, U&& v)
        : value_node{k, std::move(o)}, value(std::forward<U>(v)) {}
    const T value;
};

template <class T, class Inner>
class value_block;

}  // namespace detail

/// A key to values that with_value sets: the request's id, the tenant, the trace. Usually a global.
template <class T>
class scoped_value {
public:
    scoped_value() = default;
    scoped_value(const scoped_value&) = delete;
    scoped_value& operator=(const scoped_value&) = delete;

    /// What the innermost with_value of this key around the calling code has set, or around the spawn of its fiber, and so on
    /// outwards; null if there is none. Valid as long as that block, or the fiber, whichever is the caller's. Throws not_in_fiber.
    [[nodiscard]] const T* find(std::source_location where = std::source_location::current()) const {
        const detail::value_node* found = detail::find_value(detail::this_fiber_record(where), key_);
        return found != nullptr ? &static_cast<const detail::value_node_of<T>*>(found)->value : nullptr;
    }
    /// The same, or a value of the caller's.
    [[nodiscard]] T get_or(T otherwise, std::source_location where = std::source_location::current()) const {
        const T* found = find(where);
        return found != nullptr ? *found : std::move(otherwise);
    }

private:
    template <class U, class Inner>
    friend class detail::value_block;
    const std::uint64_t key_ = detail::new_key();
};

namespace detail {

template <class T, class Inner>
class [[nodiscard]] value_block {
public:
    template <class U>
    value_block(const scoped_value<T>& key, U&& value, Inner inner)
        : key_{key.key_}, value_(std::forward<U>(value)), inner_{std::forward<Inner>(inner)} {}

    body_result<Inner> run(std::source_location where) {
        fiber_record& self = enter_yield(where);
        const value_scope visible{self, new value_node_of<T>{key_, values_around(self, key_), std::move(value_)}};
        return run_body(self, std::forward<Inner>(inner_), where);
    }

private:
    std::uint64_t key_;
    T value_;
    Inner inner_;
};

}  // namespace detail

/// A block, to be yielded on: runs `inner` in the calling fiber with a value for the key. Fibers that are spawned inside see it as
/// long as they live, also beyond the block; the fiber's other code and its siblings do not.
/// @param inner  an operation, another block, or a function without parameters
/// @return, from the yield, what inner returns
template <class T, class U, detail::body Inner>
    requires std::convertible_to<U&&, T>
[[nodiscard]] auto with_value(const scoped_value<T>& key, U&& value, Inner&& inner) {
    return detail::value_block<T, Inner>{key, std::forward<U>(value), std::forward<Inner>(inner)};
}

}  // namespace corun
