// A broken program, for docs/guide/debugging.md: its parser's stack size was guessed. What does it need? `deep BYTES` takes
// another.
#include <corun.hpp>
#include <corun/overflow.hpp>

#include <cstddef>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>

// Parses nested lists; each level takes a frame. Returns how deep they go.
int parse(std::string_view text) {
    volatile char name[448] = {};
    if (text.empty() || text.front() != '(') return name[0];
    return 1 + parse(text.substr(1));
}

int main(int argc, char* argv[]) {
    const std::size_t stack_size = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 32 * 1024;
    corun::report_overflows();
    corun::run([&] {
        auto parser = corun::spawn({.name = "parser", .stack_size = stack_size}, [] { return parse(std::string(80, '(')); });
        std::cout << corun::yield(parser.join()) << " lists, one in the other\n";
    });
}
