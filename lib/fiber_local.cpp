#include "scheduler_impl.hpp"

#include <corun/fiber_local.hpp>
#include <corun/scoped_value.hpp>

#include <atomic>
#include <utility>

namespace corun::detail {

std::uint64_t new_key() noexcept {
    static std::atomic<std::uint64_t> last{0};
    return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

local_slot* find_local(const fiber_record& self, std::uint64_t key) noexcept {
    for (local_slot* slot = self.locals.get(); slot != nullptr; slot = slot->next.get())
        if (slot->key == key) return slot;
    return nullptr;
}

local_slot& add_local(fiber_record& self, std::unique_ptr<local_slot> slot) noexcept {
    slot->next = std::move(self.locals);
    self.locals = std::move(slot);
    return *self.locals;
}

// One after the other: a destructor may ask for a variable that then is made anew, and is the next one to go.
void drop_locals(fiber_record& self) noexcept {
    while (self.locals) {
        const std::unique_ptr<local_slot> last = std::exchange(self.locals, std::move(self.locals->next));
        (void)last;
    }
    self.values.reset();
}

const value_node* find_value(const fiber_record& self, std::uint64_t key) noexcept {
    for (const value_node* node = self.values.get(); node != nullptr; node = node->outer.get())
        if (node->key == key) return node;
    return nullptr;
}

boost::intrusive_ptr<const value_node> values_around(const fiber_record& self, std::uint64_t key) noexcept {
    const value_node* node = self.values.get();
    while (node != nullptr && node->key == key) node = node->outer.get();
    return node;
}

// In a loop: a chain may be longer than any stack.
void intrusive_ptr_release(const value_node* node) noexcept {
    while (node != nullptr && drop_reference(node->references) == 1) {
        const value_node* const outer = node->outer.detach();
        delete node;
        node = outer;
    }
}

value_scope::value_scope(fiber_record& self, boost::intrusive_ptr<const value_node> node) noexcept
    : self_{self}, outer_{std::exchange(self.values, std::move(node))} {}

value_scope::~value_scope() {
    // Its destructor is the user's, and sees the outer ones.
    const boost::intrusive_ptr<const value_node> own = std::exchange(self_.values, std::move(outer_));
}

}  // namespace corun::detail
