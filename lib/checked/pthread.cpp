// The target corun::checked: in a program that is linked with it, every mutex of threads tells corun who holds it. These functions
// stand before the C library's, which do the work; std::mutex and all that is like it come through here.
#include <corun/checked_mutex.hpp>

#include <dlfcn.h>
#include <pthread.h>
#include <ctime>

namespace {

template <class Function>
Function* real(Function*& known, const char* name) noexcept {
    Function* found = __atomic_load_n(&known, __ATOMIC_RELAXED);
    if (found == nullptr) {
        found = reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
        __atomic_store_n(&known, found, __ATOMIC_RELAXED);
    }
    return found;
}

using one_argument = int(pthread_mutex_t*);
using timed = int(pthread_mutex_t*, const timespec*);
using clocked = int(pthread_mutex_t*, clockid_t, const timespec*);

constinit one_argument* real_lock = nullptr;
constinit one_argument* real_trylock = nullptr;
constinit one_argument* real_unlock = nullptr;
constinit timed* real_timedlock = nullptr;
constinit clocked* real_clocklock = nullptr;

int noted(int result, pthread_mutex_t* mutex) noexcept {
    if (result == 0) corun::detail::note_lock(mutex);
    return result;
}

}  // namespace

extern "C" {

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept { return noted(real(real_lock, "pthread_mutex_lock")(mutex), mutex); }
int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
    return noted(real(real_trylock, "pthread_mutex_trylock")(mutex), mutex);
}
int pthread_mutex_timedlock(pthread_mutex_t* mutex, const timespec* until) noexcept {
    return noted(real(real_timedlock, "pthread_mutex_timedlock")(mutex, until), mutex);
}
int pthread_mutex_clocklock(pthread_mutex_t* mutex, clockid_t clock, const timespec* until) noexcept {
    return noted(real(real_clocklock, "pthread_mutex_clocklock")(mutex, clock, until), mutex);
}
int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
    corun::detail::note_unlock(mutex);
    return real(real_unlock, "pthread_mutex_unlock")(mutex);
}

}  // extern "C"
