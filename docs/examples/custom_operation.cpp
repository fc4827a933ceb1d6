// An operation of one's own: a value that somebody delivers once, from any thread. Here, the callback of a library that
// knows nothing of fibers becomes something a fiber can wait for.
#include <corun.hpp>

#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

using namespace std::chrono_literals;

// The two ends share this. Whoever comes second, the value or the fiber, finds the other one here.
template <class T>
struct mailbox {
    std::mutex lock;  // the ends are on different threads
    std::optional<T> value;
    std::optional<corun::waker> waiting;

    void deliver(T delivered) {
        std::optional<corun::waker> sleeper;
        {
            const std::lock_guard hold{lock};
            value = std::move(delivered);
            sleeper = std::exchange(waiting, std::nullopt);
        }
        if (sleeper) sleeper->wake();  // after the value: a woken fiber asks `ready`, and must see it
    }
};

// The waiting end: what corun::operation asks for. It does nothing until `corun::yield(arrival)`.
template <class T>
class [[nodiscard]] arrival {
public:
    explicit arrival(std::shared_ptr<mailbox<T>> box) : box_{std::move(box)} {}

    bool ready() const {
        const std::lock_guard hold{box_->lock};
        return box_->value.has_value();
    }
    void start(corun::waker waker) {
        const std::lock_guard hold{box_->lock};
        if (box_->value)
            waker.wake();  // it came between `ready` and now
        else
            box_->waiting = std::move(waker);
    }
    // The fiber was cancelled. True: nothing of this operation goes on. A value that comes later stays in the box.
    bool cancel() {
        const std::lock_guard hold{box_->lock};
        box_->waiting.reset();
        return true;
    }
    T get() { return std::move(*box_->value); }

private:
    std::shared_ptr<mailbox<T>> box_;
};
static_assert(corun::operation<arrival<std::string>>);

// A library with callbacks, which it calls on a thread of its own.
std::jthread look_up(const std::string& name, std::function<void(std::string)> done) {
    return std::jthread{[=] {
        std::this_thread::sleep_for(20ms);
        done("the value of " + name);
    }};
}

void wait_for_a_value() {
    const auto box = std::make_shared<mailbox<std::string>>();
    const auto reader = corun::spawn([box] {
        const std::string value = corun::yield(arrival{box});
        std::cout << "received: " << value << '\n';
    });
    corun::yield();
    std::cout << "one fiber waits, this one runs on\n";
    const auto library = look_up("x", [box](std::string value) { box->deliver(std::move(value)); });
    corun::yield(reader.join());
}

void cancel_a_wait() {
    const auto box = std::make_shared<mailbox<int>>();
    const auto reader = corun::spawn([box] { corun::yield(arrival{box}); });
    corun::yield();
    reader.cancel();
    try {
        corun::yield(reader.join());
    } catch (const corun::fiber_cancelled&) {
        std::cout << "nobody delivered; the wait was cancelled\n";
    }
}

int main() {
    corun::run([] {
        wait_for_a_value();
        cancel_a_wait();
    });
}
