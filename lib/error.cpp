#include <corun/error.hpp>

#include <corun/detail/core.hpp>

#include <boost/asio/error.hpp>
#include <boost/core/demangle.hpp>

#include <cxxabi.h>
#include <stdexcept>
#include <string>
#include <typeinfo>

namespace corun {

const char* to_string(cancel_reason reason) noexcept {
    switch (reason) {
        case cancel_reason::requested: return "requested";
        case cancel_reason::shutdown: return "shutdown";
        case cancel_reason::abandoned: return "abandoned";
        case cancel_reason::deadline: return "deadline";
        case cancel_reason::group: return "group";
        case cancel_reason::stop_requested: return "stop requested";
    }
    return "unknown";
}

std::string cancelled::message() const {
    return std::string{"cancelled ("} + to_string(reason_) + ") at " + detail::describe(where_);
}

timed_out::timed_out(const std::string& what) : system_error{boost::asio::error::timed_out}, text_{what} {}

channel_closed::channel_closed() : runtime_error{"corun: the channel is closed" + detail::describe_here()} {}

namespace detail {

std::string describe(const std::source_location& where) {
    if (where.line() == 0) return "an unnamed place";
    return std::string{where.file_name()} + ":" + std::to_string(where.line());
}

std::string describe(const std::exception_ptr& failure) {
    try {
        std::rethrow_exception(failure);
    } catch (const std::exception& e) {
        return boost::core::demangle(typeid(e).name()) + ": " + e.what();
    } catch (const char* text) {
        return std::string{"an exception of type const char*: "} + (text != nullptr ? text : "null");
    } catch (...) {
        return "an exception of type " + boost::core::demangle(abi::__cxa_current_exception_type()->name());
    }
}

std::string describe(const fiber_record& fiber) {
    const std::string number = "#" + std::to_string(fiber.id);
    return fiber.name.empty() ? number : "'" + fiber.name + "' (" + number + ")";
}

std::string describe_here() {
    const scheduler_core* core = current_core();
    if (core == nullptr || core->running == nullptr) return {};
    const fiber_record& self = *core->running;
    const auto &at = self.where, &origin = self.spawned_at;
    const bool is_fresh = at.line() == origin.line() && at.column() == origin.column() && at.file_name() == origin.file_name();
    return ", on fiber " + describe(self) + (is_fresh ? ", spawned at " : ", last yield at ") + describe(at);
}

void refuse_use(const char* message) { throw std::logic_error{message + describe_here()}; }

}  // namespace detail
}  // namespace corun
