// One of each concurrent_ primitive.
#pragma once

#include <corun/concurrent_broadcast.hpp>
#include <corun/concurrent_channel.hpp>
#include <corun/concurrent_event.hpp>
#include <corun/concurrent_latch.hpp>
#include <corun/concurrent_mutex.hpp>
#include <corun/concurrent_semaphore.hpp>
#include <corun/concurrent_wait_group.hpp>

namespace corun_test {

/// One of each; nothing is ready.
struct twins {
    corun::concurrent_channel<int> full{1}, empty{1};
    corun::concurrent_mutex mutex;
    corun::concurrent_semaphore semaphore{0};
    corun::concurrent_event event{corun::event_reset::automatic};
    corun::concurrent_latch latch{1};
    corun::concurrent_wait_group group;
    corun::concurrent_broadcast<int> news{4};
    corun::concurrent_broadcast<int>::subscription reader = news.subscribe();
    corun::guard<corun::concurrent_mutex> held = mutex.try_lock();

    twins() {
        full.try_send(0);
        group.add();
    }
    /// Starts an operation on each; f makes the token of the one with that number.
    template <class Token>
    void start(Token f) {
        full.async_send(7, f(0));
        empty.async_receive(f(1));
        mutex.async_lock(f(2));
        semaphore.async_acquire(2, f(3));
        event.async_wait(f(4));
        latch.async_wait(f(5));
        group.async_wait(f(6));
        reader.async_receive(f(7));
    }
    void grant() {
        (void)full.try_receive();
        (void)empty.try_send(5);
        held.unlock();
        semaphore.release(2);
        event.set();
        latch.count_down();
        group.done();
        news.send(9);
    }
    static constexpr int kinds = 8;
};

}  // namespace corun_test
