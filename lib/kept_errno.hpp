// errno of the running fiber, kept over what the fiber has not asked for.
#pragma once

#include <cerrno>

namespace corun::detail {

// Around what makes Asio's reactor, which sets errno in some versions (Boost 1.88): it is made on the turn of the first fiber that
// sleeps or waits for a descriptor.
class kept_errno {
public:
    kept_errno() noexcept = default;
    kept_errno(const kept_errno&) = delete;
    kept_errno& operator=(const kept_errno&) = delete;
    ~kept_errno() { errno = kept_; }

private:
    int kept_ = errno;
};

}  // namespace corun::detail
