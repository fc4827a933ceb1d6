// A primitive of one scheduler that is used on another one: an error, never a silent race.
#include <corun/barrier.hpp>
#include <corun/broadcast.hpp>
#include <corun/channel.hpp>
#include <corun/condition_variable.hpp>
#include <corun/event.hpp>
#include <corun/fiber.hpp>
#include <corun/latch.hpp>
#include <corun/mutex.hpp>
#include <corun/once.hpp>
#include <corun/rate_limiter.hpp>
#include <corun/run.hpp>
#include <corun/scheduler.hpp>
#include <corun/select.hpp>
#include <corun/semaphore.hpp>
#include <corun/shared_mutex.hpp>
#include <corun/sleep.hpp>
#include <corun/spawn.hpp>
#include <corun/wait_group.hpp>
#include <corun/yield.hpp>

#include "support/leaks.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;

namespace {

/// Runs f on a fiber of another scheduler, on another thread, and returns the message of the wrong_scheduler that it threw.
template <class Function>
std::string refused(Function f) {
    std::string message = "not refused";
    std::jthread{[&] {
        corun::run([&] {
            try {
                f();
            } catch (const corun::wrong_scheduler& e) {
                message = e.what();
            }
        });
    }}.join();
    return message;
}

bool names(const std::string& message, const std::string& what) { return message.find("a " + what + " that") != std::string::npos; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(wrong_scheduler, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(each_primitive_refuses_each_use) {
    corun::run([] {
        corun::channel<int> c{1};
        (void)c.try_send(1);
        const std::string message = refused([&] { (void)c.try_receive(); });
        BOOST_TEST(names(message, "channel"));
        BOOST_TEST(message.find("used on another, on fiber 'main'") != std::string::npos, message);
        BOOST_TEST(message.find("wrong_scheduler.cpp:") != std::string::npos, message);  // where the fiber comes from
        BOOST_TEST(names(refused([&] { (void)c.try_send(1); }), "channel"));
        BOOST_TEST(names(refused([&] { corun::yield(c.send(1)); }), "channel"));
        BOOST_TEST(names(refused([&] { (void)corun::yield(c.receive()); }), "channel"));
        std::vector<int> batch;
        BOOST_TEST(names(refused([&] { (void)corun::yield(c.receive_some(batch)); }), "channel"));
        BOOST_TEST(names(refused([&] { c.close(); }), "channel"));

        corun::mutex m;
        auto held = corun::yield(m.lock());
        BOOST_TEST(names(refused([&] { (void)m.try_lock(); }), "mutex"));
        BOOST_TEST(names(refused([&] { (void)corun::yield(m.lock()); }), "mutex"));
        BOOST_TEST(names(refused([&] { m.unlock(); }), "mutex"));

        corun::condition_variable changed;
        changed.notify_one();
        BOOST_TEST(names(refused([&] { changed.notify_one(); }), "condition_variable"));
        BOOST_TEST(names(refused([&] { changed.notify_all(); }), "condition_variable"));
        BOOST_TEST(names(refused([&] {
                             corun::mutex mine;
                             auto mine_held = corun::yield(mine.lock());
                             corun::yield(changed.wait(mine_held));
                         }),
                         "condition_variable"));
        BOOST_TEST(names(refused([&] {
                             corun::mutex mine;
                             auto mine_held = corun::yield(mine.lock());
                             corun::yield(changed.wait(mine_held, [] { return true; }));
                         }),
                         "condition_variable"));

        corun::shared_mutex s;
        const auto reading = corun::yield(s.lock_shared());
        BOOST_TEST(names(refused([&] { (void)corun::yield(s.lock_shared()); }), "shared_mutex"));
        BOOST_TEST(names(refused([&] { (void)corun::yield(s.lock()); }), "shared_mutex"));
        BOOST_TEST(names(refused([&] { (void)s.try_lock(); }), "shared_mutex"));
        BOOST_TEST(names(refused([&] { (void)s.try_lock_shared(); }), "shared_mutex"));
        BOOST_TEST(names(refused([&] { s.unlock(); }), "shared_mutex"));
        BOOST_TEST(names(refused([&] { s.unlock_shared(); }), "shared_mutex"));

        corun::semaphore permits{1};
        permits.release();
        BOOST_TEST(names(refused([&] { permits.release(); }), "semaphore"));
        BOOST_TEST(names(refused([&] { corun::yield(permits.acquire()); }), "semaphore"));
        BOOST_TEST(names(refused([&] { (void)permits.try_acquire(); }), "semaphore"));

        corun::event e;
        e.set();
        BOOST_TEST(names(refused([&] { e.set(); }), "event"));
        BOOST_TEST(names(refused([&] { e.reset(); }), "event"));
        BOOST_TEST(names(refused([&] { corun::yield(e.wait()); }), "event"));

        corun::latch l{1};
        l.count_down();
        BOOST_TEST(names(refused([&] { corun::yield(l.wait()); }), "latch"));
        BOOST_TEST(names(refused([&] { l.count_down(); }), "latch"));

        corun::wait_group all;
        all.add();
        BOOST_TEST(names(refused([&] { all.add(); }), "wait_group"));
        BOOST_TEST(names(refused([&] { all.done(); }), "wait_group"));
        BOOST_TEST(names(refused([&] { corun::yield(all.wait()); }), "wait_group"));

        corun::once o;
        corun::yield(o.call([] {}));
        BOOST_TEST(names(refused([&] { corun::yield(o.call([] {})); }), "once"));

        corun::barrier b{1};
        (void)corun::yield(b.arrive_and_wait());
        BOOST_TEST(names(refused([&] { (void)corun::yield(b.arrive_and_wait()); }), "barrier"));
        BOOST_TEST(names(refused([&] { b.arrive_and_drop(); }), "barrier"));

        corun::broadcast<int> news{1};
        auto reader = news.subscribe();
        BOOST_TEST(names(refused([&] { news.send(1); }), "broadcast"));
        BOOST_TEST(names(refused([&] { news.close(); }), "broadcast"));
        BOOST_TEST(names(refused([&] { (void)news.subscribe(); }), "broadcast"));
        BOOST_TEST(names(refused([&] { (void)corun::yield(reader.receive()); }), "broadcast"));

        corun::rate_limiter limiter{1, 1};
        (void)limiter.try_acquire();
        BOOST_TEST(names(refused([&] { (void)limiter.try_acquire(); }), "rate_limiter"));
        BOOST_TEST(names(refused([&] { corun::yield(limiter.acquire()); }), "rate_limiter"));
    });
}

BOOST_AUTO_TEST_CASE(looking_at_it_is_a_use) {
    corun::channel<int> c{1};
    corun::mutex m;
    corun::semaphore permits{1};
    corun::once o;
    corun::broadcast<int> news{1};
    corun::event e;
    corun::latch l{1};
    corun::wait_group all;
    corun::run([&] {
        e.reset();
        (void)l.try_wait();
        (void)all.try_wait();
        BOOST_TEST(names(refused([&] { (void)e.is_set(); }), "event"));
        BOOST_TEST(names(refused([&] { (void)e.try_wait(); }), "event"));
        BOOST_TEST(names(refused([&] { (void)l.try_wait(); }), "latch"));
        BOOST_TEST(names(refused([&] { (void)all.try_wait(); }), "wait_group"));
        (void)c.try_receive();
        (void)m.try_lock();
        permits.release();
        corun::yield(o.call([] {}));
        auto reader = news.subscribe();
        BOOST_TEST(names(refused([&] { (void)c.size(); }), "channel"));
        BOOST_TEST(names(refused([&] { (void)c.closed(); }), "channel"));
        BOOST_TEST(names(refused([&] { (void)m.is_locked(); }), "mutex"));
        BOOST_TEST(names(refused([&] { (void)permits.permits(); }), "semaphore"));
        BOOST_TEST(names(refused([&] { (void)o.done(); }), "once"));
        BOOST_TEST(names(refused([&] { (void)reader.pending(); }), "broadcast"));
    });
    BOOST_TEST(c.size() == 0U);  // but what nobody uses any more can be looked at
    BOOST_TEST(!m.is_locked());
    BOOST_TEST(permits.permits() == 2);
    BOOST_TEST(o.done());
}

BOOST_AUTO_TEST_CASE(also_inside_a_select) {
    corun::run([] {
        corun::channel<int> c;
        (void)c.try_receive();
        BOOST_TEST(names(refused([&] { (void)corun::yield(corun::select(corun::sleep_for(1h), c.receive())); }), "channel"));
    });
}

// Both run on one thread, in turn: no data race would show it.
BOOST_AUTO_TEST_CASE(also_on_the_same_thread) {
    boost::asio::io_context context;
    corun::scheduler one{context.get_executor()}, other{context.get_executor()};
    corun::channel<int> c{1};
    bool was_refused = false, handler_was_refused = false;
    corun::spawn(one, [&] { c.try_send(1); });
    corun::spawn(other, [&] {
        try {
            (void)c.try_receive();
        } catch (const corun::wrong_scheduler&) {
            was_refused = true;
        }
    });
    boost::asio::post(context, [&] {
        try {
            (void)c.try_receive();
        } catch (const corun::wrong_scheduler&) {
            handler_was_refused = true;
        }
    });
    context.run();
    BOOST_TEST(was_refused);
    BOOST_TEST(handler_was_refused);
}

BOOST_AUTO_TEST_CASE(plain_code_may_set_it_up_but_not_use_it_afterwards) {
    corun::channel<int> c{2};
    c.try_send(1);
    corun::run([&] { BOOST_TEST(corun::yield(c.receive()).value() == 1); });
    BOOST_CHECK_THROW((void)c.try_receive(), corun::wrong_scheduler);
}

BOOST_AUTO_TEST_CASE(the_message_names_the_fiber) {
    corun::run([] {
        corun::event e;
        e.set();
        std::string message;
        std::jthread{[&] {
            corun::run(
                [&] {
                    try {
                        e.set();
                    } catch (const corun::wrong_scheduler& error) {
                        message = error.what();
                    }
                },
                {.name = "stranger"});
        }}.join();
        BOOST_TEST(message.find("'stranger'") != std::string::npos);
    });
}

BOOST_AUTO_TEST_SUITE_END()
