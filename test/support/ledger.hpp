// Where values are that are passed around: each must be in exactly one place.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace corun_test {

/// Moves only, and is empty when it has been moved from.
struct token {
    explicit token(int n) : number{std::make_unique<int>(n)} {}
    std::unique_ptr<int> number;
};

/// Numbers the values that it makes, and counts in how many places each was found.
class ledger {
public:
    [[nodiscard]] token make() {
        found_.push_back(0);
        return token{static_cast<int>(found_.size()) - 1};
    }
    void found(const token& t) { ++found_[static_cast<std::size_t>(*t.number)]; }
    void found(const std::optional<token>& t) {
        if (t) found(*t);
    }
    /// What is left in a channel.
    template <class Channel>
    void drain(Channel& c) {
        while (auto t = c.try_receive()) found(*t);
    }
    /// How many are not in exactly one place.
    [[nodiscard]] std::size_t misplaced() const {
        std::size_t count = 0;
        for (const int places : found_) count += places != 1;
        return count;
    }

    /// A new value, and its sender: however a send ends, what it has not delivered is still here.
    struct kept {
        explicit kept(ledger& l) : owner{l}, value{l.make()} {}
        ~kept() {
            if (value.number) owner.found(value);
        }
        kept(const kept&) = delete;
        kept& operator=(const kept&) = delete;

        ledger& owner;
        token value;
    };

private:
    std::vector<int> found_;  // by number
};

}  // namespace corun_test
