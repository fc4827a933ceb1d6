#include "stall.hpp"

#include "roster.hpp"
#include "scheduler_impl.hpp"

#include <corun/detail/scope.hpp>
#include <corun/stall.hpp>

#include <boost/asio/detail/scheduler.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <iostream>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace corun {
namespace detail {
namespace {

// Asio has no public way to ask an io_context whether anything is outstanding. An explicit instantiation may name what is private
// ([temp.spec.general]); a release of Boost that renames it does not compile.
template <auto Member>
struct reveal {
    friend long outstanding_work(boost::asio::detail::scheduler& context) { return static_cast<long>(context.*Member); }
};
long outstanding_work(boost::asio::detail::scheduler& context);
template struct reveal<&boost::asio::detail::scheduler::outstanding_work_>;

constinit std::mutex handler_lock;
stall_handler& handler() {
    static stall_handler current = report_stall;
    return current;
}

bool waits_outside(const fiber_record& fiber) noexcept {
    if (!is_parked(fiber.state) || fiber.waits_for == nullptr || !fiber.waits_for->may_be_inside) return true;
    return wait_of(fiber).source == wake_source::outside || may_be_cut_short(fiber);
}

stall describe_stall(const scheduler_impl& owner) {
    stall found;
    for (const fiber_record* f = owner.first_live; f != nullptr; f = f->following) {
        const wait_info wait = wait_of(*f);
        found.fibers.push_back({f->id, f->name, wait.text, wait.holder != nullptr ? wait.holder->id : 0,
                                wait.holder != nullptr ? wait.holder->name : "", f->where, f->spawned_at});
    }
    std::reverse(found.fibers.begin(), found.fibers.end());
    return found;
}

}  // namespace

bool stall_detector::all_wait_for_fibers() noexcept {
    if (witness_ != nullptr && waits_outside(*witness_)) return false;
    for (const fiber_record* f = owner_.first_live; f != nullptr; f = f->following)
        if (waits_outside(*f)) {
            witness_ = f;
            return false;
        }
    return owner_.timers.size() == std::size_t{owner_.trims_later()} + std::size_t{is_waiting()};
}

void stall_detector::look() noexcept {
    if (owner_.known_descriptors.waiting != 0) return;  // somebody waits for the outside: the usual end of a server's drive
    const std::uint64_t turns = owner_.ready.taken();
    if (turns == looked_at_ || owner_.is_dying() || owner_.simulated != nullptr) return;
    try {
        if (!all_wait_for_fibers()) return;
        looked_at_ = turns;
        pause_ = soonest;
        ask_context();
    } catch (...) {
        // Without memory to ask: the next drive asks.
        looked_at_ = never;
    }
}

void stall_detector::ask_context() {
    if (!boost::asio::has_service<boost::asio::detail::scheduler>(owner_.context)) return;
    if (asks_.exchange(true)) return;
    try {
        boost::asio::post(owner_.executor, [self = boost::intrusive_ptr<scheduler_impl>{&owner_}] {
            self->stalls.asks_ = false;
            if (self->is_dying() || !self->try_enter()) return;
            const entered inside{*self};
            self->stalls.context_answers();
        });
    } catch (...) {
        asks_ = false;
        throw;
    }
}

void stall_detector::context_answers() {
    if (owner_.ready.taken() != looked_at_ || !stands_still()) return;
    // One after the other is looked at. Who has not moved until the second look stood still while the last one was looked at.
    schedulers others, same;
    const auto turns = turns_of_all_still(others);
    if (!turns || turns_of_all_still(same) != turns) {
        look_again_later();
        return;
    }
    tell();
    for (const auto& other : others) tell_or_ask(*other);
}

// A report is made on the scheduler's own thread.
void stall_detector::tell_or_ask(scheduler_impl& other) {
    if (!other.try_enter()) return;
    const entered inside{other};
    stall_detector& there = other.stalls;
    if (!there.stands_still() || there.told_at_ == other.ready.taken()) return;
    if (&other.context == &owner_.context) {
        there.tell();
    } else {
        there.looked_at_ = other.ready.taken();
        there.ask_context();
    }
}

bool stall_detector::stands_still() noexcept { return owner_.live != 0 && !owner_.has_work() && all_wait_for_fibers(); }

// How many turns all related schedulers have had, if nothing of their contexts is outstanding but what they, of which none can
// move, count as such. One that another thread is inside of may move.
std::optional<std::uint64_t> stall_detector::turns_of_all_still(schedulers& others) {
    if (owner_.family != nullptr && owner_.family->is_open) return {};
    std::map<boost::asio::execution_context*, long> ours{{&owner_.context, owner_.own_work() + 1}};  // and the handler that this is
    std::uint64_t turns = owner_.ready.taken();
    for (const auto& other : all_schedulers()) {
        if (other.get() == &owner_ || !other->is_related_to(owner_)) continue;
        if (!other->try_enter()) return {};
        const entered inside{*other};
        if (other->has_work() || (other->live != 0 && !other->stalls.stands_still())) return {};
        ours[&other->context] += other->own_work() + long{other->stalls.asks_};
        turns += other->ready.taken();
        others.push_back(other);  // a copy: `inside` needs it until the end of the turn
    }
    const bool is_all = std::all_of(ours.begin(), ours.end(), [](const auto& each) {
        return outstanding_work(boost::asio::use_service<boost::asio::detail::scheduler>(*each.first)) <= each.second;
    });
    return is_all && !owner_.has_work() ? std::optional{turns} : std::nullopt;
}

// Once of each state.
void stall_detector::tell() {
    rest();
    looked_at_ = owner_.ready.taken();
    if (std::exchange(told_at_, looked_at_) == looked_at_) return;
    stall_handler told;
    {
        const std::lock_guard hold{handler_lock};
        told = handler();
    }
    if (told) told(describe_stall(owner_));
}

void stall_detector::look_again_later() {
    if (is_waiting()) return;
    owner_.add_timer(*this, clock::now() + pause_);
    pause_ = std::min(2 * pause_, latest);
}

void stall_detector::rest() noexcept { owner_.timers.remove(*this); }

}  // namespace detail

