#include "trace_json.hpp"

#include <unistd.h>
#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <limits>
#include <utility>

namespace corun::detail {
namespace {

// Tracks are numbered by their fibers' ids, which dumps show, too; those of threads far behind.
constexpr std::uint64_t thread_key = std::uint64_t{1} << 63;
constexpr std::uint64_t first_thread = 1'000'000'000;

constexpr std::uint64_t number_of(std::uint64_t key) noexcept {
    return (key & thread_key) != 0 ? first_thread + (key & ~thread_key) : key;
}

// How many bytes the UTF-8 character at the begin has; 0: it is none (RFC 3629, section 4).
std::size_t length_of_character(std::string_view text) noexcept {
    const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    const auto follows = [&](std::size_t i) { return at(i) >= 0x80 && at(i) < 0xc0; };
    const unsigned lead = at(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead < 0xe0 && follows(1)) return 2;
    if (lead >= 0xe0 && lead < 0xf0 && follows(1) && follows(2) && (lead != 0xe0 || at(1) >= 0xa0) &&
        (lead != 0xed || at(1) < 0xa0))
        return 3;
    if (lead >= 0xf0 && lead < 0xf5 && follows(1) && follows(2) && follows(3) && (lead != 0xf0 || at(1) >= 0x90) &&
        (lead != 0xf4 || at(1) < 0x90))
        return 4;
    return 0;
}

}  // namespace

trace_writer::trace_writer(std::size_t events)
    : mask_{2 * std::bit_ceil(events) - 1},
      tracks_{std::make_unique<track[]>(mask_ + 1)},
      process_{static_cast<std::uint64_t>(::getpid())} {}

int trace_writer::write(int fd, const trace_ring& ring, const trace_crash& crash) noexcept {
    fd_ = fd;
    const std::uint64_t first = ring.begin(), end = ring.end();
    trace_event event;
    epoch_ = std::numeric_limits<std::int64_t>::max();
    last_ = crash.at;
    for (std::uint64_t place = first; place != end; ++place) {
        if (!ring.read(place, event)) continue;
        epoch_ = std::min(epoch_, event.at);
        last_ = std::max(last_, event.at);
    }
    put("{\"displayTimeUnit\":\"ns\",\"otherData\":{\"dropped_events\":\"");
    put(first);
    put("\"},\"traceEvents\":[");
    for (std::uint64_t place = first; place != end; ++place)
        if (ring.read(place, event)) write_event(ring, event);
    if (crash.what != nullptr) write_crash(crash);
    for (std::size_t i = 0; i <= mask_; ++i) {
        if (tracks_[i].key == 0) continue;
        close_state(tracks_[i], last_, {});
        while (tracks_[i].spans != 0) close_span(tracks_[i], last_);
    }
    put("\n]}\n");
    flush();
    return failure_;
}

void trace_writer::write_event(const trace_ring& ring, const trace_event& event) noexcept {
    track& of = track_of(event);
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
        case trace_kind::call: break;
        case trace_kind::span_begin:
        case trace_kind::span_end: write_spans(of, event); break;
    }
}

// Finds or makes it; a new one is named first.
trace_writer::track& trace_writer::track_of(const trace_event& event) noexcept {
    const std::uint64_t key = event.fiber != 0 ? event.fiber : thread_key | event.thread;
    std::size_t at = (key * 0x9e3779b97f4a7c15) >> 32 & mask_;
    while (tracks_[at].key != key && tracks_[at].key != 0) at = (at + 1) & mask_;
    if (tracks_[at].key == key) return tracks_[at];
    tracks_[at].key = key;
    begin('M', key, epoch_, "thread_name");
    argument("name");
    put(event.fiber != 0 ? "#" : "thread ");
    put(key & ~thread_key);
    if (event.name[0] != '\0') {
        put(" ");
        escape(event.name);
    }
    end();
    return tracks_[at];
}

void trace_writer::open_state(track& of, const trace_event& event, std::string_view name) noexcept {
    close_state(of, event.at, {});
    of.has_state = true;
    begin('B', of.key, event.at, name, event.kind == trace_kind::park ? &event : nullptr);
    place_argument(event);
    if (event.kind == trace_kind::run || event.kind == trace_kind::span_begin || event.kind == trace_kind::span_end) {
        argument("thread");
        put(event.thread);
    } else if (event.kind == trace_kind::wake && event.other == 0 && event.cause == 0) {
        argument("woken by");
        put("the event loop");
    }
    end();
}

