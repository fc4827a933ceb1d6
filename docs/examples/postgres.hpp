// PostgreSQL for fibers: libpq in its non-blocking mode, waiting with corun::readable and corun::writable.
// https://www.postgresql.org/docs/current/libpq-async.html
#pragma once

#include <corun.hpp>

#include <libpq-fe.h>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <concepts>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace postgres {

struct error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

struct free_result {
    void operator()(PGresult* result) const noexcept { PQclear(result); }
};

/// The rows of a query. Values are text.
class rows {
public:
    explicit rows(PGresult* result) noexcept : result_{result} {}
    [[nodiscard]] int size() const { return PQntuples(result_.get()); }
    [[nodiscard]] std::string at(int row, int column) const { return PQgetvalue(result_.get(), row, column); }

private:
    std::unique_ptr<PGresult, free_result> result_;
};

/// One session with the server, for one fiber at a time. What waits throws postgres::error with the server's message, and
/// `cancelled`: the query that ran is cancelled on the server then, and the session can be used again.
class connection {
public:
    explicit connection(const std::string& parameters) : link_{PQconnectStart(parameters.c_str())} {
        if (!link_) throw std::bad_alloc{};
        for (auto next = PGRES_POLLING_WRITING; next != PGRES_POLLING_OK; next = PQconnectPoll(link_.get())) {
            if (next == PGRES_POLLING_FAILED || PQstatus(link_.get()) == CONNECTION_BAD) fail();
            wait(next == PGRES_POLLING_READING);
        }
        PQsetnonblocking(link_.get(), 1);
        PQsetNoticeProcessor(link_.get(), [](void*, const char*) {}, nullptr);  // libpq would print them
    }

    /// @param values  for $1, $2 … in the text
    rows query(const std::string& text, const std::vector<std::string>& values = {}) {
        std::vector<const char*> pointers;
        for (const std::string& value : values) pointers.push_back(value.c_str());
        if (PQsendQueryParams(link_.get(), text.c_str(), static_cast<int>(values.size()), nullptr, pointers.data(), nullptr,
                              nullptr, 0) == 0)
            fail();
        try {
            return finish();
        } catch (const corun::cancelled&) {
            withdraw();
            throw;
        }
    }

    /// Neither broken nor in the middle of something.
    [[nodiscard]] bool usable() const {
        return PQstatus(link_.get()) == CONNECTION_OK && PQtransactionStatus(link_.get()) == PQTRANS_IDLE;
    }

private:
    struct close {
        void operator()(PGconn* link) const noexcept { PQfinish(link); }
    };

    // What the system says of the descriptor is left to libpq, which asks again and knows more.
    void wait(bool to_read) {
        boost::system::error_code ignored;
        const int fd = PQsocket(link_.get());
        corun::yield(to_read ? corun::readable(fd) : corun::writable(fd), ignored);
    }

    rows finish() {
        for (int left; (left = PQflush(link_.get())) != 0;) {
            if (left < 0) fail();
            wait(false);
        }
        std::unique_ptr<PGresult, free_result> last;
        for (;;) {
            while (PQisBusy(link_.get()) != 0) {
                wait(true);
                if (PQconsumeInput(link_.get()) == 0) fail();
            }
            PGresult* next = PQgetResult(link_.get());
            if (next == nullptr) break;
            last.reset(next);
        }
        const auto status = PQresultStatus(last.get());
        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) throw error{PQresultErrorMessage(last.get())};
        return rows{last.release()};
    }

    // Asks the server to end the query, by a connection of its own that libpq has no non-blocking form of, and awaits the end.
    void withdraw() {
        corun::yield(corun::with_shield(std::chrono::seconds{5}, [this] {
            const std::unique_ptr<PGcancel, decltype(&PQfreeCancel)> request{PQgetCancel(link_.get()), PQfreeCancel};
            corun::yield(corun::blocking([&] {
                char why[256];
                return request && PQcancel(request.get(), why, sizeof why) == 1;
            }));
            try {
                (void)finish();
            } catch (const error&) {  // "canceling statement due to user request"
            }
        }));
    }

    [[noreturn]] void fail() const { throw error{PQerrorMessage(link_.get())}; }

    std::unique_ptr<PGconn, close> link_;
};

/// Connections that fibers of one scheduler take turns with. Made as they are needed; broken ones are dropped.
class pool {
public:
    pool(std::string parameters, std::size_t most)
        : parameters_{std::move(parameters)},
          left_{most},
          returned_{corun::this_fiber::executor(), boost::asio::steady_timer::time_point::max()} {}

    /// Calls f(connection&) when a connection is free.
    template <std::invocable<connection&> Function>
    auto with(Function&& f) {
        const lease taken{*this};
        return f(*taken.held);
    }

    /// The same inside a transaction, which is committed when f returns and rolled back when it throws.
    template <std::invocable<connection&> Function>
    void transaction(Function&& f) {
        with([&](connection& db) {
            db.query("begin");
            try {
                f(db);
                db.query("commit");
            } catch (...) {
                corun::yield(corun::with_shield(std::chrono::seconds{5}, [&] {
                    try {
                        db.query("rollback");
                    } catch (const error&) {  // a broken connection has rolled back
                    }
                }));
                throw;
            }
        });
    }

private:
    struct lease {
        explicit lease(pool& in) : home{in} {
            boost::system::error_code ignored;
            while (home.left_ == 0 && home.idle_.empty()) corun::yield(home.returned_.async_wait(boost::asio::deferred), ignored);
            if (!home.idle_.empty()) {
                held = std::move(home.idle_.back());
                home.idle_.pop_back();
                return;
            }
            --home.left_;
            try {
                held = std::make_unique<connection>(home.parameters_);
            } catch (...) {
                give_back();
                throw;
            }
        }
        ~lease() { give_back(); }
        lease(const lease&) = delete;
        lease& operator=(const lease&) = delete;

        void give_back() noexcept {
            if (held && held->usable())
                home.idle_.push_back(std::move(held));
            else
                ++home.left_;
            home.returned_.cancel_one();
        }

        pool& home;
        std::unique_ptr<connection> held;
    };

    std::string parameters_;
    std::size_t left_;  // that may still be made
    std::vector<std::unique_ptr<connection>> idle_;
    boost::asio::steady_timer returned_;  // a wait on it is cut short when a connection is given back
};

}  // namespace postgres
