// exception with C++20 coroutines.
#include "../support/exception.hpp"
#include "awaitable.hpp"
#include "reactor.hpp"

#include <boost/asio/post.hpp>

namespace {

perf::awaitable<void> throw_again_and_again(perf::operations& work) {
    while (work.done < work.count) {
        perf::throw_and_catch(work);
        co_await perf::asio::post(perf::use_awaitable);
    }
}

void run(perf::operations& work) {
    perf::asio::io_context io{perf::one_thread};
    perf::open_reactor(io);
    for (std::size_t i = 0; i < work.size; ++i) perf::start(io, throw_again_and_again(work));
    io.run();
}

}  // namespace

int main(int argc, char** argv) { return perf::exception_main(argc, argv, "awaitable", run); }
