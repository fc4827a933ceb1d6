// Random programs over what guards and counts: nobody is inside who should not be, nobody waits for ever, nothing is left held.
#include <corun/condition_variable.hpp>
#include <corun/event.hpp>
#include <corun/fiber.hpp>
#include <corun/mutex.hpp>
#include <corun/run.hpp>
#include <corun/select.hpp>
#include <corun/semaphore.hpp>
#include <corun/shared_mutex.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"
#include "support/random.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

namespace {

class program {
public:
    explicit program(std::uint64_t seed) : roll_{seed} {}

    bool run() {
        std::vector<corun::fiber<>> fibers;
        for (std::size_t i = 2 + roll_.below(8); i > 0; --i) fibers.push_back(corun::spawn([this] { use_some(); }));
        for (std::size_t steps = roll_.below(100); steps > 0; --steps) {
            if (roll_.one_in(8)) fibers[roll_.below(fibers.size())].cancel();
            if (roll_.one_in(4)) changed_.notify_one();
            corun::yield();
        }
        bool all_done = false;
        auto notifying = corun::spawn([&] {
            while (!all_done) {
                changed_.notify_all();
                corun::yield();
            }
        });
        for (auto& f : fibers) try {
                corun::yield(f.join());
            } catch (const corun::fiber_cancelled&) {
            }
        all_done = true;
        corun::yield(notifying.join());
        return ok_ && !mutex_.is_locked() && permits_.permits() == 3 && both_.try_lock().owns();
    }

private:
    struct inside {
        inside(program& p, int& c, int most) : count{c} { p.ok_ &= ++count <= most; }
        ~inside() { --count; }
        int& count;
    };
    void linger() {
        for (std::size_t n = roll_.below(3); n > 0; --n) corun::yield();
    }
    void use_some() {
        for (std::size_t n = roll_.below(20); n > 0; --n) switch (roll_.below(6)) {
                case 0: {
                    auto held = corun::yield(mutex_.lock());
                    const inside me{*this, in_mutex_, 1};
                    linger();
                    break;
                }
                case 1: {
                    auto held = corun::yield(mutex_.lock());
                    corun::yield(changed_.wait(held));
                    const inside me{*this, in_mutex_, 1};
                    linger();
                    break;
                }
                case 2: {
                    const auto wanted = static_cast<std::ptrdiff_t>(1 + roll_.below(3));
                    corun::yield(permits_.acquire(wanted));
                    const permit mine{permits_, wanted};
                    linger();
                    break;
                }
                case 3: {
                    const auto held = corun::yield(both_.lock());
                    const inside me{*this, writers_, 1};
                    ok_ &= readers_ == 0;
                    linger();
                    break;
                }
                case 4: {
                    const auto held = corun::yield(both_.lock_shared());
                    const inside me{*this, readers_, 100};
                    ok_ &= writers_ == 0;
                    linger();
                    break;
                }
                case 5: choose(); break;
            }
    }
    void choose() {
        corun::yield(corun::select(corun::on(mutex_.lock(),
                                             [this](corun::guard<corun::mutex>) {
                                                 const inside me{*this, in_mutex_, 1};
                                                 linger();
                                             }),
                                   corun::on(both_.lock_shared(), [this](corun::shared_mutex::shared_guard) { linger(); }),
                                   corun::on(permits_.acquire(2),
                                             [this] {
                                                 const permit mine{permits_, 2};
                                                 linger();
                                             }),
                                   corun::on(corun::sleep_for(std::chrono::microseconds{roll_.below(3)}), [] {})));
    }
    struct permit {
        corun::semaphore& from;
        std::ptrdiff_t count;
        ~permit() { from.release(count); }
    };

    corun_test::dice roll_;
    corun::mutex mutex_;
    corun::condition_variable changed_;
    corun::semaphore permits_{3};
    corun::shared_mutex both_;
    int in_mutex_ = 0, readers_ = 0, writers_ = 0;
    bool ok_ = true;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(locks_stress, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(nobody_is_inside_who_should_not_be_and_nothing_stays_held) {
    corun_test::for_seeds(8000, [&](std::uint64_t seed) {
        bool ok = false;
        corun::run([&] { ok = program{seed}.run(); });
        BOOST_TEST(ok, "CORUN_SEED=" << seed);
    });
}

BOOST_AUTO_TEST_SUITE_END()
