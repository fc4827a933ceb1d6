// What a user's first program needs from an installed corun: the header, the library and what both depend on.
#include <corun.hpp>

int main() {
  int result = corun::run([] {
    auto fiber = corun::spawn([] {
      corun::yield();
      return 42;
    });
    return corun::yield(fiber.join());
  });
  return result == 42 ? 0 : 1;
}