void trace_writer::close_state(track& of, std::int64_t at, std::string_view how) noexcept {
    if (!of.has_state) return;
    of.has_state = false;
    begin('E', of.key, at, {});
    if (!how.empty()) {
        argument("ended");
        put(how);
    }
    end();
}

// States lie inside of spans: where a span begins or ends, what runs is cut in two.
void trace_writer::write_spans(track& of, const trace_event& event) noexcept {
    close_state(of, event.at, {});
    if (event.kind == trace_kind::span_begin) {
        ++of.spans;
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
    for (const char phase : {'s', 'f'}) {
        begin(phase, phase == 's' ? from.fiber : to.fiber, phase == 's' ? from.at : to.at, name);
        put(",\"cat\":\"wake\",\"id\":");
        put(arrows_);
        if (phase == 'f') put(",\"bp\":\"e\"");
        end();
    }
    ++arrows_;
}

void trace_writer::write_crash(const trace_crash& crash) noexcept {
    begin('i', crash.fiber, last_, crash.what);
    put(",\"s\":\"g\"");
    end();
}

void trace_writer::begin(char phase, std::uint64_t key, std::int64_t at, std::string_view name, const trace_event* wait) noexcept {
    put(is_first_ ? "\n" : ",\n");
    is_first_ = false;
    put("{\"ph\":\"");
    put({&phase, 1});
    put("\",\"pid\":");
    put(process_);
    put(",\"tid\":");
    put(number_of(key));
    const auto since = static_cast<std::uint64_t>(std::max<std::int64_t>(at - epoch_, 0));
    const char fraction[] = {'.', static_cast<char>('0' + since / 100 % 10), static_cast<char>('0' + since / 10 % 10),
                             static_cast<char>('0' + since % 10)};
    put(",\"ts\":");  // microseconds
    put(since / 1000);
    put({fraction, sizeof fraction});
    if (name.empty()) return;
    put(",\"name\":\"");
    escape(name);
    if (wait != nullptr) {
        put(": ");
        escape(wait->text);
        if (wait->other != 0) put(" #");
        if (wait->other != 0) put(wait->other);
    }
    put("\"");
}

void trace_writer::argument(std::string_view name) noexcept {
    put(has_arguments_ ? "\",\"" : ",\"args\":{\"");
    has_arguments_ = true;
    put(name);
    put("\":\"");
}

void trace_writer::place_argument(const trace_event& event) noexcept {
    if (event.line == 0) return;
    argument(event.kind == trace_kind::spawn ? "spawned at" : event.kind == trace_kind::run ? "goes on from" : "at");
    escape(event.file);
    put(":");
    put(event.line);
    argument("function");
    escape(event.function);
}

void trace_writer::end() noexcept { put(std::exchange(has_arguments_, false) ? "\"}}" : "}"); }

void trace_writer::escape(std::string_view text) noexcept {
    while (!text.empty()) {
        const std::size_t length = length_of_character(text);
        const char c = text[0];
        if (length == 0 || static_cast<unsigned char>(c) < 0x20) {
            put("?");
        } else {
            if (c == '"' || c == '\\') put("\\");
            put(text.substr(0, length));
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
}

void trace_writer::put(std::string_view text) noexcept {
    for (const char c : text) {
        if (used_ == sizeof buffer_) flush();
        buffer_[used_++] = c;
    }
}

void trace_writer::put(std::uint64_t number) noexcept {
    char digits[20];
    put({digits, static_cast<std::size_t>(std::to_chars(digits, digits + sizeof digits, number).ptr - digits)});
}

void trace_writer::flush() noexcept {
    for (std::size_t done = 0; done != used_ && failure_ == 0;) {
        const ssize_t n = ::write(fd_, buffer_ + done, used_ - done);
        if (n >= 0)
            done += static_cast<std::size_t>(n);
        else if (errno != EINTR)
            failure_ = errno;
    }
    used_ = 0;
}

}  // namespace corun::detail
