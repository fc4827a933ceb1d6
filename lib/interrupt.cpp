#include "interrupt.hpp"

#include "observers.hpp"
#include "scheduler_impl.hpp"

#include <dirent.h>
#include <execinfo.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstring>
#include <mutex>
#include <thread>

namespace corun::detail {
namespace {

enum class stage : int { idle, asked, taken, done };

// One request at a time, under the lock; the handler takes it by the stage alone.
constinit std::mutex request_lock;
constinit std::atomic<stage> request_stage{stage::idle};
std::atomic<scheduler_core*> target{nullptr};
void (*request_look)(void*) noexcept = nullptr;
void* request_argument = nullptr;
struct sigaction former_handler;

void call_former(int number, siginfo_t* info, void* context) {
    if ((former_handler.sa_flags & SA_SIGINFO) != 0)
        former_handler.sa_sigaction(number, info, context);
    else if (former_handler.sa_handler != SIG_DFL && former_handler.sa_handler != SIG_IGN)
        former_handler.sa_handler(number);
}

void on_signal(int number, siginfo_t* info, void* context) {
    const int error_number = errno;
    const bool is_ours = info->si_code == SI_TKILL && info->si_pid == ::getpid();
    if (!is_ours) {
        call_former(number, info, context);
    } else if (current_core() == target.load()) {
        stage expected = stage::asked;
        if (request_stage.compare_exchange_strong(expected, stage::taken)) {
            request_look(request_argument);
            request_stage.store(stage::done);
        }
    }
    errno = error_number;
}

void install_handler() {
    static std::once_flag once;
    std::call_once(once, [] {
        std::array<void*, 1> frame;
        ::backtrace(frame.data(), 1);  // loads the unwinder, which a handler must not
        struct sigaction ours{};
        ours.sa_sigaction = on_signal;
        ours.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
        ::sigaction(SIGURG, &ours, &former_handler);
    });
}

void signal_all_threads() {
    DIR* folder = ::opendir("/proc/self/task");
    if (folder == nullptr) return;
    const auto self = static_cast<pid_t>(::syscall(SYS_gettid));
    while (const dirent* entry = ::readdir(folder)) {
        pid_t thread = 0;
        std::from_chars(entry->d_name, entry->d_name + std::strlen(entry->d_name), thread);
        if (thread > 0 && thread != self) ::syscall(SYS_tgkill, ::getpid(), thread, SIGURG);
    }
    ::closedir(folder);
}

}  // namespace

bool look_from_its_thread(scheduler_impl& scheduler, patience wait, void (*look)(void*) noexcept, void* argument) {
    const std::lock_guard hold{request_lock};
    install_handler();
    target.store(&scheduler);
    request_look = look;
    request_argument = argument;
    request_stage.store(stage::asked);
    signal_all_threads();
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds{static_cast<int>(wait)};
    while (request_stage.load() != stage::done) {
        stage expected = stage::asked;
        if (std::chrono::steady_clock::now() >= until && request_stage.compare_exchange_strong(expected, stage::idle)) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    request_stage.store(stage::idle);
    return true;
}

}  // namespace corun::detail
