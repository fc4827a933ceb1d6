// A broken program, for docs/guide/debugging.md: each request takes much longer than its work. Why? And what may its destructor do?
#include <corun.hpp>

#include <cstdlib>
#include <string_view>

using namespace std::chrono_literals;

corun::mutex table;
corun::channel<int> log_lines{16};

void write_log(int line) { corun::yield(log_lines.send(line)); }

struct request_log {
    ~request_log() { write_log(1); }  // a switch that nobody sees where the scope ends
};

void request() {
    const request_log at_end;
    const corun::trace_span span{"request"};
    const auto hold = corun::yield(table.lock());
}

// Holds the table while it waits for the disk.
void report() {
    const auto hold = corun::yield(table.lock());
    corun::yield(corun::sleep_for(20ms));
}

int main(int argc, char* argv[]) {
    const bool crashes = argc > 1 && std::string_view{argv[1]} == "crash";
    const corun::trace recorded{"slow.json", {.only_on_crash = crashes}};
    corun::run([&] {
        auto reporter = corun::spawn({.name = "report"}, report);
        auto first = corun::spawn({.name = "request"}, request);
        corun::yield();
        if (crashes) std::abort();
        corun::yield(first.join());
        corun::yield(reporter.join());
    });
}
