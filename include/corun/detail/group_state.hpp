// What a group knows of its children.
#pragma once

#include <corun/detail/record.hpp>
#include <corun/detail/scope.hpp>
#include <corun/detail/simulation.hpp>
#include <corun/group_options.hpp>
#include <corun/scoped_value.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>

#include <boost/intrusive/list.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <vector>

namespace corun::detail {

class group_state;

// The part of a child that its group touches. In exactly one of the group's lists:
enum class member_state : std::uint8_t {
    outside,  // none: not admitted yet, or ended without a failure for the group
    held,     // group_state::held_: waits for its turn, no scheduler has begun it
    live,     // group_state::live_: its scheduler runs it
    failed,   // group_state::failed_, which holds a reference to it
};

struct group_member : boost::intrusive::list_base_hook<> {
    group_member(fiber_record& r, boost::intrusive_ptr<group_state> g) noexcept : record{r}, group{std::move(g)} {}

    fiber_record& record;
    const boost::intrusive_ptr<group_state> group;
    member_state state = member_state::outside;
    bool was_cut = false;  // cancelled with its group, not before by its handle
};

struct deferred_call {
    virtual ~deferred_call() = default;
    virtual void run() = 0;
};

// Shared by the block on its parent's stack, the handles and the children. All but the counting is for the owner of the
// parent's scheduler.
class group_state : public boost::intrusive_ref_counter<group_state> {
public:
    enum class phase : std::uint8_t {
        open,     // the body runs, or children are left: more may be spawned
        ended,    // all have ended; what was deferred runs, or has run
    };

    group_state(fiber_record& parent, const group_options& options, std::source_location where);
    ~group_state();

    // --- for handles: any function that runs inside the parent's scheduler; else they throw wrong_scheduler ---
    // Throws group_ended, and what launching throws; nothing is spawned then.
    void admit(group_member& fresh, const spawn_options& options);
    void cancel();
    void defer(std::unique_ptr<deferred_call> call);
    [[nodiscard]] std::size_t size() const;
    [[nodiscard]] scheduler_core& scheduler() const;
    [[nodiscard]] const std::source_location& where() const noexcept { return where_; }

    // A child has ended. True: the group has taken its failure.
    [[nodiscard]] bool ended(group_member& member) noexcept;

    // A child is cancelled that no scheduler has put on a stack yet. One that waits for room ends without it.
    void cancelled_before_its_turn(group_member& member) noexcept;

    // --- for the block, on the parent ---
    template <class Body>
    void run(Body&& body) noexcept {
        try {
            std::forward<Body>(body)();
        } catch (...) {
            body_ended();
        }
    }
    // Waits for the children, runs what was deferred, and throws what is to be thrown.
    void conclude(std::source_location where);
    [[noreturn]] void throw_without_value() const;

private:
    friend class group_join;
    using member_list = boost::intrusive::list<group_member>;

    void expect_inside(const char* what) const;
    void body_ended() noexcept;  // inside a catch block
    void cancel_all(cancel_reason reason, stop_request hardest = stop_terminal) noexcept;
    void cut(group_member& child, cancel_reason reason) noexcept;
    [[nodiscard]] stop_request hardest_of_parent() const noexcept;  // of what has cancelled it as a whole
    void begin_held() noexcept;
    void begin(group_member& held) noexcept;
    void note_failure() noexcept;  // inside a catch block
    void run_deferred(std::source_location where);
    [[nodiscard]] std::vector<std::exception_ptr> take_failures();
    void throw_failures();

    fiber_record& parent_;  // not to be touched by who may be late, or on another thread:
    const scheduler_core* const home_;
    const failure_policy policy_;
    const std::size_t max_concurrency_;
    const clock::duration grace_;
    const std::source_location where_;
    clock::time_point deadline_;         // for the children
    boost::intrusive_ptr<const value_node> values_;  // likewise, where a callback spawns them
    std::optional<scope> scope_;         // the body's; gone when all have ended
    std::atomic<phase> phase_{phase::open};
    bool cancelled_ = false;
    stop_request hardest_{};             // how hard its children were asked
    bool was_interrupted_ = false;       // from outside, while it waited for children
    bool cut_a_child_ = false;           // a child ended by the group's cancellation
    bool shut_down_a_child_ = false;     // … which came to all fibers, and may have ended the child before it reached the parent
    fiber_record* joiner_ = nullptr;     // the parent, while it is parked for the children's end
    member_list live_;
    member_list held_;                   // first come, first served
    member_list failed_;                 // in the order of their failures
    std::vector<std::exception_ptr> own_failures_;  // of the body and of what was deferred
    std::size_t failed_before_own_ = 0;
    std::exception_ptr interruption_;    // the `cancelled` of an outer scope that ended the body
    std::vector<std::unique_ptr<deferred_call>> deferred_;
    named_object name_;
};

}  // namespace corun::detail
