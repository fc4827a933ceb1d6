// What the runtime tells and asks a simulation; a scheduler that runs for real has none (scheduler_core::simulated is null).
#pragma once

#include <corun/detail/core.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace corun::detail {

struct blocking_job;

enum class access : bool { read, write };

// Where fail_nth can strike.
enum class failure_point : std::uint8_t { allocation, stack, operation };

// Names an object in every run alike, whatever its address: which fiber made it, and as its how manieth. 0: all those that have no
// name of their own, as one.
using object_name = std::uint64_t;
inline constexpr object_name every_object = ~object_name{0};  // what is touched is not known

// Called by the owner of the simulated scheduler only.
class simulation {
public:
    std::chrono::steady_clock::time_point now{};

    virtual void admitted(fiber_record& fresh) = 0;  // throws std::bad_alloc
    virtual void ended(fiber_record& fiber) noexcept = 0;
    virtual void touched(object_name object, access how) noexcept = 0;
    [[nodiscard]] virtual object_name name_object() noexcept = 0;
    [[nodiscard]] virtual bool is_to_fail(failure_point point) noexcept = 0;
    virtual void misused(const char* what, const fiber_record& fiber) noexcept = 0;
    virtual void run_blocking(std::shared_ptr<blocking_job> job) = 0;
    // A decision that the schedule records. A fault: 0 is what usually happens, and with the given probability another number below
    // n; explore bounds how many of those strike in a run. `even`: each number is as good as the others, and explore tries all.
    static constexpr double even = -1;
    [[nodiscard]] virtual std::size_t choose(std::size_t n, double probability) noexcept = 0;
    // For what is decided by the seed alone: delays, lengths.
    [[nodiscard]] virtual std::uint64_t random() noexcept = 0;
    virtual void note(const char* text) noexcept = 0;  // into the trace

protected:
    ~simulation() = default;
};

// The simulation that the calling thread is inside of, or null.
[[nodiscard]] inline simulation* current_simulation() noexcept {
    const scheduler_core* core = current_core();
    return core != nullptr ? core->simulated : nullptr;
}

[[nodiscard]] constexpr object_name name_of_fiber(std::uint64_t number) noexcept { return number << 32; }

// Declares that the running step reads or writes an object that several fibers see. What sim::explore may leave out depends on it:
// each function of a primitive that looks at its state reads it, each that changes it writes it. `object` is a member of the
// primitive:
//     detail::named_object name_;
class named_object {
public:
    named_object() noexcept {
        if (simulation* s = current_simulation()) [[unlikely]]
            name_ = s->name_object();
    }
    [[nodiscard]] object_name name() const noexcept { return name_; }

private:
    object_name name_ = 0;
};

inline void touches(object_name object, access how) noexcept {
    if (simulation* s = current_simulation()) [[unlikely]]
        s->touched(object, how);
}
// The same, by who knows the scheduler that runs.
inline void touches(const scheduler_core& here, object_name object, access how) noexcept {
    if (here.simulated != nullptr) [[unlikely]]
        here.simulated->touched(object, how);
}
inline void touches(const named_object& object, access how) noexcept { touches(object.name(), how); }

}  // namespace corun::detail
