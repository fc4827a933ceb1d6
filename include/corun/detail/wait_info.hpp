// What a parked fiber waits for, told to those who look at it: dumps, the debugger, the search for deadlocks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace corun::detail {

struct fiber_record;

// Who can end a wait.
enum class wake_source : std::uint8_t {
    outside,  // the system, a timer, another thread or scheduler: it may end at any time
    fibers,   // only what runs on the fiber's own scheduler or on its holder's: where nothing can run there, it never ends
};

// Filled by an operation's `void describe_wait(wait_info&) const noexcept`, an optional member. It is called while the fiber is
// parked in the operation, on the owner or while the owner stands still in the middle of anything: it must not allocate, lock or
// follow pointers but to what the waiting fiber keeps alive. One that may say wake_source::fibers has `may_wait_for_fibers`, too, a
// true constant.
struct wait_info {
    char text[64] = {};  // "join of", "mutex 0x…"; the holder's name is added by whoever prints it
    wake_source source = wake_source::outside;
    const fiber_record* holder = nullptr;  // whose doing ends the wait, if that is one fiber
    const void* object = nullptr;  // what several fibers may wait for: a mutex, a channel

    void say(std::string_view what) noexcept;
    void say(std::string_view what, std::uint64_t number) noexcept;
};

// Of an operation in which one waits for several others: whether only fibers can end the wait for this one.
template <class Op>
inline constexpr bool may_wait_for_fibers = requires { requires Op::may_wait_for_fibers; };
template <class Op>
[[nodiscard]] bool waits_for_fibers(const Op& operation) noexcept {
    wait_info info;
    if constexpr (may_wait_for_fibers<Op>) operation.describe_wait(info);
    return info.source == wake_source::fibers;
}

// One per type of operation; static, so that a parked fiber's record names its wait by one pointer.
struct wait_kind {
    char name[48];  // of the operation's type
    bool may_be_inside;  // whether `describe` may say wake_source::fibers
    void (*describe)(const void* operation, wait_info& info) noexcept;
};

template <class T>
constexpr std::string_view pretty_name() noexcept {
    std::string_view text{__PRETTY_FUNCTION__};
    text.remove_prefix(text.find("T = ") + 4);
    return text;
}

template <class Op>
constexpr wait_kind make_wait_kind() noexcept {
    wait_kind kind{};
    // The type's name without our namespaces and template arguments; cut where it is too long.
    std::string_view name = pretty_name<Op>();
    name = name.substr(0, name.find_first_of("<;]"));
    for (const std::string_view ours : {"corun::", "detail::"})
        if (name.starts_with(ours)) name.remove_prefix(ours.size());
    for (std::size_t i = 0; i != name.size() && i + 1 != sizeof kind.name; ++i) kind.name[i] = name[i];
    kind.may_be_inside = may_wait_for_fibers<Op>;
    if constexpr (requires(const Op& op, wait_info& info) { op.describe_wait(info); })
        kind.describe = [](const void* op, wait_info& info) noexcept { static_cast<const Op*>(op)->describe_wait(info); };
    return kind;
}
template <class Op>
inline constexpr wait_kind wait_kind_of = make_wait_kind<Op>();

// Of a fiber that stands still in an operation. Its text is the type's name where the operation does not describe itself.
[[nodiscard]] wait_info describe_wait(const fiber_record& fiber) noexcept;
// The same of any fiber: empty unless it is parked.
[[nodiscard]] wait_info wait_of(const fiber_record& fiber) noexcept;

}  // namespace corun::detail
