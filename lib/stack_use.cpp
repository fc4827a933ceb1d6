#include "guarded_memory.hpp"
#include "observers.hpp"
#include "roster.hpp"
#include "scheduler_impl.hpp"

#include <corun/overflow.hpp>

#include <sys/mman.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iomanip>
#include <iostream>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>

namespace corun {
namespace detail {
namespace {

using site = std::tuple<std::string, unsigned, unsigned>;  // file, line, column

struct watch_state {
    std::mutex lock;
    double warn_at = 1;
    bool is_on = false;
    std::map<site, stack_use> sites;
};

site site_of(const fiber_record& fiber) {
    return {fiber.spawned_at.file_name(), fiber.spawned_at.line(), fiber.spawned_at.column()};
}

watch_state& state() {
    static watch_state the_state;
    return the_state;
}

std::size_t page_size() noexcept {
    static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return size;
}

// The lowest page of the stack that holds memory.
std::byte* lowest_resident(const stack_span& stack) noexcept {
    auto* page = static_cast<std::byte*>(stack.base);
    std::byte* const end = page + stack.size;
    std::array<unsigned char, 256> resident;
    while (page != end) {
        const std::size_t pages = std::min(resident.size(), static_cast<std::size_t>(end - page) / page_size());
        if (::mincore(page, pages * page_size(), resident.data()) != 0) return page;
        for (std::size_t i = 0; i != pages; ++i, page += page_size())
            if ((resident[i] & 1) != 0) return page;
    }
    return end;
}

// What was written last below everything else is not zero, or a little less is counted.
std::size_t depth_of(const stack_span& stack) noexcept {
    const auto* word = reinterpret_cast<const std::uintptr_t*>(lowest_resident(stack));
    const auto* end = reinterpret_cast<const std::uintptr_t*>(static_cast<std::byte*>(stack.base) + stack.size);
#if !defined(CORUN_ASAN)  // which forbids to read there; a page is exact enough
    while (word != end && *word == 0) ++word;
#endif
    return static_cast<std::size_t>(end - word) * sizeof *word;
}

void note(const fiber_record& fiber, std::size_t depth, bool has_ended) {
    watch_state& all = state();
    const std::lock_guard hold{all.lock};
    if (!all.is_on) return;
    const auto& at = fiber.spawned_at;
    stack_use& use = all.sites[site_of(fiber)];
    const auto limit = static_cast<std::size_t>(all.warn_at * static_cast<double>(fiber.stack.size));
    const bool is_first = use.stack_size == 0;
    const bool warns = depth >= limit && (use.deepest < limit || is_first);
    use.fibers += has_ended;
    if (depth > use.deepest || is_first) {
        use.spawned_at = at;
        use.name = fiber.name;
        use.deepest = depth;
        use.stack_size = fiber.pool->slot();
    }
    if (warns)
        std::fprintf(stderr, "corun: fiber %s, spawned at %s, used %zu of the %zu bytes of its stack; advised: .stack_size = %zu\n",
                     describe(fiber).c_str(), describe(at).c_str(), depth, use.stack_size, use.advice());
}

// Between two of the scheduler's fibers, or on one. Counts those that live by the place of their spawn.
void note_live_ones(const scheduler_impl& scheduler, std::map<site, std::uint64_t>& live) {
    for (const fiber_record* f = scheduler.first_live; f != nullptr; f = f->following) {
        if (f->stack.base == nullptr) continue;
        note(*f, depth_of(f->stack), false);
        ++live[site_of(*f)];
    }
}

// CORUN_STACKS=1 in the environment, as `./dev stacks` sets it: the table on stderr when the program ends.
struct watch_by_environment {
    watch_by_environment() {
        const char* wish = std::getenv("CORUN_STACKS");
        if (wish == nullptr || *wish == '\0') return;
        (void)state();  // constructed before, so destroyed after
        watch.emplace();
    }
    ~watch_by_environment() {
        if (watch) std::cerr << watch->result();
    }
    std::optional<stack_watch> watch;
};
const watch_by_environment by_environment;

}  // namespace

void clean_stack(fiber_record& fresh) noexcept { memory_calls.drop(fresh.stack.base, fresh.stack.size); }

void note_stack_use(const fiber_record& fiber) noexcept {
    try {
        note(fiber, depth_of(fiber.stack), true);
    } catch (...) {
        // Without memory for the site it is not in the table.
    }
}

}  // namespace detail

std::size_t stack_use::advice() const noexcept {
    const std::size_t guard = detail::page_size();
    try {
        return std::max(std::bit_ceil(2 * deepest + guard), detail::slot_size(32 * 1024));
    } catch (...) {
        return std::bit_ceil(2 * deepest + guard);
    }
}

stack_watch::stack_watch(double warn_at) {
    auto& all = detail::state();
    const std::lock_guard hold{all.lock};
    if (all.is_on) throw std::logic_error{"corun: there is a stack_watch already"};
    all.is_on = true;
    all.warn_at = warn_at;
    detail::observe(detail::observer::stacks, true);
}

stack_watch::~stack_watch() {
    auto& all = detail::state();
    detail::observe(detail::observer::stacks, false);
    const std::lock_guard hold{all.lock};
    all.is_on = false;
    all.sites.clear();
}

std::vector<stack_use> stack_watch::result() const {
    std::map<detail::site, std::uint64_t> live;
    for (const auto& scheduler : detail::all_schedulers())
        (void)detail::look_inside(*scheduler, detail::patience{1000}, [&] { detail::note_live_ones(*scheduler, live); });
    std::multimap<std::size_t, stack_use, std::greater<>> by_depth;
    {
        auto& all = detail::state();
        const std::lock_guard hold{all.lock};
        for (const auto& [place, use] : all.sites) {
            const auto added = by_depth.emplace(use.deepest, use);
            if (const auto found = live.find(place); found != live.end()) added->second.fibers += found->second;
        }
    }
    std::vector<stack_use> sites;
    for (const auto& [depth, use] : by_depth) sites.push_back(use);
    return sites;
}

std::ostream& operator<<(std::ostream& out, const std::vector<stack_use>& sites) {
    out << "corun: stacks, in bytes\n"
        << std::setw(10) << "deepest" << std::setw(10) << "size" << std::setw(10) << "advice" << std::setw(10) << "fibers"
        << "  spawned at\n";
    for (const stack_use& use : sites)
        out << std::setw(10) << use.deepest << std::setw(10) << use.stack_size << std::setw(10) << use.advice() << std::setw(10)
            << use.fibers << "  " << detail::describe(use.spawned_at) << (use.name.empty() ? "" : " '" + use.name + "'") << '\n';
    return out;
}

}  // namespace corun
