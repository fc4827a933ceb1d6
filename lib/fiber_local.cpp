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

const boost::intrusive_ptr<const value_node>& scoped_values_of(const fiber_record& self) noexcept { return self.values; }

value_scope::value_scope(fiber_record& self, boost::intrusive_ptr<const value_node> node) noexcept : self_{self} {
    self_.values = std::move(node);
}

value_scope::~value_scope() {
    const boost::intrusive_ptr<const value_node> own = self_.values;  // its destructor is the user's, and sees the outer ones
    self_.values = own->outer;
}

}  // namespace corun::detail
