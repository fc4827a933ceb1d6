// A broken program, for docs/guide/debugging.md: an order system in which nothing moves. What is wrong with it?
#include <corun.hpp>
#include <corun/dump.hpp>
#include <corun/overflow.hpp>

#include <boost/asio.hpp>

#include <cstdlib>
#include <iostream>
#include <string_view>

namespace asio = boost::asio;
using namespace std::chrono_literals;

corun::mutex stock, ledger;
corun::channel<int> parcels{8};

void bill() {
    const auto books = corun::yield(ledger.lock());
    corun::yield();
    const auto goods = corun::yield(stock.lock());
}

void ship() {
    const auto goods = corun::yield(stock.lock());
    [[maybe_unused]] const auto parcel = corun::yield(parcels.receive());
    const auto books = corun::yield(ledger.lock());
}

// Opens the books before it looks after the goods, and the other way round.
void take_stock() {
    const auto goods = corun::yield(stock.lock());
    corun::yield();
    const auto books = corun::yield(ledger.lock());
}

// Each waits for the other's end.
void close_down() {
    corun::fiber<void> doors, lights;
    doors = corun::spawn({.name = "doors"}, [&] { corun::yield(lights.wait()); });
    lights = corun::spawn({.name = "lights"}, [&] { corun::yield(doors.wait()); });
    corun::yield(corun::all(doors.join(), lights.join()));
}

// Parses nested lists; each level takes a frame.
int parse(const char* text, int depth) {
    volatile char frame[512] = {*text};  // and `text` never moves on
    return *text == '\0' ? depth : parse(text, depth + 1) + frame[0];
}

void customer() { corun::yield(corun::sleep_for(24h)); }

int main(int argc, char* argv[]) {
    corun::report_overflows();
    const corun::dump_on_signal on_quit;  // SIGQUIT
    const std::string_view how = argc > 1 ? argv[1] : "";
    if (how == "joins" || how == "mutexes") {
        try {
            corun::run([&] {
                if (how == "joins") close_down();
                auto billing = corun::spawn({.name = "billing"}, bill);
                auto inventory = corun::spawn({.name = "inventory"}, take_stock);
                corun::yield();
                corun::yield(inventory.join());
            });
        } catch (const corun::deadlock& refused) {
            std::cerr << refused.what() << '\n';
        }
        return 1;
    }
    asio::io_context io;
    corun::spawn(
        io, {.name = "shop"},
        [&] {
            corun::fiber<> visitor;
            if (how != "stall") visitor = corun::spawn({.name = "customer"}, customer);
            auto shipping = corun::spawn({.name = "shipping"}, ship);
            auto billing = corun::spawn({.name = "billing"}, bill);
            corun::yield(corun::sleep_for(1ms));
            std::cout << "open" << std::endl;
            if (how == "overflow") corun::yield(corun::spawn({.name = "parser"}, [] { return parse("((", 0); }).join());
            if (how == "abort") std::abort();
            corun::yield(visitor ? visitor.join() : billing.join());
        },
        asio::detached);
    io.run();
}
