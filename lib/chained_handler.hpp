// Handlers of signals that end the process: several of ours and the user's, each as if the others were not there.
#pragma once

#include <boost/system/system_error.hpp>

#include <cerrno>
#include <csignal>

namespace corun::detail {

class chained_handler {
public:
    using function = void (*)(int, siginfo_t*, void*);

    explicit constexpr chained_handler(int number) noexcept : number_{number} {}
    [[nodiscard]] int number() const noexcept { return number_; }

    // In place of the one that is there. Does nothing if it is in the chain already. Throws system_error.
    void install(function ours) {
        if (is_installed_) return;
        struct sigaction action{};
        action.sa_sigaction = ours;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        if (::sigaction(number_, &action, &former_) != 0)
            throw boost::system::system_error{errno, boost::system::system_category(), "sigaction"};
        is_installed_ = true;
    }
    // Unless another one was put in its place, which may call it.
    void uninstall(function ours) noexcept {
        struct sigaction present{};
        if (!is_installed_ || ::sigaction(number_, nullptr, &present) != 0) return;
        if ((present.sa_flags & SA_SIGINFO) == 0 || present.sa_sigaction != ours) return;
        ::sigaction(number_, &former_, nullptr);
        is_installed_ = false;
    }
    // Whether nobody has a handler, and the signal is not ignored.
    [[nodiscard]] bool would_be_first() const noexcept {
        struct sigaction present{};
        return ::sigaction(number_, nullptr, &present) == 0 && (present.sa_flags & SA_SIGINFO) == 0 &&
               present.sa_handler == SIG_DFL;
    }
    // At the end of the handler of a signal that no fault causes.
    void raise_again() const noexcept {
        ::sigaction(number_, &former_, nullptr);
        ::raise(number_);
    }
    // At the end of the handler: what caused a fault causes it again when the handler returns, and finds the former handler.
    void pass_on(const siginfo_t& info) const noexcept {
        ::sigaction(number_, &former_, nullptr);
        if (info.si_code <= 0) ::raise(number_);  // somebody has sent it: it does not come again by itself
    }

private:
    int number_;
    bool is_installed_ = false;
    struct sigaction former_{};
};

}  // namespace corun::detail
