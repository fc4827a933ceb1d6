// with_value: values that hold for a body and for the fibers that are spawned in it.
#include <corun/scoped_value.hpp>

#include <corun/event.hpp>
#include <corun/group.hpp>
#include <corun/run.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/this_fiber.hpp>

#include "support/leaks.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <stdexcept>
#include <string>

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

corun::scoped_value<std::string> request;
corun::scoped_value<int> depth;

void spawn_a_chain(int length) {
    if (length == 0) return;
    corun::yield(corun::with_value(depth, length, [length] {
        corun::yield(corun::with_value(request, "next", [length] { corun::spawn([length] { spawn_a_chain(length - 1); }); }));
    }));
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(scoped_value, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(holds_inside_the_body_and_the_innermost_one_counts) {
    corun::run([] {
        BOOST_TEST(request.find() == nullptr);
        const int result = corun::yield(corun::with_value(request, "a", [] {
            BOOST_TEST(*request.find() == "a");
            corun::yield(corun::with_value(request, "b", [] {
                corun::yield();
                BOOST_TEST(*request.find() == "b");
                BOOST_TEST(depth.find() == nullptr);
            }));
            BOOST_TEST(request.get_or("none") == "a");
            return 3;
        }));
        BOOST_TEST(result == 3);
        BOOST_TEST(request.get_or("none") == "none");
    });
}

BOOST_AUTO_TEST_CASE(children_see_it_and_siblings_do_not) {
    corun::run([] {
        corun::yield(corun::with_group([](corun::group& g) {
            g.spawn([&g] {
                corun::yield(corun::with_value(request, "mine", [&g] {
                    g.spawn([] {
                        corun::yield(corun::sleep_for(1ms));  // beyond the block
                        BOOST_TEST(*request.find() == "mine");
                        auto grandchild = corun::spawn([] { return *request.find(); });
                        BOOST_TEST(corun::yield(grandchild.join()) == "mine");
                    });
                    corun::yield();
                }));
                BOOST_TEST(request.find() == nullptr);
            });
            g.spawn([] {
                corun::yield();
                corun::yield();
                BOOST_TEST(request.find() == nullptr);
            });
        }));
    });
}

BOOST_AUTO_TEST_CASE(a_child_that_a_callback_spawns_into_a_group_sees_what_holds_around_the_group) {
    corun::run([] {
        corun::yield(corun::with_value(request, "around", corun::with_group([](corun::group& g) {
                                           g.spawn([] { corun::yield(corun::sleep_for(1ms)); });
                                           asio::post(corun::this_fiber::executor(),
                                                      [g]() mutable { g.spawn([] { BOOST_TEST(*request.find() == "around"); }); });
                                       })));
    });
}

BOOST_AUTO_TEST_CASE(it_ends_when_nobody_sees_it_any_more_and_sooner_where_the_body_throws) {
    const corun::scoped_value<std::shared_ptr<int>> key;
    auto value = std::make_shared<int>(1);
    corun::run([&] {
        corun::fiber<> child;
        BOOST_CHECK_THROW(corun::yield(corun::with_value(key, value,
                                                         [&] {
                                                             child = corun::spawn([] { corun::yield(); });
                                                             throw std::runtime_error{"body"};
                                                         })),
                          std::runtime_error);
        BOOST_TEST(value.use_count() == 2);
        corun::yield(child.join());
        BOOST_TEST(value.use_count() == 1);  // although the handle is still there
    });
}

BOOST_AUTO_TEST_CASE(a_fiber_on_another_thread_inherits_it_too) {
    asio::io_context there;
    corun::run(
        [&] { corun::yield(corun::with_value(depth, 2, [&] { corun::spawn(there, [] { BOOST_TEST(*depth.find() == 2); }); })); });
    there.run();
}

BOOST_AUTO_TEST_CASE(a_chain_of_fibers_that_each_spawn_the_next_inside_may_be_longer_than_a_stack) {
    asio::io_context context;
    corun::spawn(context, [] { spawn_a_chain(100'000); });
    context.run();
}

BOOST_AUTO_TEST_CASE(what_a_new_value_of_the_same_key_hides_ends_with_those_who_see_it) {
    const corun::scoped_value<std::shared_ptr<int>> key;
    corun::run([&] {
        auto first = std::make_shared<int>(1);
        corun::event goes_on;
        corun::fiber<> child;
        corun::yield(corun::with_value(key, first, [&] {
            corun::yield(corun::with_value(key, std::make_shared<int>(2), [&] {
                child = corun::spawn([&] {
                    corun::yield(goes_on.wait());
                    BOOST_TEST(**key.find() == 2);
                });
            }));
            BOOST_TEST(*key.find() == first);
        }));
        BOOST_TEST(first.use_count() == 1);
        goes_on.set();
        corun::yield(child.join());
    });
}

BOOST_AUTO_TEST_CASE(off_fibers_it_is_refused) { BOOST_CHECK_THROW((void)depth.find(), corun::not_in_fiber); }

BOOST_AUTO_TEST_SUITE_END()
