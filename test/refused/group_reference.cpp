// Must not compile: what the body returns is kept until its children have ended.
#include <corun.hpp>

void f(int& n) {
    corun::yield(corun::with_group([&](corun::group&) -> int& { return n; }));
}
