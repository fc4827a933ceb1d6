// What runs on a scheduler's executor runs where that scheduler's fibers do, whichever thread brings it.
#include "support/leaks.hpp"

#include <corun.hpp>

#include <boost/asio.hpp>
#include <boost/test/unit_test.hpp>

#include <memory>
#include <thread>
#include <vector>

namespace asio = boost::asio;

namespace {

// Completes on the thread that calls it, and hands over to the handler's executor there, as operations of Asio do.
template <class Token>
auto complete_on(asio::io_context& elsewhere, Token&& token) {
    return asio::async_initiate<Token, void()>(
        [&elsewhere](auto handler) {
            asio::post(elsewhere, [h = std::move(handler)]() mutable {
                const auto executor = asio::get_associated_executor(h);
                asio::dispatch(executor, std::move(h));
            });
        },
        token);
}

// An operation of several steps, each of which notes whether it runs on the strand.
struct steps {
    asio::io_context& elsewhere;
    asio::strand<asio::io_context::executor_type> strand;
    std::vector<bool>& on_strand;
    int done = 0;
    template <class Self>
    void operator()(Self& self) {
        if (done != 0) on_strand.push_back(strand.running_in_this_thread());
        if (done++ == 3)
            self.complete();
        else
            complete_on(elsewhere, std::move(self));
    }
};

// A context that another thread runs.
struct served_context {
    asio::io_context context{1};
    asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(context);
    std::thread thread{[this] { context.run(); }};
    ~served_context() {
        work.reset();
        thread.join();
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(handlers_at_home, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(a_handler_that_another_contexts_thread_completes) {
    asio::io_context home{1};
    const auto work = std::make_shared<asio::executor_work_guard<asio::io_context::executor_type>>(asio::make_work_guard(home));
    std::thread::id ran_on;
    served_context other;
    complete_on(other.context, asio::bind_executor(corun::scheduler::of(home).get_executor(), [&, work] {
                    ran_on = std::this_thread::get_id();
                    work->reset();
                }));
    home.run();
    BOOST_TEST((ran_on == std::this_thread::get_id()));
}

BOOST_AUTO_TEST_CASE(a_thread_that_runs_nothing_leaves_it_to_one_that_does) {
    asio::io_context home{1};
    bool has_run = false;
    asio::dispatch(corun::scheduler::of(home).get_executor(), [&] { has_run = true; });
    BOOST_TEST(!has_run);
    home.run();
    BOOST_TEST(has_run);
}

BOOST_AUTO_TEST_CASE(steps_of_an_operation_that_a_fiber_on_a_strand_waits_for) {
    asio::io_context home;
    const auto strand = asio::make_strand(home);
    std::vector<bool> on_strand;
    served_context other;
    corun::spawn(strand, [&] {
        corun::yield(
            asio::async_compose<const asio::deferred_t&, void()>(steps{other.context, strand, on_strand}, asio::deferred, home));
        corun::yield(asio::async_compose<const asio::deferred_t&, void()>(steps{home, strand, on_strand}, asio::deferred, home));
    });
    home.run();
    BOOST_TEST((on_strand == std::vector<bool>(6, true)));
}

BOOST_AUTO_TEST_CASE(a_coroutine_that_a_fiber_waits_for_comes_back_from_another_context) {
    asio::io_context home{1};
    std::thread::id went_on_at;
    served_context other;
    corun::spawn(home, [&] {
        corun::yield([&]() -> asio::awaitable<void> {
            co_await complete_on(other.context, asio::use_awaitable);
            went_on_at = std::this_thread::get_id();
        }());
    });
    home.run();
    BOOST_TEST((went_on_at == std::this_thread::get_id()));
}

BOOST_AUTO_TEST_SUITE_END()
