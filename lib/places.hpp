// Where the calling thread keeps what changes hands at a switch: found once for each thread, as each is a call, and a scheduler may
// be entered for each handler that Asio runs.
#pragma once

#include <corun/detail/switch.hpp>

namespace corun::detail {

extern thread_local constinit thread_places known_places;  // without an error_number: not looked for yet
void find_places() noexcept;

[[nodiscard]] inline const thread_places& places_of_this_thread() noexcept {
    if (known_places.error_number == nullptr) [[unlikely]]
        find_places();
    return known_places;
}

}  // namespace corun::detail
