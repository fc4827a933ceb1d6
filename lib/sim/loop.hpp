// The loop of a simulated scheduler: whose turn it is, what time it is, and how a run ends.
#pragma once

#include "../scheduler_impl.hpp"
#include "footprint.hpp"
#include "random.hpp"
#include "trace.hpp"

#include <corun/detail/simulation.hpp>
#include <corun/sim/report.hpp>
#include <corun/sim/run.hpp>

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

namespace corun::detail {

class simulated_loop;

// The fibers among which a turn is to be given. The first is the one that ran last, if it can go on; then come the others, in the
// order in which they became runnable. So choice 0 takes no turn away from anybody.
struct candidates {
    const simulated_loop& loop;
    std::size_t count;  // at least 2
    bool goes_on;       // the first one ran last
    [[nodiscard]] std::uint64_t fiber(std::size_t choice) const noexcept;
};

// Decides a run. Asked at every point where there is more than one way on.
class chooser {
public:
    static constexpr std::size_t give_up = static_cast<std::size_t>(-1);  // this run shows nothing new

    virtual std::size_t turn(const candidates& among) = 0;
    virtual std::size_t choose(std::size_t n, double probability) = 0;
    // Only where footprints are wanted: after each turn and what it brought about; before a turn without alternative (false: give
    // up).
    virtual void has_run(std::uint64_t, const footprint&) {}
    virtual bool may_run(std::uint64_t) { return true; }

protected:
    ~chooser() = default;
};

// One at a time is run; between runs the context, the scheduler and its stacks stay.
class simulated_loop final : public simulation {
public:
    simulated_loop(const sim::run_options& options, bool wants_footprints = false);
    ~simulated_loop();
    simulated_loop(const simulated_loop&) = delete;
    simulated_loop& operator=(const simulated_loop&) = delete;

    // What came of it; empty of text and trace unless it failed. Never throws what the body throws.
    [[nodiscard]] sim::report run(chooser& decides, std::uint64_t seed, sim::detail::body_ref body, std::source_location at,
                                  bool traced = false);
    // What was decided in the last run, in order.
    [[nodiscard]] const std::vector<std::uint32_t>& decisions() const noexcept { return decisions_; }
    [[nodiscard]] bool gave_up() const noexcept { return gave_up_; }

    // For fail_nth: the n-th point of its kind fails, once; 0 is none.
    void fail(failure_point point, std::size_t nth) noexcept { failing_ = point, countdown_ = nth; }
    [[nodiscard]] std::size_t points_to_go() const noexcept { return countdown_; }

    void note(const char* text) noexcept override;

    void admitted(fiber_record& fresh) override;
    void ended(fiber_record& fiber) noexcept override;
    void touched(object_name object, access how) noexcept override;
    object_name name_object() noexcept override;
    bool is_to_fail(failure_point point) noexcept override;
    void misused(const char* why, const fiber_record& fiber) noexcept override;
    void run_blocking(std::shared_ptr<blocking_job> job) override;
    std::size_t choose(std::size_t n, double probability) noexcept override;
    std::uint64_t random() noexcept override;

private:
    friend struct candidates;

    struct job_timer final : timer_node {
        std::shared_ptr<blocking_job> job;
        void expired() noexcept override;
    };

    // While it lives, allocations do not fail.
    class recording {
    public:
        explicit recording(simulated_loop& loop) noexcept : loop_{loop}, outer_{std::exchange(loop.recording_, true)} {}
        ~recording() { loop_.recording_ = outer_; }

    private:
        simulated_loop& loop_;
        bool outer_;
    };

    void begin(std::uint64_t seed);
    void run_turns(const fiber_record& main);
    [[nodiscard]] bool find_work(bool time_may_pass);
    [[nodiscard]] bool has_messages() const noexcept;
    void take_messages();
    [[nodiscard]] bool choose_turn(std::size_t& place);
    void give_turn(std::size_t place);
    void account(std::uint64_t number, std::size_t before);
    void judge(const fiber_record& main);
    void drain() noexcept;
    [[nodiscard]] std::size_t youngest_ready(std::uint64_t oldest) const noexcept;
    void unwind(std::size_t place);
    void say_before_the_end(const sim::report& found) const;
    void open();
    void close() noexcept;
    void fail_run(sim::failure_kind kind, std::string what, std::exception_ptr error = {}) noexcept;
    [[nodiscard]] std::string list_fibers() const;

    const sim::run_options options_;
    const bool wants_footprints_;
    std::unique_ptr<boost::asio::io_context> context_;  // never run; polled for what Asio's own adapters post to it
    scheduler_impl* scheduler_ = nullptr;  // the context's own

    // --- of one run ---
    chooser* decides_ = nullptr;
    random_source random_{0};
    std::vector<std::uint32_t> decisions_;
    run_trace trace_;  // also knows the fibers
    run_trace::decision decision_;  // that gave the running turn
    footprint footprint_;  // of the turn that is running
    std::vector<std::unique_ptr<job_timer>> jobs_;
    std::size_t steps_ = 0;
    std::uint64_t ran_ = 0;  // whose footprint has not been told to the chooser
    std::size_t goes_on_at_ = none;  // the place in the queue of the fiber that ran last
    sim::failure_kind kind_ = sim::failure_kind::none;
    std::string what_;
    std::exception_ptr error_;
    bool gave_up_ = false;
    bool draining_ = false;
    bool recording_ = false;  // what this itself allocates is none of the program's
    failure_point failing_ = failure_point::allocation;
    std::size_t countdown_ = 0;

    static constexpr std::size_t none = static_cast<std::size_t>(-1);
};

}  // namespace corun::detail
