// Kinds of primitives, as material for random programs. A kind has the functions that a program is made of, by number; each says
// what its caller saw.
#pragma once

#include <corun.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>

namespace corun_test {

/// Waits, but not for ever: 'y' or 'n'.
template <class Op>
char waited(Op&& op) {
    const auto in_time = corun::yield(corun::move_on_after(std::chrono::milliseconds{1}, std::forward<Op>(op)));
    return in_time ? 'y' : 'n';
}

template <class Mutex>
struct locks {
    static constexpr int acts = 3;
    Mutex m;
    std::string act(int which) {
        if (which == 0) {
            const auto held = corun::yield(m.lock());
            corun::yield();
            return "l";
        }
        if (which == 1) {
            const auto held = m.try_lock();
            if (held) corun::yield();
            return held ? "t" : "f";
        }
        if constexpr (requires { m.is_locked(); }) return m.is_locked() ? "1" : "0";
        return {waited(m.lock())};
    }
};

struct reads_and_writes {
    static constexpr int acts = 4;
    corun::shared_mutex m;
    std::string act(int which) {
        if (which == 0) {
            const auto held = corun::yield(m.lock());
            corun::yield();
            return "w";
        }
        if (which == 1) {
            const auto held = corun::yield(m.lock_shared());
            corun::yield();
            return "r";
        }
        if (which == 2) return m.try_lock_shared() ? "t" : "f";
        return {waited(m.lock())};
    }
};

template <class Semaphore>
struct permits {
    static constexpr int acts = 5;
    Semaphore s{1};
    std::string act(int which) {
        if (which == 0) return std::to_string(s.permits());
        if (which == 1) return s.try_acquire() ? "t" : "f";
        if (which == 2) return {waited(s.acquire())};
        if (which == 3) return {waited(s.acquire(2))};
        s.release();
        return "r";
    }
};

template <class Event, corun::event_reset kind>
struct flags {
    static constexpr int acts = 5;
    Event e{kind};
    std::string act(int which) {
        if (which == 0) e.set();
        if (which == 1) e.reset();
        if (which == 2) return e.is_set() ? "1" : "0";
        if (which == 3) return e.try_wait() ? "t" : "f";
        if (which == 4) return {waited(e.wait())};
        return "";
    }
};

template <class Latch>
struct latches {
    static constexpr int acts = 3;
    Latch l{2};
    std::string act(int which) {
        if (which == 0 && !l.try_wait()) l.count_down();
        if (which == 1) return l.try_wait() ? "t" : "f";
        if (which == 2) return {waited(l.wait())};
        return "";
    }
};

template <class WaitGroup>
struct wait_groups {
    static constexpr int acts = 4;
    WaitGroup g;
    std::string act(int which) {
        if (which == 0) g.add(1);
        if (which == 1 && !g.try_wait()) g.done();
        if (which == 2) return g.try_wait() ? "t" : "f";
        if (which == 3) return {waited(g.wait())};
        return "";
    }
};

struct barriers {
    static constexpr int acts = 2;
    corun::barrier b{2};
    std::string act(int which) {
        if (which == 0) return {waited(b.arrive_and_wait())};
        if (const auto last = corun::yield(corun::move_on_after(std::chrono::milliseconds{1}, b.arrive_and_wait())))
            return *last ? "l" : "a";
        return "n";
    }
};

template <class Channel, std::size_t capacity>
struct channels {
    static constexpr int acts = 6;
    Channel c{capacity};
    int next = 0;
    std::string act(int which) {
        try {
            if (which == 0) return std::to_string(c.size());
            if (which == 1) return {waited(c.send(7))};
            if (which == 2) {
                const auto value = corun::yield(corun::move_on_after(std::chrono::milliseconds{1}, c.receive()));
                return !value ? "n" : *value ? "v" : "e";
            }
            if (which == 3) return c.try_send(5) ? "t" : "f";
            if (which == 4) {
                const auto value = c.try_receive();
                return value ? std::to_string(*value) : "-";
            }
            c.close();
            return c.closed() ? "c" : "?";
        } catch (const corun::channel_closed&) {
            return "x";
        }
    }
};

template <class Broadcast>
struct broadcasts {
    static constexpr int acts = 3;
    Broadcast b{1};
    std::string act(int which) {
        if (which == 0) {
            b.send(1);
            return "";
        }
        auto mine = b.subscribe();
        if (which == 1) {
            corun::yield();
            if constexpr (requires { mine.pending(); }) return std::to_string(mine.pending());
        }
        const auto message = corun::yield(corun::move_on_after(std::chrono::milliseconds{1}, mine.receive()));
        return !message ? "n" : !*message ? "e" : std::to_string((*message)->missed);
    }
};

}  // namespace corun_test
