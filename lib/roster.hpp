// All schedulers of the process, for those who look in from outside.
#pragma once

#include <boost/asio/execution_context.hpp>
#include <boost/intrusive_ptr.hpp>

#include <functional>
#include <vector>

namespace corun::detail {

class scheduler_impl;

void enlist(scheduler_impl& scheduler) noexcept;
void strike_off(scheduler_impl& scheduler) noexcept;  // in its destructor

// One of that context of which it does not know yet that it is being destroyed; null: there is none. Any thread.
[[nodiscard]] boost::intrusive_ptr<scheduler_impl> any_living_of(const boost::asio::execution_context& context) noexcept;

// Those that live now, in the order in which they were made. Any thread. Throws std::bad_alloc.
[[nodiscard]] std::vector<boost::intrusive_ptr<scheduler_impl>> all_schedulers();

// Calls `look` exclusively with the scheduler's fibers, on the calling thread or its own; any thread, also on a fiber. False: some
// thread was inside and did not come to it within `patience`, and it is not called any more. Throws what `look` throws.
enum class patience : int {};  // milliseconds
[[nodiscard]] bool look_inside(scheduler_impl& scheduler, patience wait, const std::function<void()>& look);

}  // namespace corun::detail
