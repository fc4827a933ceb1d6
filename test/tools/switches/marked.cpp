// For test_switches.py: a line that ends in `// found` holds something that must not switch and can, one that ends in `// hole` a
// place that cannot be followed; no other line may be named.
#include <corun.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace {
void give_way() { corun::yield(); }

// noexcept in all its forms
const auto lambda = []() noexcept { give_way(); };  // found
template <class T>
void templated(T) noexcept {  // found
    give_way();
}
struct made {
    explicit made(std::string given) noexcept : text{std::move(given)} { give_way(); }  // found
    std::string text;
};
void conditionally(bool really) noexcept(sizeof(int) > 1) {  // found
    if (really) give_way();
}
void tried() noexcept try { give_way(); } catch (...) {  // found
}
void by_an_algorithm(std::vector<int>& all) noexcept {  // found
    std::sort(all.begin(), all.end(), [](int a, int b) {
        give_way();
        return a < b;
    });
}
void by_visit(std::variant<int, char>& one) noexcept {  // found
    std::visit([](auto) { give_way(); }, one);
}
void only_spawns() noexcept {
    corun::spawn([] { give_way(); }).join();
}
void only_defines() noexcept {
    auto later = [] { give_way(); };
    (void)later;
}

// destructors
struct base {
    ~base();
};
base::~base() { give_way(); }  // found
struct derived : base {};      // found
struct speaks {
    virtual ~speaks() = default;
};
void destroys(speaks* one) noexcept { delete one; }  // hole

// scopes
struct number {
    operator int() {
        give_way();
        return 1;
    }
    number& operator++() {
        give_way();
        return *this;
    }
};
template <class F>
void calls_what_it_gets(F function) {
    corun::no_yield scope{"a template"};  // found
    function();
}
void calls_a_lambda() {
    corun::no_yield scope{"a lambda's call"};  // found
    auto now = [] { give_way(); };
    now();
}
void converts() {
    corun::no_yield scope{"a conversion"};  // found
    number one;
    [[maybe_unused]] const int two = one;
}
void increments() {
    corun::no_yield scope{"an operator"};  // found
    number one;
    ++one;
}
void destroys_at_its_end() {
    corun::no_yield scope{"a destructor"};  // found
    derived one;
}
void waits(boost::asio::steady_timer& timer) {
    corun::no_yield scope{"a token"};  // found
    timer.async_wait(corun::yield);
}
void leaves_early() {
    give_way();
    {
        const corun::no_yield scope{"a loop"};  // found
        for (int i = 0; i != 2; ++i) {
            if (i == 1) return;
            give_way();
        }
    }
    give_way();
}
void only_around() {
    give_way();
    {
        const corun::no_yield scope{"nothing"};
        auto later = [] { give_way(); };
        (void)later;
    }
    give_way();
}
void nested() {
    {
        const corun::no_yield outer{"both"};  // found
        {
            const corun::no_yield inner{"nothing in here"};
        }
        give_way();
    }
}
struct holder {  // hole
    corun::no_yield scope{"a member"};
};
void by_a_member() {
    holder held;
    give_way();
}
void by_an_optional() {
    std::optional<corun::no_yield> scope;
    scope.emplace("an optional");  // hole
    give_way();
}
}  // namespace

int main() {
    corun::run([] {
        boost::asio::steady_timer timer{corun::this_fiber::executor()};
        std::variant<int, char> one;
        std::vector<int> all;
        lambda(), templated(1), conditionally(true), tried(), by_an_algorithm(all), by_visit(one), only_spawns(), only_defines();
        const made m{"x"};
        destroys(new speaks);
        calls_what_it_gets([] { give_way(); });
        calls_a_lambda(), converts(), increments(), destroys_at_its_end(), waits(timer), leaves_early(), only_around(), nested();
        by_a_member(), by_an_optional();
    });
}
