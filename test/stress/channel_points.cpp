// A small program over channels, once for each point at which somebody is cancelled or a channel is closed: each value is in one
// place.
#include <corun/channel.hpp>
#include <corun/concurrent_channel.hpp>

#include <corun/detail/random.hpp>
#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/select.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"
#include "support/ledger.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <tuple>
#include <vector>

using corun_test::token;
using kept = corun_test::ledger::kept;

namespace {

/// Two senders, two receivers and one who selects, over two channels. A point is between two of their operations, and each turn of
/// the fiber that looks on.
template <class Channel>
class program {
public:
    static constexpr std::size_t fibers = 5;
    static constexpr std::size_t acts =
        fibers + 3;  // the last: to close one, the other, or one while the one who selects is cancelled

    program(std::size_t capacity, std::size_t act, std::size_t point) : first_{capacity}, act_{act}, left_{point} {}

    /// Whether it came to the point.
    bool run() {
        corun::detail::seed_random(*corun::detail::current_core(), 1);  // the ties of a select
        fibers_.push_back(corun::spawn([this] { send_some(first_, second_); }));
        fibers_.push_back(corun::spawn([this] { send_some(second_, first_); }));
        fibers_.push_back(corun::spawn([this] { receive_each(); }));
        fibers_.push_back(corun::spawn([this] { receive_batches(); }));
        fibers_.push_back(corun::spawn([this] { select_some(); }));
        for (int turns = 0; turns != 30; ++turns) {
            point();
            corun::yield();
        }
        first_.close();
        second_.close();
        for (auto& f : fibers_) try {
                corun::yield(f.join());
            } catch (const corun::fiber_cancelled&) {
            }
        ledger_.drain(first_);
        ledger_.drain(second_);
        return acted_;
    }
    [[nodiscard]] std::size_t misplaced() const { return ledger_.misplaced(); }

private:
    void point() {
        if (left_-- != 0) return;
        acted_ = true;
        if (act_ < fibers) fibers_[act_].cancel();
        if (act_ == fibers + 1) second_.close();
        if (act_ == fibers || act_ == fibers + 2) first_.close();
        if (act_ == fibers + 2) fibers_.back().cancel();
    }

    void send_some(Channel& one, Channel& other) try {
        for (int i = 0; i != 3; ++i) {
            kept here{ledger_}, there{ledger_};
            point();
            corun::yield(one.send(std::move(here.value)));
            point();
            (void)other.try_send(std::move(there.value));
        }
    } catch (const corun::channel_closed&) {
    }
    void receive_each() {
        for (;;) {
            point();
            const std::optional<token> t = corun::yield(first_.receive());
            if (!t) return;
            ledger_.found(t);
        }
    }
    void receive_batches() {
        std::vector<token> batch;
        for (;;) {
            point();
            const std::size_t count = corun::yield(second_.receive_some(batch, 2));
            for (const token& t : batch) ledger_.found(t);
            if (count == 0) return;
            batch.clear();
        }
    }
    void select_some() try {
        for (int i = 0; i != 6; ++i) {
            kept one{ledger_}, other{ledger_};
            point();
            const auto seen = [this](const std::optional<token>& t) { ledger_.found(t); };
            corun::yield(corun::select(corun::on(first_.receive(), seen), corun::on(second_.receive(), seen),
                                       corun::on(first_.send(std::move(one.value)), [] {}),
                                       corun::on(second_.send(std::move(other.value)), [] {})));
        }
    } catch (const corun::channel_closed&) {
    }

    Channel first_;
    Channel second_;
    std::size_t act_;
    std::size_t left_;  // points until it acts
    bool acted_ = false;
    corun_test::ledger ledger_;
    std::vector<corun::fiber<>> fibers_;
};

using channels = std::tuple<corun::channel<token>, corun::concurrent_channel<token>>;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(channel_points, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE_TEMPLATE(each_value_is_in_one_place_whenever_one_is_cancelled_or_closed, channel, channels) {
    for (const std::size_t capacity : {std::size_t{0}, std::size_t{1}, std::size_t{3}, corun::unbounded})
        for (std::size_t act = 0; act != program<channel>::acts; ++act) {
            bool came_to_it = true;
            std::size_t point = 0;
            while (came_to_it) {
                std::size_t misplaced = 0;
                corun::run([&] {
                    program<channel> p{capacity, act, point};
                    came_to_it = p.run();
                    misplaced = p.misplaced();
                });
                BOOST_TEST(misplaced == 0U, misplaced << " values lost or doubled, capacity " << capacity << ", act " << act
                                                      << " at point " << point);
                ++point;
            }
            BOOST_TEST(point > 30U);
        }
}

BOOST_AUTO_TEST_SUITE_END()
