// Ten fibers move money between accounts over a pool of three connections, in transactions; then a query is cancelled.
//   postgres PARAMETERS         e.g. "host=/tmp dbname=postgres"
//   postgres PARAMETERS QUERY   prints the first value of a query while another fiber counts on
#include "postgres.hpp"

#include <corun.hpp>

#include <iostream>
#include <string>

using namespace std::chrono_literals;

void move_money(postgres::pool& pool, int from, int to) {
    pool.transaction([&](postgres::connection& db) {
        db.query("select from accounts where id in ($1, $2) order by id for update", {std::to_string(from), std::to_string(to)});
        db.query("update accounts set amount = amount - 10 where id = $1", {std::to_string(from)});
        db.query("update accounts set amount = amount + 10 where id = $1", {std::to_string(to)});
    });
}

void bank(const std::string& parameters) {
    postgres::pool pool{parameters, 3};
    pool.transaction([](postgres::connection& db) {
        db.query("drop table if exists accounts");
        db.query("create table accounts (id int primary key, amount int not null check (amount >= 0))");
        db.query("insert into accounts select n, 50 from generate_series(0, 9) n");
    });
    int moved = 0, refused = 0;
    corun::yield(corun::with_group([&](corun::group& clerks) {
        for (int n = 0; n < 10; ++n)
            clerks.spawn([&, n] {
                for (int k = 1; k <= 10; ++k) try {
                        move_money(pool, n, (n + k) % 10 == n ? (n + 1) % 10 : (n + k) % 10);
                        ++moved;
                    } catch (const postgres::error&) {  // an account would have been overdrawn: rolled back
                        ++refused;
                    }
            });
    }));
    const auto sum = pool.with([](postgres::connection& db) { return db.query("select sum(amount) from accounts").at(0, 0); });
    std::cout << moved + refused << " transactions, the sum is " << sum << '\n';

    pool.with([](postgres::connection& db) {
        try {
            corun::yield(corun::with_timeout(50ms, [&] { db.query("select pg_sleep(3600)"); }));
        } catch (const corun::timed_out&) {
            std::cout << "a long query was cancelled; the next says " << db.query("select 'fine'").at(0, 0) << '\n';
        }
    });
    const auto running = pool.with([](postgres::connection& db) {
        return db.query("select count(*) from pg_stat_activity where state = 'active' and query like '%pg_sleep(3600)'").at(0, 0);
    });
    std::cout << "long queries that still run: " << std::stoi(running) << '\n';
}

void ask(const std::string& parameters, const std::string& query) {
    int turns = 0;
    corun::yield(corun::with_group([&](corun::group& both) {
        const auto others = both.spawn({.name = "others"}, [&] {
            for (;; ++turns) corun::yield(corun::sleep_for(1ms));
        });
        postgres::connection db{parameters};
        std::cout << "asking" << std::endl;
        try {
            std::cout << db.query(query).at(0, 0) << '\n';
        } catch (const postgres::error&) {
            const int before = turns;
            while (turns == before) corun::yield(corun::sleep_for(1ms));
            std::cout << "the others go on\n";
            throw;
        }
        others.cancel();
    }));
}

int main(int argc, char** argv) try {
    if (argc < 2 || argc > 3) {
        std::cerr << "usage: postgres PARAMETERS [QUERY]\n";
        return 2;
    }
    corun::run([&] { argc == 2 ? bank(argv[1]) : ask(argv[1], argv[2]); });
} catch (const std::exception& error) {
    std::cout << std::flush;
    std::cerr << "postgres: " << error.what() << '\n';
    return 1;
}
