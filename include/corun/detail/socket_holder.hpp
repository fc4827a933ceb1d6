// A stream's socket: a descriptor alone, or an object of Asio's where somebody needs one.
#pragma once

#include <corun/detail/socket_wait.hpp>
#include <corun/scheduler.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/intrusive_ptr.hpp>
#include <boost/system/error_code.hpp>
#include <boost/system/system_error.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace corun::detail {

// Each is one call to the system.
void shut_down(int fd, int how, boost::system::error_code& ec) noexcept;
void set_option_of(int fd, int level, int name, const void* value, std::size_t size, boost::system::error_code& ec) noexcept;
// @return  the size of the value
[[nodiscard]] std::size_t get_option_of(int fd, int level, int name, void* value, std::size_t size,
                                        boost::system::error_code& ec) noexcept;
[[nodiscard]] std::size_t waiting_bytes_of(int fd, boost::system::error_code& ec) noexcept;
// @return  the size of the address
[[nodiscard]] std::size_t address_of(int fd, bool peer, void* address, std::size_t size, boost::system::error_code& ec) noexcept;

// Those who wait for it at that scheduler (null: none) are told, and fail; at once where nobody drives it just now, else in its next
// turn. Any thread.
void abandon_waits_at(scheduler_core* scheduler, int fd) noexcept;
// The same at both, and closes it when all of them have been told: until then its number must not be another file's.
void close_after_waits(scheduler_core* one, scheduler_core* other, int fd) noexcept;

// An open socket object is registered with its context's reactor, which then is told of each of its packets. So the object is left
// closed, and the descriptor kept beside it, until somebody asks for the object: `object` opens it with the descriptor, for good,
// since nobody knows how long a reference to it is kept. One that came open gives up its descriptor when it is first waited for.
template <class Socket>
class socket_holder {
public:
    using protocol_type = typename Socket::protocol_type;
    using endpoint_type = typename Socket::endpoint_type;
    using executor_type = typename Socket::executor_type;

    template <class... Args>
    explicit socket_holder(std::in_place_t, Args&&... args) : object_(std::forward<Args>(args)...) {}
    socket_holder(socket_holder&& other) noexcept(std::is_nothrow_move_constructible_v<Socket>)
        : object_{std::move(other.object_)}, state_{std::exchange(other.state_, {})} {}
    // The target is closed.
    socket_holder& operator=(socket_holder&& other) {
        object_ = std::move(other.object_);
        state_ = std::exchange(other.state_, {});
        return *this;
    }

    [[nodiscard]] executor_type get_executor() noexcept { return object_.get_executor(); }
    [[nodiscard]] CORUN_SWITCH int native_handle() noexcept { return state_.fd >= 0 ? state_.fd : object_.native_handle(); }
    [[nodiscard]] CORUN_SWITCH int own_descriptor() const noexcept { return state_.fd; }
    [[nodiscard]] bool is_open() const noexcept { return state_.fd >= 0 || object_.is_open(); }

    // A scheduler is about to register it.
    CORUN_SWITCH void meet() {
        if (!state_.is_met) [[unlikely]]
            meet_anew();
    }
    // As which the scheduler knows it that it waits at, or waited at last, for that direction.
    [[nodiscard]] CORUN_SWITCH std::uint64_t registration(direction way) const noexcept {
        return state_.waits[descriptor_table::index(way)].registration;
    }
    void waits_at(scheduler_core& scheduler, direction way) {
        last_wait& last = state_.waits[descriptor_table::index(way)];
        if (last.at.get() != &scheduler) last = {&scheduler, unregistered};
    }
    void is_registered_as(direction way, std::uint64_t registration) noexcept {
        if (state_.is_met) state_.waits[descriptor_table::index(way)].registration = registration;
    }

