#include "scheduler_impl.hpp"

#include <corun/run.hpp>

#include <boost/asio/io_context.hpp>

namespace corun::detail {
namespace {

// Ends the loop when the first fiber has ended.
struct stop_at_end final : end_listener {
    explicit stop_at_end(boost::asio::io_context& c) noexcept : context{c} {}
    fiber_ref ended() noexcept override {
        context.stop();
        return {};
    }
    boost::asio::io_context& context;
};

}  // namespace

void refuse_on_fiber(const char* what, std::source_location where) {
    const scheduler_core* core = current_core();
    if (core == nullptr || core->running == nullptr) return;
    throw switch_forbidden{
        std::string{"corun: "} + what + " was called" +
        (where.line() == 0 ? describe_here() : " on fiber " + describe(*core->running) + " at " + describe(where))};
}

void run_until_ended(boost::asio::io_context& context, fiber_record& main) {
    stop_at_end listener{context};
    if (!listen(main, listener)) return;
    try {
        context.run();
    } catch (...) {
        stop_listening(main, listener);
        throw;
    }
    stop_listening(main, listener);
}

scheduler_core& running_scheduler(std::source_location where) { return *this_fiber_record(where).owner; }

}  // namespace corun::detail
