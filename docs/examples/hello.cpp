// Two fibers that take turns, and one that waits for both.
#include <corun.hpp>

#include <iostream>

int main() {
    corun::run([] {
        auto first = corun::spawn([] {
            std::cout << "hello" << std::flush;
            corun::yield();  // the other one's turn: nothing else in this program switches but what spells corun::yield
            std::cout << "world\n";
        });
        auto second = corun::spawn([] {
            std::cout << ", ";
            return 42;
        });
        corun::yield(first.join());
        std::cout << "the answer is " << corun::yield(second.join()) << '\n';
    });
}
