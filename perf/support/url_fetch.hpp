// url_fetch: many GETs, a bounded number at a time, a connection each. What every runtime's version shares; each
// brings only `run`.
#pragma once

#include "arguments.hpp"
#include "http.hpp"
#include "measure.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/system/system_error.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>

namespace perf {

/// The work. Its functions may be called on any thread; the first failure ends the work of all.
class url_fetch {
public:
    std::size_t requests = 1000;
    std::size_t concurrency = 100;
    boost::asio::ip::tcp::endpoint server;
    std::string request;

    /// Is there another request to be made? Whoever asked makes it.
    [[nodiscard]] bool claim() { return !failed_ && claimed_.fetch_add(1, std::memory_order_relaxed) < requests; }

    /// Takes the answer of one request, at the end of its stream.
    void count(const http_answer& answer) {
        answer.check_complete();
        answered_.fetch_add(1, std::memory_order_relaxed);
        bytes_.fetch_add(answer.body_bytes(), std::memory_order_relaxed);
    }

    /// Runs one task's requests; what they throw ends the work.
    template <class Task>
    void guard(Task task) {
        try {
            task();
        } catch (...) {
            fail();
        }
    }

    /// Takes the exception that is being handled as the work's failure.
    void fail() {
        try {
            throw;
        } catch (const boost::system::system_error& error) {
            fail(error.code().message());  // its what() would add a place in Asio's sources
        } catch (const std::system_error& error) {
            fail(error.code().message());
        } catch (const std::exception& error) {
            fail(error.what());
        }
    }

    /// Throws the first failure, and whatever else the counts tell.
    void verify() const {
        check(!failed_, failure_);
        check(answered_ == requests, std::to_string(answered_) + " of " + std::to_string(requests) + " answers counted");
        check(bytes_ > 0 && bytes_ % requests == 0, "the answers' bodies differ in length");
    }

    [[nodiscard]] std::size_t answered() const { return answered_; }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

private:
    void fail(const std::string& why) {
        const std::lock_guard lock{failing_};
        if (!failed_) failure_ = server.address().to_string() + ':' + std::to_string(server.port()) + ": " + why;
        failed_ = true;
    }

    std::atomic<std::size_t> claimed_{0};
    std::atomic<std::size_t> answered_{0};
    std::atomic<std::uint64_t> bytes_{0};
    std::atomic<bool> failed_{false};
    std::mutex failing_;
    std::string failure_;
};

/// `run(work)` fetches with `work.concurrency` tasks that claim requests until there are none.
template <class Run>
int url_fetch_main(int argc, char** argv, std::string_view runtime, Run run) {
    return program("url_fetch", [&] {
        url_fetch work;
        std::string host = "127.0.0.1";
        std::string path = "/";
        unsigned port = 8000;
        arguments args{"url_fetch: GETs over a connection each, checked"};
        args.option("requests", work.requests, "how many requests are made")
            .option("concurrency", work.concurrency, "how many at the same time")
            .option("host", host, "the server's numeric address")
            .option("port", port, "the server's port")
            .option("path", path, "what is asked for");
        if (!args.parse(argc, argv)) return;
        require_count("requests", work.requests);
        require_count("concurrency", work.concurrency, 1'000'000);
        require_count("port", port, 65535);
        boost::system::error_code unreadable;
        work.server = {boost::asio::ip::make_address(host, unreadable), static_cast<std::uint16_t>(port)};
        if (unreadable) throw bad_arguments{"--host " + host + " is not a numeric address"};
        work.request = get_request(path, host);

        const stopwatch watch;
        run(work);
        const cost spent = watch.elapsed();
        work.verify();
        result_line{"url_fetch", runtime}
            .add("requests", work.requests)
            .add("concurrency", work.concurrency)
            .add("answered", work.answered())
            .add("bytes", work.bytes())
            .print(spent);
    });
}

}  // namespace perf
