// The floor below every completion token that switches stacks: the handler of Asio's operation continues the one that waits for it,
// on the spot. It has what corun promises of its token and no token can be without: memory that is used again, a cancellation slot,
// and, where Asio has them, completion on the spot. There is no scheduler, only one thread, and nobody is ever cancelled.
#include "../support/echo.hpp"
#include "asio.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/write.hpp>
#include <boost/context/detail/fcontext.hpp>
#include <boost/context/fixedsize_stack.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace {

namespace asio = boost::asio;
using boost::context::detail::fcontext_t;
using boost::context::detail::jump_fcontext;
using boost::context::detail::transfer_t;

// One connection's stack, and what its operations need beside it.
struct bare_fiber {
    fcontext_t left_at = nullptr;
    fcontext_t loop = nullptr;
    asio::cancellation_signal cancellation;
    struct block {
        alignas(std::max_align_t) std::array<std::byte, 512> bytes;
        bool is_taken = false;
    };
    std::array<block, 2> blocks;
};

bare_fiber* running = nullptr;

void go_on(bare_fiber& fiber) {
    running = &fiber;
    fiber.left_at = jump_fcontext(fiber.left_at, &fiber).fctx;
    running = nullptr;
}

template <class T>
struct block_allocator {
    using value_type = T;
    explicit block_allocator(bare_fiber& of) : fiber{&of} {}
    template <class U>
    block_allocator(const block_allocator<U>& other) : fiber{other.fiber} {}

    T* allocate(std::size_t n) {
        for (auto& block : fiber->blocks)
            if (!block.is_taken && n * sizeof(T) <= block.bytes.size()) {
                block.is_taken = true;
                return reinterpret_cast<T*>(block.bytes.data());
            }
        return static_cast<T*>(::operator new(n * sizeof(T)));
    }
    void deallocate(T* memory, std::size_t) {
        for (auto& block : fiber->blocks)
            if (static_cast<void*>(memory) == block.bytes.data()) {
                block.is_taken = false;
                return;
            }
        ::operator delete(memory);
    }
    template <class U>
    bool operator==(const block_allocator<U>& other) const {
        return fiber == other.fiber;
    }

    bare_fiber* fiber;
};

// Asio asks for it from Boost 1.82 on.
struct on_the_spot {
    asio::execution_context* context;
    asio::execution_context& query(asio::execution::context_t) const noexcept { return *context; }
    static constexpr asio::execution::blocking_t query(asio::execution::blocking_t) noexcept {
        return asio::execution::blocking.possibly;
    }
    template <class Function>
    void execute(Function&& f) const {
        std::decay_t<Function>{std::forward<Function>(f)}();
    }
    [[maybe_unused]] friend bool operator==(on_the_spot, on_the_spot) noexcept = default;
};

struct outcome {
    bare_fiber* fiber = running;
    boost::system::error_code ec;
    std::size_t bytes = 0;
    bool is_done = false;
    bool is_awaited = false;
};

struct handler {
    using allocator_type = block_allocator<std::byte>;
    using cancellation_slot_type = asio::cancellation_slot;
    using immediate_executor_type = on_the_spot;
    allocator_type get_allocator() const noexcept { return allocator_type{*to->fiber}; }
    cancellation_slot_type get_cancellation_slot() const noexcept { return to->fiber->cancellation.slot(); }
    immediate_executor_type get_immediate_executor() const noexcept { return {context}; }

    void operator()(boost::system::error_code ec, std::size_t bytes) {
        to->ec = ec;
        to->bytes = bytes;
        to->is_done = true;
        if (to->is_awaited) go_on(*to->fiber);
    }

    outcome* to;
    asio::execution_context* context;
};

struct bare_token {
    asio::execution_context* context;
};

}  // namespace

template <>
struct asio::async_result<bare_token, void(boost::system::error_code, std::size_t)> {
    using return_type = outcome;
    template <class Initiation, class... Arguments>
    static outcome initiate(Initiation&& initiation, bare_token token, Arguments&&... arguments) {
        outcome result;
        std::forward<Initiation>(initiation)(handler{&result, token.context}, std::forward<Arguments>(arguments)...);
        if (!result.is_done) {
            result.is_awaited = true;
            bare_fiber& self = *result.fiber;
            self.loop = jump_fcontext(self.loop, nullptr).fctx;
        }
        return result;
    }
};

namespace {

struct session {
    perf::tcp_socket peer;
    perf::echo& work;
    asio::execution_context& context;
    bare_fiber fiber{};
    boost::context::fixedsize_stack stacks{};
    boost::context::stack_context stack = stacks.allocate();

    ~session() { stacks.deallocate(stack); }

    void serve() {
        perf::echo::buffer data;
        const bare_token token{&context};
        for (;;) {
            const outcome read = peer.async_read_some(asio::buffer(data), token);
            if (read.ec || asio::async_write(peer, asio::buffer(data, read.bytes), token).ec) return;
            work.answer_sent();
        }
    }
    static void enter(transfer_t from) {
        auto* const self = static_cast<session*>(from.data);
        self->fiber.loop = from.fctx;
        self->serve();
        jump_fcontext(self->fiber.loop, nullptr);
    }
    void begin() {
        running = &fiber;
        fiber.left_at = jump_fcontext(boost::context::detail::make_fcontext(stack.sp, stack.size, enter), this).fctx;
        running = nullptr;
    }
};

template <class Acceptor>
void accept(asio::io_context& io, Acceptor& acceptor, perf::echo& work, std::vector<std::unique_ptr<session>>& sessions) {
    if (sessions.size() == work.connections) return;
    acceptor.async_accept([&](boost::system::error_code ec, perf::tcp_socket peer) {
        if (ec) return;
        sessions.push_back(std::unique_ptr<session>{new session{std::move(peer), work, io}});
        sessions.back()->begin();
        accept(io, acceptor, work, sessions);
    });
}

}  // namespace

int main(int argc, char** argv) {
    return perf::echo_main(argc, argv, "jump_fcontext", [](auto& io, auto& acceptor, auto& work) {
        std::vector<std::unique_ptr<session>> sessions;  // dies after the operations, which end with the connections
        accept(io, acceptor, work, sessions);
        io.run();
    });
}
