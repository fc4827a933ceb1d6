#include "json.hpp"
#include "snapshot.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <ostream>

namespace corun::detail {
namespace {

constexpr const char* json_state(fiber_view::state state) noexcept {
    switch (state) {
        case fiber_view::state::fresh: return "fresh";
        case fiber_view::state::ready: return "ready";
        case fiber_view::state::running: return "running";
        case fiber_view::state::waiting: return "waiting";
    }
    return "";
}

void write_place(std::ostream& out, const char* key, const std::source_location& where) {
    out << ",\"" << key << "\":{\"file\":" << quoted_json(where.file_name()) << ",\"line\":" << where.line()
        << ",\"function\":" << quoted_json(where.function_name()) << "}";
}

double seconds(clock::duration span) { return std::chrono::duration<double>{span}.count(); }

void write_scopes(std::ostream& out, const fiber_view& fiber, clock::time_point now) {
    out << ",\"scopes\":[";
    for (std::size_t i = 0; i != std::min<std::size_t>(fiber.scope_count, std::size(fiber.scopes)); ++i) {
        const scope_view& scope = fiber.scopes[i];
        out << (i != 0 ? ",{" : "{") << "\"kind\":\"" << to_string(scope.kind) << '"';
        write_place(out, "at", scope.where);
        if (scope.deadline != clock::time_point::max()) out << ",\"deadline_in_s\":" << seconds(scope.deadline - now);
        if (scope.kind == scope_kind::shield)
            out << ",\"grace_s\":" << seconds(scope.grace) << ",\"lets_through\":" << (scope.lets_through ? "true" : "false");
        if (scope.cancelled) out << ",\"cancelled\":\"" << corun::to_string(*scope.cancelled) << '"';
        out << "}";
    }
    out << "],\"scope_count\":" << fiber.scope_count;
}

void write_fiber(std::ostream& out, const fiber_view& fiber, const frame_list* frames, clock::time_point now) {
    out << "{\"id\":" << fiber.id << ",\"name\":" << quoted_json(fiber.name) << ",\"state\":\"" << json_state(fiber.is) << '"';
    if (fiber.spawned_by != 0) out << ",\"spawned_by\":" << fiber.spawned_by;
    write_place(out, "spawned_at", fiber.spawned_at);
    if (fiber.is != fiber_view::state::fresh) write_place(out, "yielded_at", fiber.where);
    if (fiber.is == fiber_view::state::waiting) {
        out << ",\"waits_for\":" << quoted_json(fiber.wait.text);
        if (fiber.holder_id != 0) out << ",\"waits_for_fiber\":" << fiber.holder_id;
    }
    if (fiber.yielded_at != 0) out << ",\"yielded_ago_s\":" << seconds(now.time_since_epoch() - clock::duration{fiber.yielded_at});
    if (fiber.group_at) write_place(out, "group_at", *fiber.group_at);
    write_scopes(out, fiber, now);
    if (fiber.deadline != clock::time_point::max()) out << ",\"deadline_in_s\":" << seconds(fiber.deadline - now);
    if (fiber.cancelled) out << ",\"cancelled\":\"" << corun::to_string(*fiber.cancelled) << '"';
    if (fiber.stack_size != 0) out << ",\"stack_size\":" << fiber.stack_size;
    if (fiber.stack_used != 0) out << ",\"stack_used\":" << fiber.stack_used;
    if (frames != nullptr) {
        out << ",\"backtrace\":[";
        for (std::size_t i = 0; i != frames->size() && (*frames)[i] != nullptr; ++i)
            out << (i != 0 ? "," : "") << quoted_json(describe_frame((*frames)[i]));
        out << "]";
    }
    out << "}";
}

}  // namespace

void write_json(std::ostream& out, const std::vector<scheduler_snapshot>& all) {
    out << "{\"schedulers\":[";
    for (std::size_t s = 0; s != all.size(); ++s) {
        const scheduler_snapshot& one = all[s];
        out << (s != 0 ? "," : "") << "\n{\"address\":\"" << static_cast<const void*>(one.scheduler)
            << "\",\"seen\":" << (one.was_seen ? "true" : "false") << ",\"interrupted\":" << (one.is_complete ? "false" : "true")
            << ",\"ready\":" << one.ready << ",\"fibers\":[";
        for (std::size_t i = 0; i != one.fibers.size(); ++i) {
            out << (i != 0 ? ",\n" : "\n");
            write_fiber(out, one.fibers[i], i < one.frames.size() ? &one.frames[i] : nullptr, one.now);
        }
        out << "]}";
    }
    out << "]}\n";
}

}  // namespace corun::detail
