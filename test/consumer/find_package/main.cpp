// What a user's first program needs from an installed corun: the header, the library and what both depend on.
#include <corun.hpp>

#include <cstdlib>

int main(int argc, char**) {
    int result = corun::run([argc] {
        corun::event opened;
        auto waiter = corun::spawn({.name = "waiter"}, [&] {
            corun::yield(opened.wait());
            return 42;
        });
        corun::yield();
        if (argc > 1) std::abort();  // for gdb.py
        opened.set();
        return corun::yield(waiter.join());
    });
    return result == 42 ? 0 : 1;
}
