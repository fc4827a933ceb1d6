#include "runtime_impl.hpp"
#include "scheduler_impl.hpp"

#include <corun/run.hpp>

#include <boost/asio/post.hpp>

#include <pthread.h>
#include <sched.h>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <system_error>

namespace corun {
namespace detail {
namespace {

// The n-th processor that the process may use, counted round and round.
void pin(std::thread& thread, std::size_t n) {
    cpu_set_t allowed, one;
    CPU_ZERO(&one);
    int error = ::sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? 0 : errno;
    if (error == 0) {
        n %= static_cast<std::size_t>(CPU_COUNT(&allowed));
        int cpu = 0;
        while (!CPU_ISSET(cpu, &allowed) || n-- != 0) ++cpu;
        CPU_SET(cpu, &one);
        error = ::pthread_setaffinity_np(thread.native_handle(), sizeof one, &one);
    }
    if (error != 0) throw std::system_error{error, std::system_category(), "corun::runtime: cannot pin a thread"};
}

template <class Handler>
void refuse_nobody(const Handler& handler) {
    if (!handler) throw std::invalid_argument{"corun: runtime::serve() with an empty handler"};
}

}  // namespace

runtime_impl::worker::worker(const scheduler_options& options, std::size_t number) : index{number}, own{&scheduler::of(context)} {
    hold();
    own->stack_size(options.stack_size);
    own->on_unhandled(options.on_unhandled);
    own->seed(options.seed + number);
}

// Who looks for stalls never finds more guards counted than there are.
void runtime_impl::worker::hold() {
    guard.emplace(context.get_executor());
    impl_of(*own).family_guards = 1;
}
void runtime_impl::worker::let_go() {
    impl_of(*own).family_guards = 0;
    guard.reset();
}

runtime_impl::runtime_impl(runtime_options options) {
    const std::size_t threads = options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
    for (std::size_t i = 0; i < threads; ++i) impl_of(*workers.emplace_back(options.scheduler, i).own).family = &family;
    try {
        for (worker& each : workers) {
            each.thread = std::thread{[this, &each] { work(each); }};
            ::pthread_setname_np(each.thread.native_handle(), ("corun/" + std::to_string(each.index)).c_str());
            if (options.pin) pin(each.thread, each.index);
        }
    } catch (...) {
        {
            const std::lock_guard hold{lock_};
            has_ended_ = true;
            for (worker& each : workers) each.context.stop();
        }
        for (worker& each : workers)
            if (each.thread.joinable()) each.thread.join();
        throw;
    }
}

runtime_impl::~runtime_impl() {
    servers_.clear();  // before the contexts that their fibers were on
}

// A thread's main function.
void runtime_impl::work(worker& self) noexcept {
    for (;;) {
        clock::time_point until;
        {
            const std::lock_guard hold{lock_};
            if (has_ended_) return;
            until = end_of_grace_;
            self.is_called = false;
            self.context.restart();
        }
        try {
            const std::size_t handlers = run(self, until);
            const std::lock_guard hold{lock_};
            self.has_run |= handlers != 0;
            if (!self.is_called && self.context.stopped() && went_idle(self)) return;
        } catch (...) {
            fail(std::current_exception());
        }
    }
}

// Until nothing is left to do, the grace is over, or the thread is called. Once the grace is over, every fiber is cancelled.
std::size_t runtime_impl::run(worker& self, clock::time_point until) {
    if (until == clock::time_point::max()) return self.context.run();
    if (clock::now() < until) return self.context.run_until(until);
    if (!std::exchange(self.is_closed, true))
        boost::asio::post(self.own->get_executor(), [&fibers = impl_of(*self.own)] { fibers.close(); });
    return self.context.run();
}

bool runtime_impl::went_idle(worker& self) {
    if (!is_ending_) return false;  // somebody has stopped the context: it goes on
    self.is_idle = true;
    if (!std::all_of(workers.begin(), workers.end(), [](const worker& w) { return w.is_idle; })) {
        self.hold();
        return false;
    }
    if (std::any_of(workers.begin(), workers.end(), [](const worker& w) { return w.has_run; })) {
        begin_round();
        return false;
    }
    has_ended_ = true;
    for (worker& each : workers) each.context.stop();
    ended_news_.notify_all();
    return true;
}

void runtime_impl::begin_round() {
    for (worker& each : workers) {
        each.is_idle = each.has_run = false;
        each.let_go();
    }
}

void runtime_impl::fail(std::exception_ptr error) {
    {
        const std::lock_guard hold{lock_};
        if (!failure_) failure_ = std::move(error);
    }
    stop_at(clock::now());
}

void runtime_impl::stop_at(clock::time_point end_of_grace) {
    const std::lock_guard hold{lock_};
    was_stopped_ = true;
    for (const fiber<>& accepting : servers_) accepting.cancel();
    end_of_grace_ = std::min(end_of_grace_, end_of_grace);
    family.is_open = end_of_grace_ != clock::time_point::max();
    for (worker& each : workers) {
        each.is_called = true;
        each.context.stop();
    }
    if (!std::exchange(is_ending_, true))
        for (worker& each : workers) each.let_go();
}

void runtime_impl::join() {
    {
        std::unique_lock hold{lock_};
        if (end_of_grace_ == clock::time_point::max()) family.is_open = false;
        if (!std::exchange(is_ending_, true))
            for (worker& each : workers) each.let_go();
        ended_news_.wait(hold, [this] { return has_ended_; });
    }
    const std::lock_guard hold{joining_};
    for (worker& each : workers)
        if (each.thread.joinable()) each.thread.join();
    if (failure_) std::rethrow_exception(std::exchange(failure_, {}));
}

bool runtime_impl::has_ended() const {
    const std::lock_guard hold{lock_};
    return has_ended_;
}

bool runtime_impl::was_stopped() const {
    const std::lock_guard hold{lock_};
    return has_ended_ || was_stopped_;
}

void runtime_impl::add_server(fiber<> accepting) {
    const std::lock_guard hold{lock_};
    if (was_stopped_) accepting.cancel();
    servers_.push_back(std::move(accepting));
}

}  // namespace detail

runtime::runtime(runtime_options options, std::source_location at) {
    options.scheduler.stack_size = detail::slot_size(options.scheduler.stack_size, at);
    impl_ = std::make_unique<detail::runtime_impl>(std::move(options));
}

runtime::~runtime() {
    if (auto* core = detail::current_core(); core != nullptr && detail::impl_of(*core).family == &impl_->family) {
        std::fputs("corun: a runtime was destroyed by one of its own fibers or handlers\n", stderr);
        std::abort();
    }
    stop();
    try {
        impl_->join();
    } catch (...) {  // who wants the failure calls join
    }
}

std::size_t runtime::size() const noexcept { return impl_->workers.size(); }
scheduler& runtime::scheduler_at(std::size_t index) const { return *impl_->workers.at(index).own; }
boost::asio::io_context& runtime::context_at(std::size_t index) const { return impl_->workers.at(index).context; }
std::atomic<std::size_t>& runtime::load_of(std::size_t index) const { return impl_->workers.at(index).load; }

std::size_t runtime::least_loaded() const noexcept {
    const auto load = [](const auto& worker) { return worker.load.load(std::memory_order_relaxed); };
    const auto least = std::min_element(impl_->workers.begin(), impl_->workers.end(),
                                        [&](const auto& a, const auto& b) { return load(a) < load(b); });
    return least->index;
}

void runtime::refuse_if_ended() const {
    if (impl_->has_ended()) throw std::logic_error{"corun: a fiber was to be spawned on a runtime that has ended"};
}

runtime::tcp::endpoint runtime::serve(const tcp::endpoint& at, connection_handler handler, const serve_options& options,
                                      std::source_location where) {
    detail::refuse_nobody(handler);
    return serve(
        at, [handler = std::move(handler)](stream<tcp::socket> peer) { handler(std::move(peer.socket())); }, options, where);
}

runtime::tcp::endpoint runtime::serve(const tcp::endpoint& at, stream_handler handler, const serve_options& options,
                                      std::source_location where) {
    detail::refuse_nobody(handler);
    if (impl_->was_stopped()) throw std::logic_error{"corun: runtime::serve() after stop(): nobody would accept"};
    return detail::start_server(*this, *impl_, at, std::move(handler), options, where);
}

void runtime::stop_at(clock::time_point end_of_grace) { impl_->stop_at(end_of_grace); }

void runtime::join(std::source_location at) {
    detail::refuse_on_fiber("corun::runtime::join()", at);
    impl_->join();
}

}  // namespace corun
