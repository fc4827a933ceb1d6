#include "trace_json.hpp"

#include <unistd.h>
#include <algorithm>
#include <bit>
#include <cerrno>
#include <limits>
#include <utility>

namespace corun::detail {
namespace {

// Tracks are numbered by their fibers' ids, which dumps show, too; those of threads come behind. Readers want 32 bits, and not 0:
// an id that is larger begins anew, as only few of them share a file.
constexpr std::uint64_t thread_key = std::uint64_t{1} << 63;
constexpr std::uint64_t first_thread = 1'000'000'000;

constexpr std::uint64_t number_of(std::uint64_t key) noexcept {
    return (key & thread_key) != 0 ? first_thread + (key & ~thread_key) : 1 + (key - 1) % (first_thread - 1);
}

constexpr std::uint64_t key_of(const trace_event& event) noexcept {
    return event.fiber != 0 ? event.fiber : thread_key | event.thread;
}

}  // namespace

trace_writer::trace_writer(std::size_t events)
    : mask_{2 * std::bit_ceil(events) - 1},
      tracks_{std::make_unique<track[]>(mask_ + 1)},
      process_{static_cast<std::uint64_t>(::getpid())} {}

int trace_writer::write(int fd, const trace_ring& ring, const trace_crash& crash) noexcept {
    out_.open(fd);
    const std::uint64_t first = ring.begin(), end = ring.end();
    trace_event event;
    epoch_ = std::numeric_limits<std::int64_t>::max();
    last_ = crash.at;
    for (std::uint64_t place = first; place != end; ++place) {
        if (!ring.read(place, event)) continue;
        epoch_ = std::min(epoch_, event.at);
        last_ = std::max(last_, event.at);
    }
    out_.put("{\"displayTimeUnit\":\"ns\",\"otherData\":{\"dropped_events\":\"");
    out_.put(first);
    out_.put("\"},\"traceEvents\":[");
    for (std::uint64_t place = first; place != end; ++place)
        if (ring.read(place, event)) write_event(ring, event);
    if (crash.what != nullptr) write_crash(crash);
    for (std::size_t i = 0; i <= mask_; ++i)
        if (tracks_[i].key != 0) close_track(tracks_[i]);
    write_process_name();
    out_.put("\n]}\n");
    return out_.flush();
}

void trace_writer::write_event(const trace_ring& ring, const trace_event& event) noexcept {
    track& of = track_of(key_of(event));
    switch (event.kind) {
        case trace_kind::spawn:
            open_state(of, event, "not begun");
            write_arrow(ring, event, "spawn");
            break;
        case trace_kind::run: open_state(of, event, "running"); break;
        case trace_kind::give_way: open_state(of, event, "ready"); break;
        case trace_kind::park: open_state(of, event, "waiting"); break;
        case trace_kind::wake:
            open_state(of, event, "ready");
            write_arrow(ring, event, "wake");
            break;
        case trace_kind::end: close_state(of, event.at, event.text); break;
        case trace_kind::call: need_state(of); break;
        case trace_kind::span_begin:
        case trace_kind::span_end: write_spans(of, event); break;
    }
    if (of.is_shown) write_name(of, event.name);
}

trace_writer::track& trace_writer::track_of(std::uint64_t key) noexcept {
    std::size_t at = (key * 0x9e3779b97f4a7c15) >> 32 & mask_;
    while (tracks_[at].key != key && tracks_[at].key != 0) at = (at + 1) & mask_;
    tracks_[at].key = key;
    return tracks_[at];
}

// Once for each track; Chrome's view would else sort them by their names.
void trace_writer::write_name(track& of, std::string_view name) noexcept {
    if (std::exchange(of.has_name, true)) return;
    begin('M', of.key, epoch_, "thread_name");
    argument("name");
    out_.put((of.key & thread_key) != 0 ? "thread " : "#");
    out_.put(of.key & ~thread_key);
    if (!name.empty()) {
        out_.put(" ");
        out_.escape(name);
    }
    end();
    begin('M', of.key, epoch_, "thread_sort_index");
    out_.put(",\"args\":{\"sort_index\":");
    out_.put(number_of(of.key));
    out_.put("}}");
}

void trace_writer::write_process_name() noexcept {
    begin('M', thread_key | process_, epoch_, "process_name");
    argument("name");
    out_.escape(::program_invocation_short_name);
    end();
}

void trace_writer::close_track(track& of) noexcept {
    close_state(of, last_, {});
    while (of.spans != 0) close_span(of, last_);
    if (of.is_shown) write_name(of, {});
}

void trace_writer::open_state(track& of, const trace_event& event, std::string_view name) noexcept {
    close_state(of, event.at, {});
    of.has_state = of.is_known = of.is_shown = true;
    begin('B', of.key, event.at, name, event.kind == trace_kind::park ? &event : nullptr);
    place_argument(event);
    if (event.kind == trace_kind::run || event.kind == trace_kind::span_begin || event.kind == trace_kind::span_end) {
        argument("thread");
        out_.put(event.thread);
    } else if (event.kind == trace_kind::wake && event.other == 0 && event.cause == 0) {
        argument("woken by");
        out_.put("the event loop");
    }
    end();
}

// An arrow begins in a slice. The fiber may have run since before the first event.
void trace_writer::need_state(track& of) noexcept {
    if (of.is_known) return;
    of.has_state = of.is_known = of.is_shown = true;
    begin('B', of.key, epoch_, "not traced yet");
    end();
}

void trace_writer::close_state(track& of, std::int64_t at, std::string_view how) noexcept {
    if (!of.has_state) return;
    of.has_state = false;
    begin('E', of.key, at, {});
    if (!how.empty()) {
        argument("ended");
        out_.put(how);
    }
    end();
}

// States lie inside of spans: where a span begins or ends, what runs is cut in two.
void trace_writer::write_spans(track& of, const trace_event& event) noexcept {
    close_state(of, event.at, {});
    if (event.kind == trace_kind::span_begin) {
        ++of.spans;
        of.is_shown = true;
        begin('B', of.key, event.at, event.text);
        end();
    } else {
        close_span(of, event.at);
    }
    if (event.fiber != 0) open_state(of, event, "running");
}

// Of a span whose begin was overwritten there is nothing to end.
void trace_writer::close_span(track& of, std::int64_t at) noexcept {
    if (of.spans == 0) return;
    --of.spans;
    begin('E', of.key, at, {});
    end();
}

// From who woke or spawned the fiber; none where that was the event loop, or is not known any more.
void trace_writer::write_arrow(const trace_ring& ring, const trace_event& to, std::string_view name) noexcept {
    trace_event from;
    if (to.other != 0) {
        from.fiber = to.other;
        from.at = to.at;
    } else if (to.cause == 0 || !ring.read(to.cause - 1, from) || from.kind != trace_kind::call || from.other != to.fiber) {
        return;
    }
    track& source = track_of(key_of(from));
    need_state(source);
    for (const char phase : {'s', 'f'}) {
        begin(phase, phase == 's' ? source.key : to.fiber, phase == 's' ? from.at : to.at, name);
        out_.put(",\"cat\":\"wake\",\"id\":");
        out_.put(arrows_);
        if (phase == 'f') out_.put(",\"bp\":\"e\"");
        end();
    }
    ++arrows_;
}

void trace_writer::write_crash(const trace_crash& crash) noexcept {
    begin('i', crash.fiber != 0 ? crash.fiber : thread_key | process_, last_, crash.what);
    out_.put(",\"s\":\"g\"");
    end();
}

void trace_writer::begin(char phase, std::uint64_t key, std::int64_t at, std::string_view name, const trace_event* wait) noexcept {
    out_.put(is_first_ ? "\n" : ",\n");
    is_first_ = false;
    out_.put("{\"ph\":\"");
    out_.put({&phase, 1});
    out_.put("\",\"pid\":");
    out_.put(process_);
    out_.put(",\"tid\":");
    out_.put(number_of(key));
    const auto since = static_cast<std::uint64_t>(std::max<std::int64_t>(at - epoch_, 0));
    const char fraction[] = {'.', static_cast<char>('0' + since / 100 % 10), static_cast<char>('0' + since / 10 % 10),
                             static_cast<char>('0' + since % 10)};
    out_.put(",\"ts\":");  // microseconds
    out_.put(since / 1000);
    out_.put({fraction, sizeof fraction});
    if (name.empty()) return;
    out_.put(",\"name\":\"");
    out_.escape(name);
    if (wait != nullptr) {
        out_.put(": ");
        out_.escape(wait->text);
        if (wait->other != 0) out_.put(" #");
        if (wait->other != 0) out_.put(wait->other);
    }
    out_.put("\"");
}

void trace_writer::argument(std::string_view name) noexcept {
    out_.put(has_arguments_ ? "\",\"" : ",\"args\":{\"");
    has_arguments_ = true;
    out_.put(name);
    out_.put("\":\"");
}

void trace_writer::place_argument(const trace_event& event) noexcept {
    if (event.line == 0) return;
    argument(event.kind == trace_kind::spawn ? "spawned at" : event.kind == trace_kind::run ? "goes on from" : "at");
    out_.escape(event.file);
    out_.put(":");
    out_.put(event.line);
    argument("function");
    out_.escape(event.function);
}

void trace_writer::end() noexcept { out_.put(std::exchange(has_arguments_, false) ? "\"}}" : "}"); }

}  // namespace corun::detail