std::ostream& operator<<(std::ostream& out, const stall& found) {
    std::map<std::uint64_t, const stalled_fiber*> by_id;
    std::set<std::uint64_t> waited_for, shown;
    for (const stalled_fiber& f : found.fibers) {
        by_id[f.id] = &f;
        if (f.holder != 0) waited_for.insert(f.holder);
    }
    const auto label = [](std::uint64_t id, const std::string& name) {
        return "#" + std::to_string(id) + (name.empty() ? "" : " '" + name + "'");
    };
    const auto write_chain = [&](const stalled_fiber* f) {
        out << "  " << label(f->id, f->name);
        while (shown.insert(f->id).second) {
            out << " waits at " << detail::describe(f->where) << " for: " << f->waits_for;
            if (f->holder != 0) out << ' ' << label(f->holder, f->holder_name);
            const auto next = by_id.find(f->holder);
            if (next == by_id.end()) {
                out << '\n';
                return;
            }
            f = next->second;
            out << ",\n    which";
        }
        out << " is named above\n";
    };
    for (const stalled_fiber& f : found.fibers)
        if (!waited_for.contains(f.id)) write_chain(&f);
    for (const stalled_fiber& f : found.fibers)  // what is left are cycles
        if (!shown.contains(f.id)) write_chain(&f);
    return out;
}

void report_stall(const stall& found) {
    std::cerr << "corun: nothing can move any more: " << found.fibers.size()
              << (found.fibers.size() == 1 ? " fiber waits\n" : " fibers wait\n") << found << std::flush;
}

void on_stall(stall_handler handler) {
    const std::lock_guard hold{detail::handler_lock};
    detail::handler() = std::move(handler);
}

}  // namespace corun