    // Fails, and takes nothing, where it is open.
    void assign(const protocol_type& protocol, int fd, boost::system::error_code& ec) {
        ec.clear();
        if (state_.fd >= 0)
            ec = boost::asio::error::already_open;
        else if (state_.is_lent || object_.is_open())
            object_.assign(protocol, fd, ec);
        else
            state_.fd = fd;
    }
    void assign(const protocol_type& protocol, int fd) {
        throwing([&](auto& ec) { assign(protocol, fd, ec); });
    }
    void shutdown(boost::asio::socket_base::shutdown_type what, boost::system::error_code& ec) {
        if (state_.fd >= 0)
            shut_down(state_.fd, static_cast<int>(what), ec);
        else
            object_.shutdown(what, ec);
    }
    void shutdown(boost::asio::socket_base::shutdown_type what) {
        throwing([&](auto& ec) { shutdown(what, ec); });
    }
    template <class Option>
    void set_option(const Option& option, boost::system::error_code& ec) {
        if (state_.fd < 0) {
            object_.set_option(option, ec);
            return;
        }
        const auto protocol = local_endpoint(ec).protocol();
        if (!ec)
            set_option_of(state_.fd, option.level(protocol), option.name(protocol), option.data(protocol), option.size(protocol),
                          ec);
    }
    template <class Option>
    void set_option(const Option& option) {
        throwing([&](auto& ec) { set_option(option, ec); });
    }
    template <class Option>
    void get_option(Option& option, boost::system::error_code& ec) const {
        if (state_.fd < 0) {
            object_.get_option(option, ec);
            return;
        }
        const auto protocol = local_endpoint(ec).protocol();
        if (ec) return;
        const std::size_t size = get_option_of(state_.fd, option.level(protocol), option.name(protocol), option.data(protocol),
                                               option.size(protocol), ec);
        if (!ec) option.resize(protocol, size);
    }
    template <class Option>
    void get_option(Option& option) const {
        throwing([&](auto& ec) { get_option(option, ec); });
    }
    [[nodiscard]] endpoint_type local_endpoint(boost::system::error_code& ec) const {
        return state_.fd < 0 ? object_.local_endpoint(ec) : endpoint(false, ec);
    }
    [[nodiscard]] endpoint_type local_endpoint() const {
        return throwing([&](auto& ec) { return local_endpoint(ec); });
    }
    [[nodiscard]] endpoint_type remote_endpoint(boost::system::error_code& ec) const {
        return state_.fd < 0 ? object_.remote_endpoint(ec) : endpoint(true, ec);
    }
    [[nodiscard]] endpoint_type remote_endpoint() const {
        return throwing([&](auto& ec) { return remote_endpoint(ec); });
    }
    [[nodiscard]] std::size_t available(boost::system::error_code& ec) const {
        return state_.fd < 0 ? object_.available(ec) : waiting_bytes_of(state_.fd, ec);
    }
    [[nodiscard]] std::size_t available() const {
        return throwing([&](auto& ec) { return available(ec); });
    }

protected:
    [[nodiscard]] Socket& object() {
        if (state_.fd >= 0) open_object();
        state_.is_lent = true;
        state_.is_met = false;
        for (auto& last : state_.waits) last.registration = unregistered;  // nobody knows what will be done to it
        return object_;
    }
    // Those who wait for it fail.
    void abandon_socket_waits() noexcept {
        abandon_waits(native_handle());
        abandon_waits_at(state_.waits[0].at.get(), native_handle());
        abandon_waits_at(state_.waits[1].at.get(), native_handle());
    }
    // The same, and it is closed.
    void close_socket() noexcept {
        abandon_waits(native_handle());
        boost::system::error_code ignored;  // it is closed in any case
        const bool is_watched = state_.waits[0].at || state_.waits[1].at;
        const int fd = state_.fd < 0 && is_watched ? object_.release(ignored) : state_.fd;
        if (fd >= 0)
            close_after_waits(state_.waits[0].at.get(), state_.waits[1].at.get(), fd);
        else
            object_.close(ignored);
        state_ = {.waits = {}, .is_lent = state_.is_lent};
    }

private:
    [[gnu::noinline]] void meet_anew() {
        if (state_.fd < 0) {
            detail::meet_plain(object_);
            boost::system::error_code ec;
            if (state_.is_lent) return;
            const bool non_blocking = object_.non_blocking();
            const int own = object_.release(ec);
            if (ec) return;
            state_.fd = own;
            state_.is_non_blocking = non_blocking;
        } else {
            know_anew(state_.fd);
        }
        state_.is_met = true;
    }
    // To schedulers it stays the socket that they know.
    void open_object() {
        boost::system::error_code ec;
        const auto protocol = local_endpoint(ec).protocol();
        if (!ec) object_.assign(protocol, state_.fd, ec);
        if (ec) throw boost::system::system_error{ec, "corun::stream: its socket"};
        state_.fd = -1;
        if (state_.is_met) object_.set_option(registered_mark{true}, ec);
        if (state_.is_non_blocking) object_.non_blocking(true, ec);
    }

    [[nodiscard]] endpoint_type endpoint(bool of_peer, boost::system::error_code& ec) const {
        endpoint_type found;
        const std::size_t size = address_of(state_.fd, of_peer, found.data(), found.capacity(), ec);
        if (!ec) found.resize(size);
        return found;
    }
    template <class Attempt>
    static auto throwing(Attempt attempt) {
        boost::system::error_code ec;
        const auto check = [&ec] {
            if (ec) throw boost::system::system_error{ec, "corun::stream"};
        };
        if constexpr (std::is_void_v<decltype(attempt(ec))>) {
            attempt(ec);
            check();
        } else {
            auto value = attempt(ec);
            check();
            return value;
        }
    }

    static constexpr std::uint64_t unregistered = ~std::uint64_t{0};  // as no slot's is

    // Where somebody waits for a direction, or has last waited.
    struct last_wait {
        boost::intrusive_ptr<scheduler_core> at;
        std::uint64_t registration = unregistered;  // as which that scheduler knows the socket
    };
    struct state {
        last_wait waits[2];  // by direction
        int fd = -1;  // negative: the object's, if that is open
        bool is_met = false;  // some scheduler has registered it, and nobody else has had the object since
        bool is_lent = false;  // the object was asked for
        bool is_non_blocking = false;  // as the user had set the object
    };

    Socket object_;
    state state_;
};

}  // namespace corun::detail
