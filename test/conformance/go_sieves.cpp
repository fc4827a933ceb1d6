// The prime sieves in the folder test/chan of Go's distribution, asked of ours: what they are about, not their code.
#include <corun/channel.hpp>
#include <corun/error.hpp>
#include <corun/fiber.hpp>
#include <corun/group.hpp>
#include <corun/run.hpp>
#include <corun/select.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <queue>
#include <vector>

namespace {

// A producer's values as far as they have come, for a heap whose least head is taken first.
struct rest_of_multiples {
    int head;
    corun::channel<int>* rest;
    bool operator>(const rest_of_multiples& other) const noexcept { return head > other.head; }
};

// The fibers and buffers of sieve2: what is struck out comes, in order, from the multiples of each prime found so far, and what
// is found goes back there.
class striking_out {
public:
    corun::channel<int>& primes(corun::group& fibers) {
        fibers_ = &fibers;
        auto &out = buffer(10), &found = buffer(10), &composites = buffer(50);
        fibers_->spawn([this, &found, &composites] { merge(found, composites); });
        auto& to_merge = buffered_without_bound(found);
        fibers_->spawn([this, &composites, &to_merge, &out] { keep_the_others(composites, to_merge, out); });
        return out;
    }

private:
    corun::channel<int>& buffer(std::size_t capacity) { return buffers_.emplace_back(capacity); }

    corun::channel<int>& count(std::size_t capacity, int from, int step) {
        auto& out = buffer(capacity);
        fibers_->spawn([&out, from, step] {
            for (int n = from;; n += step) corun::yield(out.send(n));
        });
        return out;
    }

    // The square of a prime is sent before the next prime is waited for, which is found only with its help.
    void merge(corun::channel<int>& found, corun::channel<int>& composites) {
        std::priority_queue<rest_of_multiples, std::vector<rest_of_multiples>, std::greater<>> least;
        for (int last = 0;;) {
            const int prime = corun::yield(found.receive()).value();
            least.push({prime * prime, &count(10, prime * prime + 2 * prime, 2 * prime)});
            for (bool came_to_it = false; !came_to_it;) {
                auto [head, rest] = least.top();
                least.pop();
                if (head != last) corun::yield(composites.send(last = head));
                came_to_it = head == prime * prime;
                least.push({corun::yield(rest->receive()).value(), rest});
            }
        }
    }

    // The merge takes primes more slowly than they are found: without this one the two would come to wait for each other.
    corun::channel<int>& buffered_without_bound(corun::channel<int>& out) {
        auto &in = buffer(10), &nobody = buffer(0);
        fibers_->spawn([&in, &nobody, &out] {
            std::deque<int> held;
            for (;;)
                corun::yield(corun::select(
                    corun::on(in.receive(), [&](std::optional<int> prime) { held.push_back(prime.value()); }),
                    corun::on((held.empty() ? nobody : out).send(held.empty() ? 0 : held.front()), [&] { held.pop_front(); })));
        });
        return in;
    }

    void keep_the_others(corun::channel<int>& composites, corun::channel<int>& to_merge, corun::channel<int>& out) {
        for (const int prime : {2, 3}) corun::yield(out.send(prime));
        corun::yield(to_merge.send(3));
        auto& odd = count(50, 5, 2);
        for (int candidate = corun::yield(odd.receive()).value();;) {
            const int composite = corun::yield(composites.receive()).value();
            for (; candidate < composite; candidate = corun::yield(odd.receive()).value()) {
                corun::yield(to_merge.send(candidate));
                corun::yield(out.send(candidate));
            }
            if (candidate == composite) candidate = corun::yield(odd.receive()).value();
        }
    }

    corun::group* fibers_ = nullptr;
    std::deque<corun::channel<int>> buffers_;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(go_sieves, corun_test::nothing_left)

// The prime sieve: a chain of filters that grows while it runs.
BOOST_AUTO_TEST_CASE(sieve1) {
    corun::run([] {
        std::deque<corun::channel<int>> chain(1);
        std::vector<corun::fiber<>> all;
        all.push_back(corun::spawn([&] {
            for (int i = 2;; ++i) corun::yield(chain.front().send(i));
        }));
        for (const int prime : {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97}) {
            auto& in = chain.back();
            BOOST_TEST(corun::yield(in.receive()).value() == prime);
            auto& out = chain.emplace_back();
            all.push_back(corun::spawn([&in, &out, prime] {
                for (;;)
                    if (const int n = corun::yield(in.receive()).value(); n % prime != 0) corun::yield(out.send(n));
            }));
        }
        for (auto& f : all) {
            f.cancel();
            BOOST_CHECK_THROW(corun::yield(f.join()), corun::fiber_cancelled);
        }
    });
}

// The sieve that strikes out: nothing is divided, producers run ahead in their buffers, and what is found flows back.
BOOST_AUTO_TEST_CASE(sieve2) {
    corun::run([] {
        striking_out sieve;
        corun::yield(corun::with_group([&](corun::group& fibers) {
            auto& primes = sieve.primes(fibers);
            std::vector<int> smaller;
            for (int n = 2; n < 1000; ++n) {
                if (std::any_of(smaller.begin(), smaller.end(), [n](int prime) { return n % prime == 0; })) continue;
                smaller.push_back(n);
                BOOST_TEST_REQUIRE(corun::yield(primes.receive()).value() == n);
            }
            BOOST_TEST(smaller.size() == 168U);
            fibers.cancel();
        }));
    });
}

BOOST_AUTO_TEST_SUITE_END()
