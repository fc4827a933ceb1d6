// Must not compile: another thread may decide the select between the moment that the plain channel's value is given and its move.
#include <corun.hpp>

struct clumsy {
    clumsy() = default;
    clumsy(clumsy&&) noexcept(false) {}
};

void f(corun::channel<clumsy>& plain, corun::concurrent_event& shared) {
    corun::yield(corun::select(plain.receive(), shared.wait()));
}
