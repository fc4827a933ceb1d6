// Power series as streams of their coefficients on demand (Doug McIlroy, "Squinting at Power Series").
#pragma once

#include "conformance/demand.hpp"

#include <corun/group.hpp>
#include <corun/run.hpp>
#include <corun/yield.hpp>

#include <boost/rational.hpp>

#include <any>
#include <cstdint>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

namespace corun_test {

using rational = boost::rational<std::int64_t>;
using coefficients = std::vector<rational>;

inline rational value_of(const std::optional<rational>& item) { return item.value(); }
inline rational value_of(const std::any& item) { return std::any_cast<rational>(item); }

/// @tparam Item  holds a rational; without one it says that the series has ended
template <class Item>
class algebra : demand<Item> {
    using web = demand<Item>;
    using web::answer_with, web::blank, web::copy, web::get, web::get_both, web::make, web::split;

public:
    using series = typename web::stream;

    /// What nobody has asked for when the checks are done waits for ever: cancelling must end it.
    template <class Checks>
    static void run(Checks checks) {
        corun::run([&] {
            algebra a;
            corun::yield(corun::with_group([&](corun::group& fibers) {
                a.live_in(fibers);
                checks(a);
                fibers.cancel();
            }));
        });
    }

    /// The next n coefficients, or those up to the end.
    coefficients take(int n, series& u) {
        coefficients values;
        for (Item i; n != 0 && (i = get(u)).has_value(); --n) values.push_back(value_of(i));
        return values;
    }

    series& poly(coefficients values) {
        return make([this, values = std::move(values)](series& z) {
            for (const auto& c : values) answer(z, c);
        });
    }
    series& rep(rational c) {
        return make([this, c](series& z) {
            for (;;) answer(z, c);
        });
    }
    /// c x^n
    series& mon(rational c, std::size_t n) {
        coefficients values(n);
        values.push_back(c);
        return poly(std::move(values));
    }
    /// (1 + x)^c
    series& binom(rational c) {
        return make([this, c](series& z) {
            rational term = 1;
            for (int n = 1; term != rational{0}; ++n) {
                answer(z, term);
                term *= (c - rational{n - 1}) / rational{n};
            }
        });
    }

    series& add(series& u, series& v) {
        return make([this, &u, &v](series& z) {
            const auto sum = [&] {
                auto [a, b] = get_both(u, v);
                if (!a.has_value()) return b;
                return b.has_value() ? Item{value_of(a) + value_of(b)} : a;
            };
            while (answer_with(z, sum)) continue;
        });
    }
    series& cmul(rational c, series& u) {
        return make([this, c, &u](series& z) {
            while (answer_with(z, [&] { return scaled(get(u), c); })) continue;
        });
    }
    series& sub(series& u, series& v) { return add(u, cmul(-1, v)); }
    /// c + x U
    series& shift(rational c, series& u) {
        return make([this, c, &u](series& z) {
            answer(z, c);
            copy(u, z);
        });
    }
    /// (u + x U') (v + x V') = u v + x ((u V' + v U') + x U' V')
    series& mul(series& u, series& v) {
        return make([this, &u, &v](series& z) {
            Item a, b;
            const auto first = [&] {
                std::tie(a, b) = get_both(u, v);
                return a.has_value() ? scaled(b, value_of(a)) : Item{};
            };
            if (!answer_with(z, first)) return;
            const auto us = split(u), vs = split(v);
            series& mixed = add(cmul(value_of(a), vs.first), cmul(value_of(b), us.first));
            if (!answer_with(z, [&] { return get(mixed); })) return;
            copy(add(mixed, mul(us.second, vs.second)), z);
        });
    }
    series& diff(series& u) {
        return make([this, &u](series& z) {
            int n = 0;
            const auto next = [&] {
                if (n == 0) get(u);
                return scaled(get(u), ++n);
            };
            while (answer_with(z, next)) continue;
        });
    }
    /// @param c  the constant of integration
    series& integ(rational c, series& u) {
        return make([this, c, &u](series& z) {
            answer(z, c);
            for (int n = 1; answer_with(z, [&] { return scaled(get(u), rational{1, n}); });) ++n;
        });
    }
    /// Z = z + x Z' with z = 1 / u, of which Z' = -z U' Z
    series& recip(series& u) {
        return make([this, &u](series& z) {
            rational c;
            answer_with(z, [&] { return Item{c = rational{1} / value_of(get(u))}; });
            series &back = blank(), &out = blank();
            split(mul(cmul(-c, u), shift(c, back)), back, out);
            copy(out, z);
        });
    }
    /// Z = 1 + the integral of Z U', as if U began with 0
    series& exp(series& u) {
        series &back = blank(), &out = blank();
        split(integ(1, mul(back, diff(u))), back, out);
        return out;
    }
    /// U(V) = u + V U'(V), as if V began with 0
    series& subst(series& u, series& v) {
        return make([this, &u, &v](series& z) {
            if (!answer_with(z, [&] { return get(u); })) return;
            const auto vs = split(v);
            if (get(vs.first).has_value()) copy(mul(vs.first, subst(u, vs.second)), z);
        });
    }
    /// U(c x^n)
    series& mon_subst(series& u, rational c, int n) {
        return make([this, &u, c, n](series& z) {
            for (rational power = 1; answer_with(z, [&] { return scaled(get(u), power); }); power *= c)
                for (int zeros = 1; zeros != n; ++zeros) answer(z, 0);
        });
    }
    /// The R of which U(R) = x: U = x U' and R = x R' give R' = 1 / U'(R).
    series& revert(series& u) {
        return make([this, &u](series& z) {
            answer(z, 0);
            get(u);
            series &back = blank(), &out = blank();
            split(recip(subst(u, shift(0, back))), back, out);
            copy(out, z);
        });
    }

private:
    void answer(series& z, rational c) {
        answer_with(z, [&] { return Item{c}; });
    }
    static Item scaled(const Item& item, rational by) { return item.has_value() ? Item{value_of(item) * by} : Item{}; }
};

}  // namespace corun_test
