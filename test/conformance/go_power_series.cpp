// The programs powser1 and powser2 of Go's distribution, asked of ours: what they are about, not their code. They differ in what
// flows: plain rationals, and values whose type is erased.
#include "conformance/power_series.hpp"
#include "support/leaks.hpp"

#include <boost/test/unit_test.hpp>

#include <any>
#include <optional>

using corun_test::coefficients;
using corun_test::rational;

using boost::test_tools::per_element;

namespace {

// One series after the other: no two fibers ask one that others ask too.
template <class Item>
void of_one_series() {
    using algebra = corun_test::algebra<Item>;
    algebra::run([](algebra& a) {
        BOOST_TEST(a.take(5, a.rep(1)) == coefficients(5, 1), per_element());
        BOOST_TEST(a.take(10, a.cmul(-1, a.rep(2))) == coefficients(10, -2), per_element());
        BOOST_TEST(a.take(10, a.diff(a.rep(1))) == (coefficients{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}), per_element());
        BOOST_TEST(a.take(6, a.integ(0, a.rep(1))) == (coefficients{0, 1, {1, 2}, {1, 3}, {1, 4}, {1, 5}}), per_element());
        BOOST_TEST(a.take(10, a.mon(7, 2)) == (coefficients{0, 0, 7}), per_element());
        BOOST_TEST(a.take(10, a.binom(5)) == (coefficients{1, 5, 10, 10, 5, 1}), per_element());
        BOOST_TEST(a.take(5, a.binom({1, 2})) == (coefficients{1, {1, 2}, {-1, 8}, {1, 16}, {-5, 128}}), per_element());
        BOOST_TEST(a.take(6, a.mon_subst(a.rep(1), -1, 2)) == (coefficients{1, 0, -1, 0, 1, 0}), per_element());
        const coefficients arcus_tangens{0, 1, 0, {-1, 3}, 0, {1, 5}, 0, {-1, 7}, 0, {1, 9}};
        BOOST_TEST(a.take(10, a.integ(0, a.mon_subst(a.rep(1), -1, 2))) == arcus_tangens, per_element());
    });
}

template <class Item>
void of_two_series() {
    using algebra = corun_test::algebra<Item>;
    algebra::run([](algebra& a) {
        BOOST_TEST(a.take(10, a.add(a.rep(1), a.rep(1))) == coefficients(10, 2), per_element());
        BOOST_TEST(a.take(10, a.add(a.rep(1), a.rep(2))) == coefficients(10, 3), per_element());
        BOOST_TEST(a.take(10, a.sub(a.rep(1), a.rep(2))) == coefficients(10, -1), per_element());
        BOOST_TEST(a.take(10, a.add(a.poly({1, 2, 3}), a.poly({4}))) == (coefficients{5, 2, 3}), per_element());
        BOOST_TEST(a.take(10, a.add(a.poly({4}), a.poly({1, 2, 3}))) == (coefficients{5, 2, 3}), per_element());
        const coefficients one_to_ten{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
        BOOST_TEST(a.take(10, a.mul(a.rep(1), a.rep(1))) == one_to_ten, per_element());
        auto& ones = a.rep(1);
        BOOST_TEST(a.take(10, a.mul(ones, ones)) == one_to_ten, per_element());  // which asks it twice at a time
        BOOST_TEST(a.take(10, a.mul(a.poly({1, 1}), a.poly({1, -1}))) == (coefficients{1, 0, -1}), per_element());
        const coefficients fibonacci{1, 1, 2, 3, 5, 8, 13, 21};
        BOOST_TEST(a.take(8, a.subst(a.rep(1), a.poly({0, 1, 1}))) == fibonacci, per_element());
        BOOST_TEST(a.take(10, a.subst(a.poly({1, 1, 1}), a.poly({0, 2}))) == (coefficients{1, 2, 4}), per_element());
    });
}

template <class Item>
void of_series_made_of_themselves() {
    using algebra = corun_test::algebra<Item>;
    algebra::run([](algebra& a) {
        BOOST_TEST(a.take(10, a.recip(a.poly({1, -1}))) == coefficients(10, 1), per_element());
        BOOST_TEST(a.take(6, a.recip(a.mul(a.rep(1), a.rep(1)))) == (coefficients{1, -2, 1, 0, 0, 0}), per_element());
        BOOST_TEST(a.take(5, a.exp(a.mon(1, 1))) == (coefficients{1, 1, {1, 2}, {1, 6}, {1, 24}}), per_element());
        BOOST_TEST(a.take(6, a.mul(a.exp(a.mon(1, 1)), a.exp(a.mon(-1, 1)))) == (coefficients{1, 0, 0, 0, 0, 0}), per_element());
        const coefficients exp_of_ones{1,         1,           {3, 2},        {13, 6},       {73, 24},
                                       {167, 40}, {4051, 720}, {37633, 5040}, {43817, 4480}, {4596553, 362880}};
        BOOST_TEST(a.take(10, a.exp(a.rep(1))) == exp_of_ones, per_element());
        const coefficients tangens{0, 1, 0, {1, 3}, 0, {2, 15}, 0, {17, 315}};
        BOOST_TEST(a.take(8, a.revert(a.integ(0, a.mon_subst(a.rep(1), -1, 2)))) == tangens, per_element());
    });
}

template <class Item>
void of_all() {
    of_one_series<Item>();
    of_two_series<Item>();
    of_series_made_of_themselves<Item>();
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(go_power_series, corun_test::nothing_left)

BOOST_AUTO_TEST_CASE(powser1) { of_all<std::optional<rational>>(); }

BOOST_AUTO_TEST_CASE(powser2) { of_all<std::any>(); }

BOOST_AUTO_TEST_SUITE_END()
