// Streams on demand: each is a fiber that answers with its next item when it is asked for one, and rests until then; those that
// are made of others, also of themselves, ask in their turn.
#pragma once

#include <corun/channel.hpp>
#include <corun/group.hpp>
#include <corun/select.hpp>
#include <corun/yield.hpp>

#include <deque>
#include <optional>
#include <utility>

namespace corun_test {

/// @tparam Item  a value, or none at the end: std::optional, std::any
template <class Item>
class demand {
public:
    struct stream {
        corun::channel<int> asked;
        corun::channel<Item> answers;
    };

    /// Before anything is made.
    void live_in(corun::group& fibers) noexcept { fibers_ = &fibers; }

    /// One that nobody answers for yet: the other end of what is made of itself.
    stream& blank() { return all_.emplace_back(); }

    /// A stream whose items the body answers with until it returns; then comes the end, as often as somebody asks.
    template <class Body>
    stream& make(Body body) {
        stream& z = blank();
        fibers_->spawn([this, &z, body = std::move(body)] {
            body(z);
            for (;;) answer_with(z, [] { return Item{}; });
        });
        return z;
    }
    /// The item is made only when it is wanted. False: it was the end.
    template <class Make>
    bool answer_with(stream& z, Make make_item) {
        (void)corun::yield(z.asked.receive());
        Item item = make_item();
        const bool more = item.has_value();
        corun::yield(z.answers.send(std::move(item)));
        return more;
    }
    Item get(stream& u) {
        corun::yield(u.asked.send(0));
        return corun::yield(u.answers.receive()).value();
    }
    void copy(stream& u, stream& z) {
        while (answer_with(z, [&] { return get(u); })) continue;
    }

    /// In whatever order the two take questions and answer. A case that has had its turn goes on with a stream that nobody has.
    std::pair<Item, Item> get_both(stream& u, stream& v) {
        stream nobody;
        bool asked_u = false, asked_v = false;
        std::optional<Item> a, b;
        while (!a || !b)
            corun::yield(corun::select(
                corun::on((asked_u ? nobody : u).asked.send(0), [&] { asked_u = true; }),
                corun::on((asked_v ? nobody : v).asked.send(0), [&] { asked_v = true; }),
                corun::on((asked_u && !a ? u : nobody).answers.receive(), [&](std::optional<Item> i) { a = std::move(i); }),
                corun::on((asked_v && !b ? v : nobody).answers.receive(), [&](std::optional<Item> i) { b = std::move(i); })));
        return {std::move(*a), std::move(*b)};
    }

    /// Two of one, that may be read at different rates.
    std::pair<stream&, stream&> split(stream& u) {
        stream &a = blank(), &b = blank();
        split(u, a, b);
        return {a, b};
    }
    void split(stream& u, stream& a, stream& b) {
        corun::channel<int>& none = passed_.emplace_back();
        none.close();
        fibers_->spawn([this, &u, &a, &b, &none] { split_one(u, &a, &b, none); });
    }

private:
    /// One fiber for each item, from when it is first wanted until both have it: whoever waits for it must not keep the
    /// items before it from the one who is behind, for in a stream made of itself it is these that it is made of.
    /// @param earlier  closed once all items before this one are with both
    void split_one(stream& u, stream* ahead, stream* behind, corun::channel<int>& earlier) {
        const auto turn_round = [&](auto&&) { std::swap(ahead, behind); };
        bool level = false;
        corun::yield(corun::select(corun::on(ahead->asked.receive(), [](auto&&) {}),
                                   corun::on(earlier.receive(), [&](auto&&) { level = true; })));
        if (level)
            corun::yield(
                corun::select(corun::on(ahead->asked.receive(), [](auto&&) {}), corun::on(behind->asked.receive(), turn_round)));
        corun::channel<int>& mine = passed_.emplace_back();
        fibers_->spawn([this, &u, ahead, behind, &mine] { split_one(u, ahead, behind, mine); });
        const Item item = get(u);
        corun::yield(ahead->answers.send(item));
        (void)corun::yield(earlier.receive());
        (void)corun::yield(behind->asked.receive());
        corun::yield(behind->answers.send(item));
        mine.close();
    }

    corun::group* fibers_ = nullptr;
    std::deque<stream> all_;
    std::deque<corun::channel<int>> passed_;
};

}  // namespace corun_test
