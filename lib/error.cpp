#include <corun/error.hpp>

#include <corun/detail/record.hpp>

#include <string>

namespace corun {

const char* to_string(cancel_reason reason) noexcept {
    switch (reason) {
        case cancel_reason::requested: return "requested";
        case cancel_reason::shutdown: return "shutdown";
        case cancel_reason::abandoned: return "abandoned";
    }
    return "unknown";
}

std::string cancelled::message() const {
    return std::string{"cancelled ("} + to_string(reason_) + ") at " + detail::describe(where_);
}

namespace detail {

std::string describe(const std::source_location& where) {
    if (where.line() == 0) return "an unnamed place";
    return std::string{where.file_name()} + ":" + std::to_string(where.line());
}

std::string describe(const fiber_record& fiber) {
    const std::string number = "#" + std::to_string(fiber.id);
    return fiber.name.empty() ? number : "'" + fiber.name + "' (" + number + ")";
}

}  // namespace detail
}  // namespace corun
