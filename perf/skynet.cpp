// A million leaves: each fiber spawns ten children and adds up what they return. Stacks are taken when fibers first run, so
// that a leaf uses the one that the leaf before it has just left.
#include "support/skynet.hpp"

#include <corun.hpp>

#include <array>

namespace {

std::uint64_t subtree(std::uint64_t first, std::uint64_t leaves, bool waits) {
    if (leaves == 1) {
        if (waits) corun::yield();
        return first;
    }
    std::array<corun::fiber<std::uint64_t>, perf::skynet_children> children;
    const std::uint64_t each = leaves / children.size();
    for (std::size_t i = 0; i < children.size(); ++i)
        children[i] = corun::spawn([first = first + i * each, each, waits] { return subtree(first, each, waits); });
    std::uint64_t sum = 0;
    for (auto& child : children) sum += corun::yield(child.join());
    return sum;
}

std::uint64_t sum(std::uint64_t leaves, bool waits) {
    return corun::run([=] { return subtree(0, leaves, waits); });
}

}  // namespace

int main(int argc, char** argv) { return perf::skynet_main(argc, argv, "corun", sum); }
