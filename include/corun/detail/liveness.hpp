// Which primitives still live, for completion handlers that outlive them.
#pragma once

#include <boost/intrusive/set_hook.hpp>

#include <cstdint>

namespace corun::detail {

// A primitive's. The last member of it, so that nothing of the primitive has ended while somebody visits.
class liveness : public boost::intrusive::set_base_hook<boost::intrusive::link_mode<boost::intrusive::normal_link>> {
public:
    liveness() noexcept = default;
    liveness(const liveness&) = delete;
    liveness& operator=(const liveness&) = delete;
    // Waits for visitors.
    ~liveness();

    // By which visitors find the primitive; no other one ever has it. Under the primitive's lock.
    [[nodiscard]] std::uint64_t number() noexcept;

private:
    friend class visit;
    friend struct by_number;

    std::uint64_t number_ = 0;  // 0: nobody has asked, and nobody will come
    int visitors_ = 0;
};

// Keeps the primitive of that number alive, if it still is. Any thread.
class visit {
public:
    explicit visit(std::uint64_t number) noexcept;
    visit(const visit&) = delete;
    visit& operator=(const visit&) = delete;
    ~visit();
    [[nodiscard]] explicit operator bool() const noexcept { return visited_ != nullptr; }

private:
    liveness* visited_ = nullptr;
};

}  // namespace corun::detail
