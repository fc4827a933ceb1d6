// Random programs over channels: whatever is sent, received, selected, closed and cancelled, each value is in one place.
#include <corun/channel.hpp>

#include <corun/detail/random.hpp>
#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/select.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"
#include "support/ledger.hpp"
#include "support/random.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <vector>

using corun_test::token;
using kept = corun_test::ledger::kept;

namespace {

class program {
public:
    program(std::uint64_t seed, std::size_t capacity) : roll_{seed}, first_{capacity}, second_{roll_.below(3)} {}

    /// Returns how many values are not in exactly one place at the end.
    std::size_t run(std::uint64_t seed) {
        corun::detail::seed_random(*corun::detail::current_core(), seed);
        std::vector<corun::fiber<>> fibers;
        for (std::size_t i = 1 + roll_.below(4); i > 0; --i) fibers.push_back(corun::spawn([this] { send_some(); }));
        for (std::size_t i = 1 + roll_.below(4); i > 0; --i) fibers.push_back(corun::spawn([this] { receive_some(); }));
        for (std::size_t i = roll_.below(3); i > 0; --i) fibers.push_back(corun::spawn([this] { select_some(); }));
        for (std::size_t steps = roll_.below(200); steps > 0; --steps) {
            if (roll_.one_in(20)) fibers[roll_.below(fibers.size())].cancel();
            corun::yield();
        }
        first_.close();
        second_.close();
        for (auto& f : fibers) try {
                corun::yield(f.join());
            } catch (const corun::fiber_cancelled&) {
            }
        ledger_.drain(first_);
        ledger_.drain(second_);
        return ledger_.misplaced();
    }

private:
    using channel = corun::channel<token>;

    channel& any_channel() { return roll_.one_in(3) ? second_ : first_; }
    void send_some() try {
        for (std::size_t n = roll_.below(40); n > 0; --n) {
            kept mine{ledger_};
            if (roll_.one_in(4))
                (void)any_channel().try_send(std::move(mine.value));
            else
                corun::yield(any_channel().send(std::move(mine.value)));
            if (roll_.one_in(5)) corun::yield();
            if (roll_.one_in(150)) any_channel().close();
        }
    } catch (const corun::channel_closed&) {
    }
    void receive_some() {
        std::vector<token> batch;
        for (std::size_t n = roll_.below(60); n > 0; --n) {
            std::optional<token> t;
            if (roll_.one_in(6)) {
                batch.clear();
                const std::size_t count = corun::yield(any_channel().receive_some(batch, 1 + roll_.below(4)));
                BOOST_TEST_REQUIRE(count == batch.size());
                for (const token& one : batch) ledger_.found(one);
            } else {
                t = roll_.one_in(5) ? any_channel().try_receive() : corun::yield(any_channel().receive());
            }
            ledger_.found(t);
            if (roll_.one_in(5)) corun::yield();
        }
    }
    void select_some() try {
        for (std::size_t n = roll_.below(40); n > 0; --n) {
            kept one{ledger_}, other{ledger_};
            const auto seen = [this](const std::optional<token>& t) { ledger_.found(t); };
            corun::yield(corun::select(corun::on(first_.receive(), seen), corun::on(second_.receive(), seen),
                                       corun::on(first_.send(std::move(one.value)), [] {}),
                                       corun::on(second_.send(std::move(other.value)), [] {}),
                                       corun::on(corun::sleep_for(std::chrono::nanoseconds{roll_.below(3)}), [] {})));
        }
    } catch (const corun::channel_closed&) {
    }

    corun_test::dice roll_;
    channel first_;
    channel second_;
    corun_test::ledger ledger_;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(channel_stress, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(each_value_is_in_one_place) {
    for (const std::size_t capacity : {std::size_t{0}, std::size_t{1}, std::size_t{3}, std::size_t{1000}, corun::unbounded})
        corun_test::for_seeds(4000, [&](std::uint64_t seed) {
            std::size_t misplaced = 0;
            corun::run([&] { misplaced = program{seed, capacity}.run(seed); });
            BOOST_TEST(misplaced == 0U, misplaced << " values lost or doubled, capacity " << capacity << ", CORUN_SEED=" << seed);
        });
}

BOOST_AUTO_TEST_SUITE_END()
