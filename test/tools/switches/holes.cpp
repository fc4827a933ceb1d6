// For test_switches.py: whether these reach a yield depends on what is not known here.
#include <corun.hpp>

#include <functional>

void somewhere_else();

struct listener {
    virtual ~listener() = default;
    virtual void told() = 0;
};

void by_pointer(void (*call)()) noexcept { call(); }
void by_virtual(listener& one) noexcept { one.told(); }
void by_function(const std::function<void()>& call) noexcept { call(); }
void by_name() noexcept { somewhere_else(); }

void captures(const std::function<void()>& call) {
    corun::spawn([call] { (void)call; });  // the lambda's destructor destroys a std::function
}
