// Who was notified assumes that what it was notified of is still there.
#pragma once

#include "primitives.hpp"

namespace bugs {

template <bool corrected>
void stolen_wakeup() {
    int items = 0;
    condition more;
    const auto take = [&] {
        if (corrected)
            while (items == 0) corun::yield(more.wait());
        else if (items == 0)
            corun::yield(more.wait());
        sim::require(items > 0, "there is an item to take");
        --items;
    };
    both([&] { both(take, take); },
         [&] {
             for (int i = 0; i != 2; ++i) {
                 ++items;
                 more.notify_all();
                 corun::yield();
             }
         });
}

}  // namespace bugs
