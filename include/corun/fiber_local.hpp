// Variables that each fiber has its own of.
#pragma once

#include <corun/detail/core.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <source_location>
#include <utility>

namespace corun {

namespace detail {

// One fiber's value of one variable. In the fiber's list, the last one made first.
struct local_slot {
    explicit local_slot(std::uint64_t k) noexcept : key{k} {}
    virtual ~local_slot() = default;
    const std::uint64_t key;
    std::unique_ptr<local_slot> next;
};

[[nodiscard]] std::uint64_t new_key() noexcept;  // never the same again in this process
[[nodiscard]] local_slot* find_local(const fiber_record& self, std::uint64_t key) noexcept;
local_slot& add_local(fiber_record& self, std::unique_ptr<local_slot> slot) noexcept;

}  // namespace detail

/// A variable of which each fiber has its own, made when the fiber first asks for it. It ends with its fiber, on the fiber, before
/// those that join it go on; the last one made ends first, and its destructor may yield. Usually a global. The variable itself may
/// be used from any thread, also after its destruction has begun elsewhere: a fiber's value does not depend on it.
template <class T>
class fiber_local {
public:
    fiber_local()
        requires std::default_initializable<T>
        : make_{[] { return T(); }} {}
    /// @param make  makes the value; called on the fiber, must not yield
    explicit fiber_local(std::function<T()> make) : make_{std::move(make)} {}
    fiber_local(const fiber_local&) = delete;
    fiber_local& operator=(const fiber_local&) = delete;

    /// The calling fiber's value; valid until the fiber ends. Throws not_in_fiber off fibers, and what making it throws.
    [[nodiscard]] T& get(std::source_location where = std::source_location::current()) const {
        detail::fiber_record& self = detail::this_fiber_record(where);
        if (detail::local_slot* found = detail::find_local(self, key_)) return static_cast<slot&>(*found).value;
        return static_cast<slot&>(detail::add_local(self, std::make_unique<slot>(key_, make_))).value;
    }
    [[nodiscard]] T& operator*() const { return get({}); }  // an operator cannot know its line
    [[nodiscard]] T* operator->() const { return &get({}); }

private:
    struct slot final : detail::local_slot {
        slot(std::uint64_t k, const std::function<T()>& make) : local_slot{k}, value(make()) {}
        T value;
    };

    const std::uint64_t key_ = detail::new_key();
    std::function<T()> make_;
};

}  // namespace corun
