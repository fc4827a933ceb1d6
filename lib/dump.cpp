#include <corun/dump.hpp>

#include "snapshot.hpp"

#include <algorithm>
#include <iomanip>
#include <locale>
#include <map>
#include <ostream>
#include <set>
#include <sstream>
#include <string>
#include <unordered_set>

namespace corun {
namespace detail {

void write_json(std::ostream& out, const std::vector<scheduler_snapshot>& all);  // dump_json.cpp

std::string describe(const std::source_location& where);

const char* to_string(scope_kind kind) noexcept {
    switch (kind) {
        case scope_kind::group: return "with_group";
        case scope_kind::timeout: return "with_timeout";
        case scope_kind::move_on: return "move_on_after";
        case scope_kind::shield: return "with_shield";
        case scope_kind::stop_token: return "with_stop_token";
    }
    return "";
}

namespace {

constexpr const char* to_string(fiber_view::state state) noexcept {
    switch (state) {
        case fiber_view::state::fresh: return "not begun";
        case fiber_view::state::ready: return "ready";
        case fiber_view::state::running: return "running";
        case fiber_view::state::waiting: return "waiting";
    }
    return "";
}

std::string fiber_label(std::uint64_t id, const char* name) {
    const std::string number = "#" + std::to_string(id);
    return *name == '\0' ? number : number + " '" + name + "'";
}

std::string seconds(clock::duration span) {
    char text[32];
    std::snprintf(text, sizeof text, "%.3f s", std::chrono::duration<double>{span}.count());
    return text;
}

class tree {
public:
    tree(std::ostream& out, const scheduler_snapshot& shown) : out_{out}, shown_{shown} {
        for (std::size_t i = 0; i != shown.fibers.size(); ++i) ids_.insert(shown.fibers[i].id);
        for (std::size_t i = 0; i != shown.fibers.size(); ++i) {
            const std::uint64_t parent = shown.fibers[i].spawned_by;
            children_[ids_.contains(parent) ? parent : 0].push_back(i);
        }
    }

    // A loop and no recursion: the chain of spawns may be as long as there are fibers.
    void write() {
        struct place {
            std::size_t fiber;
            std::size_t depth;
        };
        std::vector<place> next;
        const auto add_children = [&](std::uint64_t id, std::size_t depth) {
            const auto found = children_.find(id);
            if (found == children_.end()) return;
            for (auto c = found->second.rbegin(); c != found->second.rend(); ++c) next.push_back({*c, depth});
        };
        add_children(0, 1);
        while (!next.empty()) {
            const place here = next.back();
            next.pop_back();
            write(here.fiber, std::string(2 * std::min<std::size_t>(here.depth, 20), ' '));
            add_children(shown_.fibers[here.fiber].id, here.depth + 1);
        }
    }

private:
    void write(std::size_t index, const std::string& indent) {
        const fiber_view& fiber = shown_.fibers[index];
        out_ << indent << fiber_label(fiber.id, fiber.name) << " " << to_string(fiber.is);
        if (fiber.is == fiber_view::state::waiting) {
            out_ << ": " << fiber.wait.text;
            if (fiber.holder_id != 0) out_ << " " << fiber_label(fiber.holder_id, fiber.holder_name);
        }
        if (fiber.is != fiber_view::state::fresh) out_ << ", yielded at " << describe(fiber.where);
        if (fiber.yielded_at != 0)
            out_ << ", " << seconds(shown_.now.time_since_epoch() - clock::duration{fiber.yielded_at}) << " ago";
        out_ << '\n' << indent << "    spawned at " << describe(fiber.spawned_at);
        if (fiber.spawned_by != 0 && !ids_.contains(fiber.spawned_by))
            out_ << " by #" << fiber.spawned_by << " (not here any more)";
        if (fiber.group_at) out_ << ", in the group of " << describe(*fiber.group_at);
        if (fiber.deadline != clock::time_point::max()) out_ << "; deadline in " << seconds(fiber.deadline - shown_.now);
        if (fiber.cancelled) out_ << "; cancelled (" << corun::to_string(*fiber.cancelled) << ")";
        if (fiber.stack_size != 0) {
            out_ << "; stack ";
            if (fiber.stack_used != 0) out_ << fiber.stack_used << " of ";
            out_ << fiber.stack_size << " bytes";
        }
        out_ << '\n';
        write_scopes(fiber, indent);
        if (index >= shown_.frames.size()) return;
        for (void* const frame : shown_.frames[index]) {
            if (frame == nullptr) break;
            out_ << indent << "      " << describe_frame(frame) << '\n';
        }
    }

    void write_scopes(const fiber_view& fiber, const std::string& indent) {
        if (fiber.scope_count == 0) return;
        out_ << indent << "    inside of ";
        const std::size_t known = std::min<std::size_t>(fiber.scope_count, std::size(fiber.scopes));
        for (std::size_t i = 0; i != known; ++i) {
            const scope_view& scope = fiber.scopes[i];
            out_ << (i != 0 ? "; " : "") << to_string(scope.kind) << " of " << describe(scope.where);
            if (scope.lets_through)
                out_ << ", its grace is over";
            else if (scope.deadline != clock::time_point::max())
                out_ << ", " << seconds(scope.deadline - shown_.now) << " left";
            else if (scope.kind == scope_kind::shield)
                out_ << ", not needed yet";
            if (scope.cancelled) out_ << ", cancelled (" << corun::to_string(*scope.cancelled) << ")";
        }
        if (known != fiber.scope_count) out_ << "; and " << fiber.scope_count - known << " more";
        out_ << '\n';
    }

    std::ostream& out_;
    const scheduler_snapshot& shown_;
    std::unordered_set<std::uint64_t> ids_;
    std::map<std::uint64_t, std::vector<std::size_t>> children_;  // by the parent's id; 0: whose parent is not here
};

void write_text(std::ostream& out, const std::vector<scheduler_snapshot>& all) {
    for (const scheduler_snapshot& one : all) {
        out << "corun: scheduler " << static_cast<const void*>(one.scheduler) << ": ";
        if (!one.was_seen) {
            out << "a thread is inside that does not yield and cannot be interrupted\n";
            continue;
        }
        out << one.fibers.size() << (one.fibers.size() == 1 ? " fiber, " : " fibers, ") << one.ready << " ready";
        if (!one.is_complete) out << "; seen by interrupting a fiber that does not yield";
        out << '\n';
        tree{out, one}.write();
    }
}

}  // namespace
}  // namespace detail

void dump(std::ostream& out, const dump_options& options) {
    const auto all = detail::take_snapshots(static_cast<int>(options.patience.count()), options.backtraces);
    std::ostringstream text;  // whatever locale and flags the stream has
    text.imbue(std::locale::classic());
    if (options.format == dump_format::json)
        detail::write_json(text, all);
    else
        detail::write_text(text, all);
    out << text.view() << std::flush;
}

void dump(std::ostream& out, dump_format format) { dump(out, dump_options{.format = format}); }

}  // namespace corun
