// Doubly linked rings through a head, which is linked to itself where there is nobody else. Linking and unlinking are constant.
#pragma once

namespace corun::detail {

struct ring_link {
    ring_link* next;
    ring_link* previous;

    // Two stores, which a compiler would make one of as below.
    void link_to_itself() noexcept {
        next = this;
        asm("" : "+m"(next));
        previous = this;
    }
    // As the last one. A store lies between those of `next` and `previous`: a compiler would make one of the two, by way of a
    // vector register, which takes longer.
    void link_before(ring_link& head) noexcept {
        ring_link* const last = head.previous;
        next = &head;
        last->next = this;
        previous = last;
        head.previous = this;
    }
    void unlink() noexcept {
        next->previous = previous;
        previous->next = next;
    }
};

}  // namespace corun::detail
