#include "choosers.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace corun::detail {

random_chooser::random_chooser(std::uint64_t seed, sim::policy policy, std::size_t length)
    : seed_{random_source::mix(seed + 0x5851f42d4c957f2dU)}, policy_{policy}, random_{seed_} {
    for (int i = 1; i < policy.depth; ++i) changes_.push_back(random_.below(std::max<std::size_t>(length, 1)));
}

std::size_t random_chooser::turn(const candidates& among) {
    if (policy_.depth == 0) return random_.below(among.count);
    const auto highest = [&] {
        std::size_t best = 0;
        for (std::size_t i = 1; i != among.count; ++i)
            if (priority(among.fiber(i)) > priority(among.fiber(best))) best = i;
        return best;
    };
    const std::size_t turn = turns_++;
    for (const std::size_t change : changes_)
        if (change == turn) lowered_.push_back(among.fiber(highest()));
    return highest();
}

std::size_t random_chooser::choose(std::size_t n, double probability) {
    if (probability == simulation::even) return random_.below(n);
    return random_.happens(probability) ? 1 + random_.below(n - 1) : 0;
}

std::uint64_t random_chooser::priority(std::uint64_t fiber) const noexcept {
    for (std::size_t i = lowered_.size(); i-- != 0;)
        if (lowered_[i] == fiber) return lowered_.size() - i;
    return random_source::mix(seed_ ^ fiber) | std::uint64_t{1} << 63;
}

schedule schedule::of(std::uint64_t seed, const std::vector<std::uint32_t>& decisions) {
    schedule s{.seed = seed, .deviations = {}};
    for (std::size_t i = 0; i != decisions.size(); ++i)
        if (decisions[i] != 0) s.deviations.emplace_back(static_cast<std::uint32_t>(i), decisions[i]);
    return s;
}

schedule schedule::parse(std::string_view text) {
    schedule s;
    const char* at = text.data();
    const char* const end = at + text.size();
    const auto number = [&](auto& value, int base, char after) {
        const auto [next, error] = std::from_chars(at, end, value, base);
        if (error != std::errc{} || (next != end && *next != after))
            throw std::invalid_argument{"corun: no schedule: " + std::string{text}};
        at = next == end ? end : next + 1;
    };
    number(s.seed, 16, '/');
    while (at != end) {
        auto& [decision, choice] = s.deviations.emplace_back();
        number(decision, 10, '=');
        number(choice, 10, ',');
        if (s.deviations.size() > 1 && s.deviations.rbegin()[1].first >= decision)
            throw std::invalid_argument{"corun: no schedule, its decisions are out of order: " + std::string{text}};
    }
    return s;
}

std::string schedule::text() const {
    char seed_text[17];
    const auto end = std::to_chars(std::begin(seed_text), std::end(seed_text), seed, 16).ptr;
    std::string all(seed_text, end);
    all += '/';
    for (const auto& [decision, choice] : deviations) {
        if (all.back() != '/') all += ',';
        all += std::to_string(decision) + "=" + std::to_string(choice);
    }
    return all;
}

std::size_t scheduled_chooser::next(std::size_t n) noexcept {
    const auto& all = schedule_.deviations;
    const std::uint32_t decision = decision_++;
    while (at_ != all.size() && all[at_].first < decision) ++at_;
    if (at_ == all.size() || all[at_].first != decision) return 0;
    return std::min<std::size_t>(all[at_].second, n - 1);
}

}  // namespace corun::detail
