// Several children that one parent waits for, in Asio's terms.
#pragma once

#include "asio.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>

#include <cstddef>
#include <exception>
#include <memory>
#include <utility>

namespace perf {

namespace detail {

struct sleeping_parent {
    virtual ~sleeping_parent() = default;
    virtual void wake() = 0;
};

// The wake-up is posted: run inside of the last child's handler, the parent would go on upon that child's stack.
template <class Handler>
struct parent_of final : sleeping_parent {
    parent_of(asio::io_context& io, Handler to_wake) : loop{io}, handler{std::move(to_wake)} {}
    void wake() override { asio::post(loop, std::move(handler)); }
    asio::io_context& loop;
    Handler handler;
};

}  // namespace detail

/// The children of one parent; it must outlive them, on the parent's stack or in its frame.
class children {
public:
    children(asio::io_context& io, std::size_t count) : io_{io}, left_{count} {}

    /// What each child's end is to be told.
    auto handler() {
        return [this](std::exception_ptr thrown) {
            if (thrown) std::rethrow_exception(thrown);
            if (--left_ == 0 && parent_) parent_->wake();
        };
    }

    /// Have all ended already? Then there is nothing to join: asio::spawn runs a child at once, up to where it first waits.
    [[nodiscard]] bool ended() const { return left_ == 0; }

    /// Completes when the last has ended; to be called while one has not.
    template <class Token>
    auto join(Token&& token) {
        const auto sleep = [this](auto parent) {
            parent_ = std::make_unique<detail::parent_of<decltype(parent)>>(io_, std::move(parent));
        };
        return asio::async_initiate<Token, void()>(sleep, token);
    }

private:
    asio::io_context& io_;
    std::size_t left_;
    std::unique_ptr<detail::sleeping_parent> parent_;
};

}  // namespace perf
