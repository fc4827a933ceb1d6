#include <corun/detail/wait_info.hpp>

#include <corun/detail/record.hpp>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace corun::detail {

void wait_info::say(std::string_view what) noexcept {
    const std::size_t used = std::strlen(text);
    std::memcpy(text + used, what.data(), std::min(what.size(), sizeof text - 1 - used));
}

void wait_info::say(std::string_view what, std::uint64_t number) noexcept {
    char digits[20];
    say(what);
    say({digits, static_cast<std::size_t>(std::to_chars(digits, digits + sizeof digits, number).ptr - digits)});
}

wait_info describe_wait(const fiber_record& fiber) noexcept {
    wait_info info;
    const wait_kind& kind = *fiber.waits_for;
    if (kind.describe != nullptr) kind.describe(fiber.waits_in, info);
    if (info.text[0] == '\0') info.say(kind.name);
    return info;
}

wait_info wait_of(const fiber_record& fiber) noexcept {
    return is_parked(fiber.state) && fiber.waits_for != nullptr ? describe_wait(fiber) : wait_info{};
}

}  // namespace corun::detail
