// Must not compile: what the function returns would be of another thread, and may be gone.
#include <corun.hpp>

void f(int& n) {
    corun::yield(corun::blocking([&]() -> int& { return n; }));
}
