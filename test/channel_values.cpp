#include <corun/channel.hpp>

#include <corun/fiber.hpp>
#include <corun/run.hpp>
#include <corun/spawn.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <any>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

/// One of its moves throws, after as many as it is told, and leaves the value where it was.
struct reluctant {
    explicit reluctant(int v) : value{v} {}
    reluctant(reluctant&& other) : value{other.value} {
        if (moves_left-- == 0) throw std::runtime_error{"move"};
        other.value = 0;
    }
    int value;
    static inline int moves_left = 0;
};

/// Its moves are copies, and it tells when one of them ends.
struct curious {
    explicit curious(int n) : number{n} {}
    curious(const curious&) = default;
    ~curious() {
        if (const auto told = on_end) told(number);
    }
    int number;
    static inline std::function<void(int)> on_end;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(channel_values, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_cancelled_send_is_still_yours) {
    corun::run([] {
        corun::channel<std::unique_ptr<int>> c;
        auto value = std::make_unique<int>(5);
        auto sending = corun::spawn([&] { corun::yield(c.send(std::move(value))); });
        corun::yield();
        sending.cancel();
        BOOST_CHECK_THROW(corun::yield(sending.join()), corun::fiber_cancelled);
        BOOST_TEST(*value == 5);
        BOOST_TEST(!c.try_receive().has_value());
    });
}

BOOST_AUTO_TEST_CASE(a_send_that_was_received_is_delivered_in_spite_of_a_cancellation) {
    corun::run([] {
        corun::channel<std::unique_ptr<int>> c;
        auto value = std::make_unique<int>(5);
        bool returned = false;
        auto sending = corun::spawn([&] {
            corun::yield(c.send(std::move(value)));
            returned = true;
        });
        corun::yield();
        const auto received = c.try_receive();
        sending.cancel();
        corun::yield(sending.join());
        BOOST_TEST(returned);
        BOOST_TEST(!value);
        BOOST_TEST(**received == 5);
    });
}

BOOST_AUTO_TEST_CASE(a_value_that_was_handed_over_is_received_in_spite_of_a_cancellation) {
    corun::run([] {
        corun::channel<int> c;
        std::optional<int> value;
        auto receiving = corun::spawn([&] { value = corun::yield(c.receive()); });
        corun::yield();
        BOOST_TEST(c.try_send(5));
        receiving.cancel();
        corun::yield(receiving.join());
        BOOST_TEST(value.value() == 5);
    });
}

BOOST_AUTO_TEST_CASE(a_copied_value_is_as_it_was_when_the_send_was_made) {
    corun::run([] {
        corun::channel<std::string> c{2};
        std::string text = "one";
        auto send = c.send(text);
        text = "two";
        corun::yield(send);
        BOOST_TEST(c.try_receive().value() == "one");
        BOOST_TEST(text == "two");
    });
}

BOOST_AUTO_TEST_CASE(a_move_that_throws_is_the_exception_of_who_moves) {
    for (const std::size_t capacity : {std::size_t{0}, std::size_t{1}})
        corun::run([capacity] {
            corun::channel<reluctant> c{capacity};
            reluctant value{5};
            reluctant::moves_left = 0;
        // To a receiver that waits, or into the channel: the sender's.
            auto receiving = corun::spawn([&] { return corun::yield(c.receive()).value().value; });
            corun::yield();
            BOOST_CHECK_THROW(corun::yield(c.send(std::move(value))), std::runtime_error);
            BOOST_TEST(value.value == 5);
            BOOST_TEST(!receiving.done());
            reluctant::moves_left = 100;
            corun::yield(c.send(std::move(value)));
            BOOST_TEST(corun::yield(receiving.join()) == 5);

        // Out of the channel or from a sender that waits: the receiver's, and the value stays where it is.
            reluctant next{6};
            auto sending = corun::spawn([&] { corun::yield(c.send(std::move(next))); });
            corun::yield();
            reluctant::moves_left = 0;
            BOOST_CHECK_THROW((void)corun::yield(c.receive()), std::runtime_error);
            reluctant::moves_left = 100;
            BOOST_TEST(corun::yield(c.receive()).value().value == 6);
            corun::yield(sending.join());
        });
}

BOOST_AUTO_TEST_CASE(a_waiting_value_that_cannot_be_moved_in_is_its_senders_and_the_next_one_goes_in) {
    corun::run([] {
        corun::channel<reluctant> c{1};
        reluctant first{1}, second{2}, third{3};
        reluctant::moves_left = 1;
        corun::yield(c.send(std::move(first)));
        auto failing = corun::spawn([&] { corun::yield(c.send(std::move(second))); });
        auto waiting = corun::spawn([&] { corun::yield(c.send(std::move(third))); });
        corun::yield();
        reluctant::moves_left = 1;  // the receiver's; the sender's fails
        BOOST_TEST(c.try_receive()->value == 1);
        BOOST_CHECK_THROW(corun::yield(failing.join()), std::runtime_error);
        BOOST_TEST(second.value == 2);
        corun::yield(waiting.join());
        BOOST_TEST(c.try_receive()->value == 3);
    });
}

BOOST_AUTO_TEST_CASE(values_left_in_it_are_destroyed_with_it) {
    corun::run([] {
        const auto shared = std::make_shared<int>(1);
        {
            corun::channel<std::shared_ptr<int>> c{1000};
            for (int i = 0; i < 500; ++i) (void)c.try_send(shared);
            for (int i = 0; i < 300; ++i) (void)c.try_receive();
            BOOST_TEST(shared.use_count() == 201);
        }
        BOOST_TEST(shared.use_count() == 1);
    });
}

BOOST_AUTO_TEST_CASE(a_copy_of_a_list_of_anything_is_no_list_of_one) {
    corun::run([] {
        corun::channel<std::vector<std::any>> c{2};
        const std::vector<std::any> three(3);
        corun::yield(c.send(three));
        BOOST_TEST(c.try_send(three));
        BOOST_TEST(c.try_receive()->size() == 3U);
        BOOST_TEST(c.try_receive()->size() == 3U);
    });
}

BOOST_AUTO_TEST_CASE(what_ends_in_the_channel_may_use_it) {
    corun::run([] {
        corun::channel<curious> c{8};
        for (int i = 1; i <= 3; ++i) BOOST_TEST(c.try_send(curious{i}));
        std::vector<int> seen;
        curious::on_end = [&](int number) {
            if (number != 1) return;
            curious::on_end = nullptr;
            seen.push_back(c.try_receive()->number);
        };
        seen.push_back(c.try_receive()->number);
        while (auto next = c.try_receive()) seen.push_back(next->number);
        BOOST_TEST(seen == (std::vector{2, 1, 3}), boost::test_tools::per_element());

        BOOST_TEST(c.try_send(curious{4}));
        curious::on_end = [&](int number) {
            if (number != 4) return;
            curious::on_end = nullptr;
            BOOST_TEST(c.try_send(curious{5}));
        };
        BOOST_TEST(c.try_receive()->number == 4);
        BOOST_TEST(corun::yield(c.receive())->number == 5);
        BOOST_TEST(c.size() == 0U);
    });
}

BOOST_AUTO_TEST_SUITE_END()
