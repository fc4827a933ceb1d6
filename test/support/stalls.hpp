// Reports of stalls.
#pragma once

#include "leaks.hpp"

#include <corun/stall.hpp>

#include <boost/asio/io_context.hpp>

#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace corun_test {

// Collects what is reported, and ends the loop then.
struct stall_listener : nothing_left {
    stall_listener() {
        corun::on_stall([this](const corun::stall& found) {
            reports.push_back(found);
            if (io) io->stop();
        });
    }
    ~stall_listener() {
        io.reset();
        corun::on_stall(corun::report_stall);
    }

    std::string text() const {
        std::ostringstream out;
        for (const auto& report : reports) out << report;
        return out.str();
    }
    // Runs the context until it is stopped, and unwinds its fibers while what they wait for still lives.
    void run_until_stalled() {
        io->run();
        io.reset();
    }
    bool says(const std::string& part) const { return text().find(part) != std::string::npos; }

    std::vector<corun::stall> reports;
    std::unique_ptr<boost::asio::io_context> io = std::make_unique<boost::asio::io_context>();
};

}  // namespace corun_test
