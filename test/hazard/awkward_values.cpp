// Values that can be moved into a new place and no more: no default, no assignment, no usual address.
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

struct awkward {
    explicit awkward(int n) : number{n} {}
    awkward(awkward&&) noexcept = default;
    awkward& operator=(awkward&&) = delete;
    void operator&() const = delete;
    int number;
};

constexpr auto seven = [] { return awkward{7}; };

}  // namespace

BOOST_FIXTURE_TEST_SUITE(awkward_values, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(fibers_results) {
    BOOST_TEST(corun::run(seven).number == 7);
    corun::run([&] {
        BOOST_TEST(corun::yield(corun::spawn(seven).join()).number == 7);
        BOOST_TEST(corun::yield(corun::blocking(seven)).number == 7);
        BOOST_TEST(corun::yield(corun::with_timeout(1h, seven)).number == 7);
        corun::yield(corun::with_group([](corun::group& g) {
            auto child = g.spawn(seven);
            BOOST_TEST(corun::yield(child.join()).number == 7);
        }));
    });
}

template <class Channel>
void pass_through(std::size_t capacity) {
    corun::run([&] {
        Channel c{capacity};
        auto sending = corun::spawn([&] {
            for (int i = 0; i != 6; ++i) corun::yield(c.send(awkward{i}));
        });
        BOOST_TEST(corun::yield(c.receive())->number == 0);
        BOOST_TEST(std::get<0>(corun::yield(corun::select(c.receive(), corun::sleep_for(1h))))->number == 1);
        BOOST_TEST(std::get<0>(corun::yield(corun::all(c.receive())))->number == 2);
        auto race = corun::yield(corun::race(c.receive(), corun::sleep_for(1h)));
        BOOST_TEST(race.template get<0>().value()->number == 3);
        std::vector<awkward> values;
        while (values.size() != 2) corun::yield(c.receive_some(values));
        BOOST_TEST(values.back().number == 5);
        corun::yield(sending.join());
    });
}

BOOST_AUTO_TEST_CASE(channels_of_fibers) {
    for (const std::size_t capacity : {std::size_t{0}, std::size_t{1}, std::size_t{8}, corun::unbounded})
        pass_through<corun::channel<awkward>>(capacity);
}

BOOST_AUTO_TEST_CASE(concurrent_channels) {
    for (const std::size_t capacity : {std::size_t{0}, std::size_t{1}, std::size_t{8}, corun::unbounded})
        pass_through<corun::concurrent_channel<awkward>>(capacity);
    corun::concurrent_channel<awkward> c{2};
    c.blocking_send(awkward{1});
    BOOST_TEST(c.try_send(awkward{2}));
    BOOST_TEST(c.blocking_receive()->number == 1);
    BOOST_TEST(c.try_receive()->number == 2);
}

BOOST_AUTO_TEST_CASE(handlers_of_concurrent_channels) {
    asio::io_context context;
    corun::concurrent_channel<awkward> c;
    int received = 0;
    c.async_receive(asio::bind_executor(context, [&](const std::exception_ptr& failure, std::optional<awkward> value) {
        received = failure ? -1 : value->number;
    }));
    c.async_send(awkward{3}, asio::bind_executor(context, [](const std::exception_ptr&) {}));
    context.run();
    BOOST_TEST(received == 3);
}

BOOST_AUTO_TEST_SUITE_END()
