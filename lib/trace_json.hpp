// A trace as a file: the Trace Event Format (JSON), as Chrome and Perfetto read it.
#pragma once

#include "json_output.hpp"
#include "trace_ring.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace corun::detail {

// Why a trace is written in the middle of things.
struct trace_crash {
    const char* what = nullptr;  // the signal's name; null: there was no crash
    std::uint64_t fiber = 0;     // that ran on the thread; 0: none
    std::int64_t at = 0;
};

// All memory is taken when it is made: `write` is fit for signal handlers.
class trace_writer {
public:
    explicit trace_writer(std::size_t events);  // at most so many in the ring; throws std::bad_alloc

    // Once. Returns 0 or the errno of the failure. Events that are overwritten meanwhile are left out.
    [[nodiscard]] int write(int fd, const trace_ring& ring, const trace_crash& crash) noexcept;

private:
    // What is open on a track while the events are gone through: at most one state, around it spans.
    struct track {
        std::uint64_t key = 0;  // 0: a free place
        std::uint32_t spans = 0;
        bool has_state = false;
        bool is_known = false;  // it has had one
        bool is_shown = false;  // it has had a state or a span; of what began before the first event there may be the end only
        bool has_name = false;
    };

    track& track_of(std::uint64_t key) noexcept;  // finds or makes it
    void write_name(track& of, std::string_view name) noexcept;
    void write_process_name() noexcept;
    void close_track(track& of) noexcept;
    void write_event(const trace_ring& ring, const trace_event& event) noexcept;
    void open_state(track& of, const trace_event& event, std::string_view name) noexcept;
    void need_state(track& of) noexcept;
    void close_state(track& of, std::int64_t at, std::string_view how) noexcept;
    void close_span(track& of, std::int64_t at) noexcept;
    void write_spans(track& of, const trace_event& event) noexcept;
    void write_arrow(const trace_ring& ring, const trace_event& to, std::string_view name) noexcept;
    void write_crash(const trace_crash& crash) noexcept;

    // An event, without the braces' end; what a wait is for becomes part of its name, where it is seen without a click.
    void begin(char phase, std::uint64_t key, std::int64_t at, std::string_view name, const trace_event* wait = nullptr) noexcept;
    void argument(std::string_view name) noexcept;  // its value, a string without the second quote, is the caller's to put
    void place_argument(const trace_event& event) noexcept;
    void end() noexcept;

    std::size_t mask_;
    std::unique_ptr<track[]> tracks_;  // by key, open addressing; more places than there can be tracks
    std::int64_t epoch_ = 0;           // time 0 of the file
    std::int64_t last_ = 0;
    std::uint64_t arrows_ = 0;
    std::uint64_t process_;
    bool is_first_ = true;
    bool has_arguments_ = false;
    json_output out_;
};

}  // namespace corun::detail
