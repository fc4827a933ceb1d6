// Failures that nobody can receive go to the scheduler's handler, each once.
#include "support/child_process.hpp"
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

namespace asio = boost::asio;

namespace {

void fail() { throw std::runtime_error{"nobody listens"}; }

// Collects what the scheduler reports.
struct reports {
    std::vector<std::string> fibers;
    explicit reports(corun::scheduler& scheduler) {
        scheduler.on_unhandled([this](const corun::unhandled_failure& f) {
            BOOST_CHECK_THROW(std::rethrow_exception(f.error), std::runtime_error);
            fibers.push_back(f.fiber);
        });
    }
};

// An executor that has no memory for a function.
struct full_executor {
    asio::io_context* io;
    [[nodiscard]] asio::execution_context& query(asio::execution::context_t) const noexcept { return *io; }
    [[nodiscard]] full_executor require(asio::execution::blocking_t::never_t) const noexcept { return *this; }
    template <class Function>
    void execute(Function&&) const {
        throw std::bad_alloc{};
    }
    friend bool operator==(const full_executor&, const full_executor&) noexcept = default;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(detached_failure, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(the_handle_is_dropped_before_the_end) {
    asio::io_context io;
    reports seen{corun::scheduler::of(io)};
    corun::spawn(io, {.name = "early"}, fail);
    io.run();
    BOOST_REQUIRE(seen.fibers.size() == 1);
    BOOST_TEST(seen.fibers[0].find("'early'") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_handle_is_dropped_after_the_end) {
    asio::io_context io;
    reports seen{corun::scheduler::of(io)};
    auto handle = corun::spawn(io, {.name = "late"}, fail);
    io.run();
    BOOST_TEST(seen.fibers.empty());
    handle = {};
    io.restart();
    io.run();
    BOOST_TEST(seen.fibers.size() == 1);
}

BOOST_AUTO_TEST_CASE(the_handle_is_dropped_after_the_loop_has_ended) {
    std::vector<std::string> told;
    const auto note = [&](const corun::unhandled_failure& f) { told.push_back(f.fiber); };
    {
        asio::io_context io;
        corun::scheduler::of(io).on_unhandled(note);
        auto handle = corun::spawn(io, fail);
        io.run();
        handle = {};
    }
    BOOST_TEST(told.size() == 1);
    {
        corun::runtime cores{{.threads = 1, .scheduler = {.on_unhandled = note}}};
        auto handle = cores.spawn(fail);
        cores.join();
        handle = {};
    }
    BOOST_TEST(told.size() == 2);
}

BOOST_AUTO_TEST_CASE(a_joined_failure_is_not_reported) {
    asio::io_context io;
    reports seen{corun::scheduler::of(io)};
    corun::spawn(io, [] {
        auto child = corun::spawn(fail);
        BOOST_CHECK_THROW(corun::yield(child.join()), std::runtime_error);
    });
    io.run();
    BOOST_TEST(seen.fibers.empty());
}

BOOST_AUTO_TEST_CASE(a_token_receives_it_and_detached_does_not) {
    asio::io_context io;
    reports seen{corun::scheduler::of(io)};
    std::exception_ptr received;
    corun::spawn(io, fail, [&](std::exception_ptr e) { received = e; });
    corun::spawn(io, fail, asio::detached);
    io.run();
    BOOST_TEST((received != nullptr));
    BOOST_TEST(seen.fibers.size() == 1);
}

BOOST_AUTO_TEST_CASE(where_its_way_to_the_token_fails_it_is_reported_itself) {
    asio::io_context io;
    reports seen{corun::scheduler::of(io)};
    corun::spawn(io, fail, asio::bind_executor(full_executor{&io}, [](std::exception_ptr) { BOOST_ERROR("called"); }));
    io.run();
    BOOST_TEST(seen.fibers.size() == 1);
}

// One that a fiber has kept and another throws.
BOOST_AUTO_TEST_CASE(a_cancellation_of_somebody_else_is_a_failure) {
    asio::io_context io;
    reports seen{corun::scheduler::of(io)};
    std::exception_ptr kept;
    auto cut = corun::spawn(io, [&] {
        try {
            corun::yield(corun::sleep_for(std::chrono::hours{1}));
        } catch (const corun::cancelled&) {
            kept = std::current_exception();
            throw;
        }
    });
    corun::spawn(io, [&] {
        cut.cancel();
        BOOST_CHECK_THROW(corun::yield(cut.join()), corun::fiber_cancelled);
        corun::spawn({.name = "mistaken"}, [&] { std::rethrow_exception(kept); });
        auto joined = corun::spawn([&] { std::rethrow_exception(kept); });
        BOOST_CHECK_EXCEPTION(corun::yield(joined.join()), corun::fiber_cancelled, [](const auto& e) {
            return std::string{e.what()}.find("nobody has cancelled it") != std::string::npos;
        });
        BOOST_TEST((joined.status() == corun::fiber_status::failed));
    });
    io.run();
    BOOST_REQUIRE(seen.fibers.size() == 1);
    BOOST_TEST(seen.fibers[0].find("'mistaken'") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_cancelled_fiber_is_no_failure) {
    asio::io_context io;
    reports seen{corun::scheduler::of(io)};
    corun::spawn(io, [] {
        auto child = corun::spawn([] { corun::yield(corun::sleep_for(std::chrono::hours{1})); });
        corun::yield();
        child.cancel();
    });
    io.run();
    BOOST_TEST(seen.fibers.empty());
}

BOOST_AUTO_TEST_CASE(rethrow_leaves_run_which_can_be_called_again) {
    asio::io_context io;
    corun::scheduler::of(io).on_unhandled(corun::rethrow_unhandled);
    int finished = 0;
    for (int i = 0; i != 3; ++i) {
        corun::spawn(io, fail);
        corun::spawn(io, [&] {
            corun::yield(corun::sleep_for(std::chrono::milliseconds{1}));
            ++finished;
        });
    }
    for (int i = 0; i != 3; ++i) BOOST_CHECK_THROW(io.run(), std::runtime_error);
    io.run();
    BOOST_TEST(finished == 3);
}

BOOST_AUTO_TEST_CASE(an_empty_handler_is_the_default) {
    const auto child = corun_test::in_child([] {
        asio::io_context io;
        corun::scheduler::of(io).on_unhandled({});
        corun::spawn(io, {.name = "unlucky"}, fail);
        io.run();
    });
    BOOST_TEST(child.error_output.find("'unlucky'") != std::string::npos);
}

// A fiber that fails while its context is destroyed: nobody is left who could catch what the handler throws, or call the token.
BOOST_AUTO_TEST_CASE(while_the_context_ends_it_is_reported_all_the_same) {
    const auto child = corun_test::in_child([] {
        const auto fail_at_the_end = [] {
            try {
                corun::yield(corun::sleep_for(std::chrono::hours{1}));
            } catch (const corun::cancelled&) {
                fail();
            }
        };
        asio::io_context io;
        corun::scheduler::of(io).on_unhandled(corun::rethrow_unhandled);
        corun::spawn(io, {.name = "rethrown"}, fail_at_the_end);
        corun::spawn(io, {.name = "with a token"}, fail_at_the_end, [](std::exception_ptr) {});
        corun::spawn(
            io, {.name = "without failure"}, [] { corun::yield(corun::sleep_for(std::chrono::hours{1})); },
            [](std::exception_ptr) {});
        io.poll();
    });
    BOOST_TEST(child.exit_code == 0);
    for (const char* part : {"'rethrown'", "'with a token'", "nobody listens", "detached_failure.cpp:"})
        BOOST_TEST(child.error_output.find(part) != std::string::npos, child.error_output);
    BOOST_TEST(child.error_output.find("'without failure'") == std::string::npos, child.error_output);
}

BOOST_AUTO_TEST_CASE(by_default_one_line_on_stderr_and_on) {
    const auto child = corun_test::in_child([] {
        asio::io_context io;
        corun::spawn(io, {.name = "unlucky"}, fail);
        io.run();
    });
    BOOST_TEST(child.exit_code == 0);
    for (const char* part : {"'unlucky'", "nobody listens", "detached_failure.cpp:"})
        BOOST_TEST(child.error_output.find(part) != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
