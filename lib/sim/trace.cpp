#include "trace.hpp"

#include <corun/sleep.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string_view>

namespace corun::detail {
namespace {

// Long traces are cut in the middle: how it began and how it ended is what one reads.
constexpr std::size_t lines_at_each_end = 100;

std::string_view base_name(std::string_view path) { return path.substr(path.find_last_of('/') + 1); }

std::string place(const std::source_location& where) {
    if (where.line() == 0) return "?";
    return std::string{base_name(where.file_name())} + ":" + std::to_string(where.line());
}

std::string seconds(clock::duration since_begin) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6f", std::chrono::duration<double>(since_begin).count());
    return text;
}

// An operation that does not say what it is goes by its type's name, of which the end is enough: "lock" of x::lock_operation.
std::string short_name(const wait_kind& kind, const wait_info& info) {
    if (&kind == &wait_kind_of<sleep_operation>) return "sleep";  // until when is on the line of its next turn
    std::string_view text{info.text};
    if (text == kind.name) {
        text.remove_prefix(text.rfind(':') + 1);
        constexpr std::string_view suffix = "_operation";
        if (text.ends_with(suffix)) text.remove_suffix(suffix.size());
    }
    const bool is_of_asio = std::string_view{kind.name} == "token_operation";
    return std::string{text} +
           (is_of_asio && info.source == wake_source::outside ? " (outside of the simulation, which runs no real I/O)" : "");
}

}  // namespace

void run_trace::clear(clock::time_point begin, bool keeps_turns) {
    count = 0;
    begin_ = begin;
    hash_ = 0;
    keeps_turns_ = keeps_turns;
    lines_.clear();
    lines_added_ = 0;
}

void run_trace::add_fiber(fiber_record& fresh) {
    if (count == fibers.size()) fibers.emplace_back();
    traced_fiber& fiber = fibers[count];
    fiber.record = &fresh;
    fiber.name = fresh.name;
    fiber.where = fresh.spawned_at;
    fiber.objects = 0;
    fiber.is_runnable = true;
    fresh.id = count++;
}

void run_trace::turn(std::uint64_t number, const std::source_location& from, const decision& by, clock::time_point now) {
    const traced_fiber& fiber = fibers[number];
    mix(number << 32 ^ fiber.where.line() << 8 ^ fiber.where.column());
    mix(by.choices << 8 ^ by.choice << 2 ^ (fiber.is_runnable ? 1U : 0U) ^ (fiber.record == nullptr ? 2U : 0U));
    if (!keeps_turns_) return;
    const auto kind = fiber.record == nullptr ? line_kind::ends : fiber.is_runnable ? line_kind::gives_way : line_kind::waits;
    add_line() = {now, number, kind, from, fiber.where, nullptr, wait_now(fiber), by};
}

void run_trace::event(std::uint64_t number, const char* text, clock::time_point now) {
    for (const char* c = text; *c != '\0'; ++c) mix(static_cast<unsigned char>(*c));
    if (keeps_turns_) add_line() = {now, number, line_kind::event, {}, {}, text, {}, {}};
}

run_trace::line& run_trace::add_line() {
    const std::size_t n = lines_added_++;
    if (n < 2 * lines_at_each_end) return lines_.emplace_back();
    return lines_[lines_at_each_end + n % lines_at_each_end];
}

std::string run_trace::name_of(std::uint64_t number) const {
    const std::string id = "#" + std::to_string(number);
    return number == 0 || fibers[number].name.empty() ? id : "'" + fibers[number].name + "' (" + id + ")";
}

run_trace::wait run_trace::wait_now(const traced_fiber& fiber) {
    if (fiber.record == nullptr || fiber.record->waits_for == nullptr) return {};
    const wait_info info = describe_wait(*fiber.record);
    return {fiber.record->waits_for, info, info.holder != nullptr ? info.holder->id : 0};
}

std::string run_trace::wait_of(const traced_fiber& fiber) const { return describe(wait_now(fiber), fiber.where); }

std::string run_trace::describe(const wait& what, const std::source_location& where) const {
    std::string text;
    if (what.kind != nullptr) text = "in " + short_name(*what.kind, what.info) + " ";
    if (what.holder != 0) text += name_of(what.holder) + " ";
    return text + "at " + place(where);
}

std::string run_trace::describe(const line& l) const {
    std::string text = "    " + seconds(l.when - begin_) + " s  " + name_of(l.number);
    if (l.kind == line_kind::event) return text + ": " + l.event + "\n";
    text += " from " + place(l.from) + ": ";
    if (l.kind == line_kind::ends)
        text += "ends";
    else
        text += (l.kind == line_kind::waits ? "waits " : "gives way ") + describe(l.what, l.to);
    if (l.by.choices > 1)
        text +=
            "   [" + std::to_string(l.by.place) + "=" + std::to_string(l.by.choice) + " of " + std::to_string(l.by.choices) + "]";
    return text + "\n";
}

std::string run_trace::text() const {
    std::string all;
    const std::size_t shown = lines_.size(), left_out = lines_added_ - shown;
    for (std::size_t i = 0; i != shown; ++i) {
        if (i == lines_at_each_end && left_out != 0) all += "    … " + std::to_string(left_out) + " turns …\n";
        const bool in_ring = i >= lines_at_each_end;
        all += describe(lines_[in_ring ? lines_at_each_end + (i + left_out) % lines_at_each_end : i]);
    }
    return all;
}

}  // namespace corun::detail
