#include <corun/supervise.hpp>

#include <corun/detail/simulation.hpp>
#include <corun/group.hpp>
#include <corun/shield.hpp>
#include <corun/timeout.hpp>

#include <algorithm>
#include <deque>
#include <optional>

namespace corun::detail {
namespace {

enum class child_state : std::uint8_t {
    running,  // `fiber` is its handle; when it has ended, its end is in supervisor::ends_ until the supervisor takes it
    waiting,  // to be started at `start_at`
    done,     // not to be started any more
};

struct supervised {
    child spec;
    child_state state = child_state::waiting;
    clock::time_point start_at = clock::time_point::min();
    corun::fiber<> fiber = {};
};

struct child_end {
    std::size_t index;
    std::exception_ptr failure;  // null: its function has returned
};

// Lives on the stack of the fiber that supervises; touched by it and by its children, which share its scheduler.
class supervisor {
public:
    supervisor(const supervise_options& options, std::vector<child> children, std::source_location where);

    void run(group& all);

private:
    class next_end;

    void start(group& all, std::size_t index);
    void start_those_due(group& all);
    void stop(std::size_t index);
    void stop_from(std::size_t first);
    void take(const child_end& end);
    void note_restart(const child_end& end);
    void give_up(const child_end& end);
    [[nodiscard]] clock::duration delay() const;
    [[nodiscard]] clock::time_point next_start() const;
    [[nodiscard]] bool any_left() const;

    const supervise_options options_;
    const std::source_location where_;
    std::vector<supervised> children_;      // in the order of their starts
    named_object name_of_ends_;
    std::vector<child_end> ends_;           // that have not been taken; one for each child at most
    std::deque<clock::time_point> restarts_;  // within the period
    fiber_record* waiting_ = nullptr;       // the supervising fiber, parked for an end
};

// Its value is the end that came first.
class supervisor::next_end {
public:
    explicit next_end(supervisor& s) noexcept : supervisor_{s} {}
    ~next_end() { supervisor_.waiting_ = nullptr; }

    [[nodiscard]] bool ready() const noexcept {
        touches(supervisor_.name_of_ends_, access::read);
        return !supervisor_.ends_.empty();
    }
    void start(const waker& w) noexcept { start_on(*w.fiber()); }
    void start_on(fiber_record& fiber) noexcept { supervisor_.waiting_ = &fiber; }
    [[nodiscard]] bool cancel() const noexcept { return true; }
    child_end get() {
        touches(supervisor_.name_of_ends_, access::write);
        child_end first = std::move(supervisor_.ends_.front());
        supervisor_.ends_.erase(supervisor_.ends_.begin());
        return first;
    }

private:
    supervisor& supervisor_;
};

supervisor::supervisor(const supervise_options& options, std::vector<child> children, std::source_location where)
    : options_{options}, where_{where} {
    children_.reserve(children.size());
    for (child& c : children) children_.push_back({.spec = std::move(c)});
    ends_.reserve(children_.size());
}

void supervisor::run(group& all) {
    try {
        while (any_left()) {
            start_those_due(all);
            if (const auto end = corun::yield(move_on_at(next_start(), next_end{*this}), where_)) take(*end);
        }
    } catch (const cancelled&) {
        corun::yield(with_shield(options_.grace, [this] { stop_from(0); }), where_);
        throw;
    }
}

bool supervisor::any_left() const {
    return std::any_of(children_.begin(), children_.end(), [](const supervised& c) { return c.state != child_state::done; });
}

clock::time_point supervisor::next_start() const {
    clock::time_point earliest = clock::time_point::max();
    for (const supervised& c : children_)
        if (c.state == child_state::waiting) earliest = std::min(earliest, c.start_at);
    return earliest;
}

void supervisor::start_those_due(group& all) {
    const clock::time_point now = clock::now();
    for (std::size_t i = 0; i != children_.size(); ++i)
        if (children_[i].state == child_state::waiting && children_[i].start_at <= now) start(all, i);
}

void supervisor::start(group& all, std::size_t index) {
    supervised& c = children_[index];
    const auto life = [this, index] {
        const auto ended = [this, index](std::exception_ptr failure) {
            touches(name_of_ends_, access::write);
            ends_.push_back({index, std::move(failure)});
            if (waiting_ != nullptr) make_ready(*waiting_);
        };
        try {
            children_[index].spec.function();
        } catch (...) {
            ended(std::current_exception());
            throw;
        }
        ended(nullptr);
    };
    c.fiber = all.spawn({.name = c.spec.name, .stack_size = c.spec.stack_size, .at = c.spec.at}, life);
    c.state = child_state::running;
}

// Ends a child and forgets its end. What it fails with meanwhile goes to the unhandled-failure handler, with its handle.
void supervisor::stop(std::size_t index) {
    supervised& c = children_[index];
    if (c.state == child_state::running) {
        c.fiber.cancel();
        corun::yield(c.fiber.wait(), where_);
        touches(name_of_ends_, access::write);
        std::erase_if(ends_, [&](const child_end& end) { return end.index == index; });
    }
    c.fiber = {};
    c.state = child_state::done;
}

void supervisor::stop_from(std::size_t first) {
    for (std::size_t i = children_.size(); i-- != first;) stop(i);
}

void supervisor::take(const child_end& end) {
    supervised& c = children_[end.index];
    corun::yield(c.fiber.wait(), where_);  // it has noted its end, and is about to end
    const bool is_restarted =
        c.spec.restart == restart::permanent || (c.spec.restart == restart::transient && end.failure != nullptr);
    if (!is_restarted) {
        c.state = child_state::done;
        c.fiber = {};
        return;
    }
    note_restart(end);
    const clock::time_point when = clock::now() + delay();
    const std::size_t first = options_.strategy == one_for_all ? 0 : end.index;
    const std::size_t behind = options_.strategy == one_for_one ? end.index + 1 : children_.size();
    for (std::size_t i = behind; i-- != first;) {
        if (children_[i].state == child_state::done) continue;
        stop(i);
        if (i != end.index && children_[i].spec.restart == restart::temporary) continue;  // ended with the others, for good
        children_[i].state = child_state::waiting;
        children_[i].start_at = when;
    }
}

void supervisor::note_restart(const child_end& end) {
    const clock::time_point now = clock::now();
    while (!restarts_.empty() && now - restarts_.front() > options_.period) restarts_.pop_front();
    if (restarts_.size() == options_.max_restarts) give_up(end);
    restarts_.push_back(now);
}

clock::duration supervisor::delay() const {
    clock::duration delay = options_.backoff;
    for (std::size_t i = 1; i < restarts_.size() && delay < options_.longest_backoff; ++i) delay *= 2;
    return std::min(delay, options_.longest_backoff);
}

void supervisor::give_up(const child_end& end) {
    const child& spec = children_[end.index].spec;
    std::string what = "corun: child '" + spec.name + "' of the supervision of " + describe(where_) +
                       " has ended once more after " + std::to_string(options_.max_restarts) + " restarts";
    if (end.failure) what += ", with " + describe(end.failure);
    try {
        corun::yield(children_[end.index].fiber.join(), where_);  // its failure is in what we throw
    } catch (...) {
        // the same as end.failure
    }
    stop_from(0);
    throw restarts_exhausted{what, end.failure};
}

}  // namespace

void run_supervised(const supervise_options& options, std::vector<child> children, std::source_location where) {
    (void)enter_yield(where);
    supervisor own{options, std::move(children), where};
    corun::yield(with_group({.failure = isolate}, [&](group& all) { own.run(all); }), where);
}

}  // namespace corun::detail
