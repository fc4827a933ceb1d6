// Small operations for tests.
#pragma once

#include <corun/operation.hpp>

#include <boost/system/system_error.hpp>

#include <atomic>
#include <exception>
#include <functional>
#include <string>
#include <utility>

namespace corun_test {

/// What is ready at once is never started and never cancelled.
struct ready_base {
    [[nodiscard]] bool ready() const noexcept { return true; }
    void start(const corun::waker&) { std::terminate(); }
    bool cancel() { std::terminate(); }
};

template <class T>
struct ready_value : ready_base {
    explicit ready_value(T v) : value{std::move(v)} {}
    T get() { return std::move(value); }
    T value;
};

struct ready_reference : ready_base {
    explicit ready_reference(int& t) : target{&t} {}
    int& get() { return *target; }
    int* target;
};

struct fails_with : ready_base {
    explicit fails_with(boost::system::error_code e) : code{e} {}
    int get() { throw boost::system::system_error{code}; }
    boost::system::error_code code;
};

template <class T>
struct throws : ready_base {
    explicit throws(T v) : value{std::move(v)} {}
    int get() { throw value; }
    T value;
};

/// Records what is asked of it, and does what the test says.
struct scripted {
    std::atomic<bool> is_ready{false};
    std::function<void(corun::waker)> on_start = [](const corun::waker&) {};
    std::function<bool()> on_cancel = [] { return true; };
    std::string calls;

    bool ready() { return is_ready.load(); }
    void start(corun::waker w) {
        calls += "start;";
        on_start(std::move(w));
    }
    bool cancel() {
        calls += "cancel;";
        return on_cancel();
    }
    int get() {
        calls += "get;";
        return 5;
    }
};

}  // namespace corun_test
