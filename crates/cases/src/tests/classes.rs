//! That every class is what it claims to be.

use std::collections::BTreeSet;

use super::*;
use crate::plain::VALUES;
use crate::random::Random;
use crate::relation::Relation;

/// Runs a test for both types.
macro_rules! both {
    ($($name:ident)*) => {$(
        #[test]
        fn $name() {
            of_type::$name::<f32>();
            of_type::$name::<f64>();
        }
    )*};
}
both! {
    uniform_is_near_one
    spread_reaches_every_exponent
    neighbours_are_within_three_units
    cancelling_differences_are_small_integers
    ties_are_midpoints_and_beside_them
    midpoints_with_something_tiny
    midpoints_with_something_near
    subnormal_results_and_products
    overflowing_results_and_products
    low_precision_has_few_bits_and_zeros
    random_bits_reach_every_kind
    special_values_meet_in_every_place
    relations_hold_exactly
}

fn normal<T: Float>(x: T) -> bool {
    finite(x) && bits(x) >= T::LEADING
}

/// The exponent of the leading bit of a magnitude in units of 2^(2·least exponent).
fn leading<T: Float>(x: &BigUint) -> i32 {
    x.bits() as i32 - 1 + 2 * T::LEAST_EXPONENT
}

/// x without its factors of two.
fn odd_part(x: &BigUint) -> BigUint {
    x >> x.trailing_zeros().unwrap_or(0)
}

mod of_type {
    use super::*;

    pub(super) fn uniform_is_near_one<T: Float>() {
        assert_share(Class::Uniform, "between 1/8 and 16", 1.0, |q: [T; 4]| {
            q.into_iter().all(|x| {
                let exponent = (bits(x) / T::LEADING) as i32 - T::MAX_EXPONENT;
                (-3..=3).contains(&exponent)
            })
        });
    }

    pub(super) fn spread_reaches_every_exponent<T: Float>() {
        let class = Class::Spread;
        let fields: BTreeSet<u64> = (0..CASES)
            .flat_map(|index| quadruple::<T>(class, SEED, index))
            .map(|x| bits(x) / T::LEADING)
            .collect();
        assert!(
            fields.into_iter().eq(0..T::INFINITY / T::LEADING),
            "{}: an exponent is missing",
            T::NAME
        );
        let distance = |[_, ab, cd]: [BigUint; 3]| ab.bits().abs_diff(cd.bits());
        let near = u64::from(2 * T::PRECISION + 4);
        assert_share(class, "comparable products", 0.65, |q: [T; 4]| {
            distance(sizes(q)) <= near + 1
        });
        assert_share(class, "far products", 0.1, |q: [T; 4]| {
            distance(sizes(q)) > near + 1
        });
        assert_share(class, "a product overflows", 0.1, |q: [T; 4]| {
            sizes(q)[1..]
                .iter()
                .any(|x| leading::<T>(x) > T::MAX_EXPONENT)
        });
        assert_share(class, "a product underflows", 0.1, |q: [T; 4]| {
            sizes(q)[1..]
                .iter()
                .any(|x| leading::<T>(x) < T::MIN_EXPONENT)
        });
    }

    /// The operands of the classes with relations are normal, if they are not zero.
    fn operands_are_normal<T: Float>(class: Class) {
        assert_share(class, "normal operands", 1.0, |q: [T; 4]| {
            q.into_iter().all(|x| normal(x) || bits(x) == 0)
        });
        let fields: BTreeSet<u64> = (0..CASES)
            .flat_map(|index| quadruple::<T>(class, SEED, index))
            .map(|x| bits(x) / T::LEADING)
            .collect();
        let all = T::INFINITY / T::LEADING;
        assert!(fields.len() as u64 * 10 > all * 9, "{class}: exponents");
        for place in 0..4 {
            assert_share(class, "negative", 0.45, |q: [T; 4]| {
                q[place].to_bits64() & T::SIGN != 0
            });
        }
    }

    pub(super) fn neighbours_are_within_three_units<T: Float>() {
        let class = Class::Neighbours;
        operands_are_normal::<T>(class);
        // A unit of d is at most 2^(1−p)·d, and 3.5 units less than 4.
        assert_share(class, "|x| < 2^(3−p)·|cd|", 1.0, |q: [T; 4]| {
            let [x, ab, cd] = sizes(q);
            x << (T::PRECISION - 3) < ab.max(cd)
        });
        assert_share(class, "|x| < 2^-p·|cd|", 0.1, |q: [T; 4]| {
            let [x, ab, cd] = sizes(q);
            x << T::PRECISION < ab.max(cd)
        });
        assert_share(class, "more than p bits", 0.2, |q: [T; 4]| {
            odd_part(&sizes(q)[0]).bits() > T::PRECISION.into()
        });
    }

    pub(super) fn cancelling_differences_are_small_integers<T: Float>() {
        let class = Class::Cancelling;
        operands_are_normal::<T>(class);
        let k = |q: [T; 4]| odd_part(&sizes(q)[0]);
        for (odd, least) in [(0_u32, 0.13), (1, 0.5), (3, 0.25)] {
            let property = format!("x = ±2^n·{odd}");
            let share = assert_share(class, &property, least, |q| k(q) == odd.into());
            assert!(share < 0.6, "no odd part is most of them");
        }
        assert_share(class, "x = ±2^n·k", 1.0, |q| k(q) <= 3_u32.into());
        assert_share(class, "2p − 6 bits cancel", 0.85, |q: [T; 4]| {
            let [x, ab, _] = sizes(q);
            ab.bits() >= x.bits() + u64::from(2 * T::PRECISION - 6)
        });
        assert_share(class, "x < 0", 0.3, |q: [T; 4]| difference(q) < 0.into());
    }

    pub(super) fn ties_are_midpoints_and_beside_them<T: Float>() {
        let class = Class::Ties;
        operands_are_normal::<T>(class);
        assert_share(class, "midpoints", 0.15, is_midpoint::<T>);
        assert_share(class, "beside", 0.4, |q: [T; 4]| beside_midpoint(q, 6));
        let near = u64::from(T::PRECISION - 5);
        assert_share(class, "very near", 0.04, |q: [T; 4]| {
            beside_midpoint(q, near)
        });
        assert_share(class, "products cancel by 8 bits", 0.3, |q: [T; 4]| {
            let [x, ab, _] = sizes(q);
            ab.bits() >= x.bits() + 8
        });
    }

    pub(super) fn midpoints_with_something_tiny<T: Float>() {
        let class = Class::MidpointPlusTiny;
        operands_are_normal::<T>(class);
        let p = u64::from(T::PRECISION);
        assert_share(class, "midpoints", 0.04, is_midpoint::<T>);
        assert_share(class, "beside", 0.85, |q: [T; 4]| beside_midpoint(q, p - 4));
        assert_share(class, "beyond 2p bits", 0.3, |q: [T; 4]| {
            beside_midpoint(q, p)
        });
        for (sign, negative) in [("x < 0", true), ("x > 0", false)] {
            assert_share(class, sign, 0.45, |q: [T; 4]| {
                (difference(q) < 0.into()) == negative
            });
        }
        assert_share(class, "the tiny term is zero", 0.1, |q: [T; 4]| {
            sizes(q).contains(&BigUint::ZERO)
        });
        assert_share(class, "the tiny term adds", 0.35, |q: [T; 4]| {
            let [x, ab, cd] = sizes(q);
            x > ab.max(cd)
        });
        assert_share(class, "the tiny term subtracts", 0.35, |q: [T; 4]| {
            let [x, ab, cd] = sizes(q);
            x < ab.max(cd)
        });
    }

    pub(super) fn midpoints_with_something_near<T: Float>() {
        let class = Class::MidpointPlusNear;
        operands_are_normal::<T>(class);
        let p = u64::from(T::PRECISION);
        assert_share(class, "midpoints", 0.06, is_midpoint::<T>);
        assert_share(class, "beside", 0.8, |q: [T; 4]| beside_midpoint(q, p - 4));
        assert_share(class, "beyond 2p bits", 0.15, |q: [T; 4]| {
            beside_midpoint(q, p)
        });
    }

    pub(super) fn subnormal_results_and_products<T: Float>() {
        let class = Class::Subnormal;
        let subnormal = |q: [T; 4]| {
            let x = nearest(q);
            bits(x) < T::LEADING && sizes(q)[0] != BigUint::ZERO
        };
        assert_share(class, "finite operands", 1.0, |q: [T; 4]| {
            q.into_iter().all(finite)
        });
        assert_share(class, "subnormal results", 0.4, subnormal);
        assert_share(class, "subnormal midpoints", 0.06, |q| {
            subnormal(q) && is_midpoint(q)
        });
        assert_share(class, "beside subnormal midpoints", 0.1, |q| {
            subnormal(q) && beside_midpoint(q, 6)
        });
        assert_share(
            class,
            "least normal results and above",
            0.02,
            |q: [T; 4]| {
                let x = bits(nearest(q));
                (T::LEADING..5 * T::LEADING).contains(&x)
            },
        );
        assert_share(class, "half of the least number", 0.005, |q: [T; 4]| {
            is_midpoint(q) && bits(nearest(q)) == 0
        });
        assert_share(class, "subnormal operands", 0.05, |q: [T; 4]| {
            q.into_iter().any(|x| !normal(x) && bits(x) != 0)
        });
        assert_share(
            class,
            "normal products with lost errors",
            0.1,
            |q: [T; 4]| {
                let lost = T::MIN_EXPONENT..T::MIN_EXPONENT + 2 * T::PRECISION as i32 + 1;
                sizes(q)[1..]
                    .iter()
                    .all(|x| lost.contains(&leading::<T>(x)))
            },
        );
    }

    pub(super) fn overflowing_results_and_products<T: Float>() {
        let class = Class::Overflow;
        let infinite = |q| bits(nearest(q)) == T::INFINITY;
        let product = |q: [T; 4]| {
            sizes(q)[1..]
                .iter()
                .any(|x| leading::<T>(x) > T::MAX_EXPONENT)
        };
        assert_share(class, "finite operands", 1.0, |q: [T; 4]| {
            q.into_iter().all(finite)
        });
        assert_share(class, "infinite results", 0.15, infinite);
        assert_share(
            class,
            "results in the last two binades",
            0.2,
            |q: [T; 4]| {
                let top = T::INFINITY - 2 * T::LEADING..T::INFINITY;
                top.contains(&bits(nearest(q)))
            },
        );
        assert_share(class, "finite in spite of a product", 0.3, |q| {
            product(q) && !infinite(q)
        });
        assert_share(
            class,
            "operands with the top exponent",
            0.05,
            |q: [T; 4]| q.into_iter().any(|x| bits(x) >= T::INFINITY - T::LEADING),
        );
        // 2^(1 + greatest exponent) less half a unit.
        let units = (T::MAX_EXPONENT - T::PRECISION as i32 - 2 * T::LEAST_EXPONENT) as u64;
        let edge = (BigUint::from(1_u32) << (units + u64::from(T::PRECISION) + 1))
            - (BigUint::from(1_u32) << units);
        assert_share(class, "first infinite value", 0.002, |q: [T; 4]| {
            sizes(q)[0] == edge
        });
        assert_share(
            class,
            "less than that by less than 2^-6 units",
            0.002,
            |q: [T; 4]| {
                let [x, ..] = sizes(q);
                x < edge && &x + (BigUint::from(1_u32) << (units - 5)) > edge
            },
        );
    }

    pub(super) fn low_precision_has_few_bits_and_zeros<T: Float>() {
        let class = Class::LowPrecision;
        for place in 0..4 {
            for sign in [0, T::SIGN] {
                assert_share(class, "zeros of a sign", 0.05, |q: [T; 4]| {
                    q[place].to_bits64() == sign
                });
            }
        }
        assert_share(class, "few bits", 1.0, |q: [T; 4]| {
            q.into_iter().all(|x| {
                let significand = bits(x) % T::LEADING + T::LEADING;
                T::PRECISION - significand.trailing_zeros() <= T::PRECISION / 2 + 1
            })
        });
        assert_share(class, "result −0", 0.005, |q: [T; 4]| {
            nearest(q).to_bits64() == T::SIGN
        });
        assert_share(
            class,
            "zero from products that are not",
            0.01,
            |q: [T; 4]| {
                let [x, ab, _] = sizes(q);
                x == BigUint::ZERO && ab != x
            },
        );
    }

    pub(super) fn random_bits_reach_every_kind<T: Float>() {
        let class = Class::RandomBits;
        let any = |q: [T; 4], kind: fn(T) -> bool| q.into_iter().any(kind);
        assert_share(class, "NaN", 0.001, |q| any(q, |x| bits(x) > T::INFINITY));
        assert_share(class, "subnormal", 0.001, |q| {
            any(q, |x| bits(x) < T::LEADING)
        });
        assert_share(class, "normal", 0.9, |q| any(q, normal));
    }

    pub(super) fn special_values_meet_in_every_place<T: Float>() {
        let of = |index| quadruple::<T>(Class::Special, SEED, index).map(T::to_bits64);
        for place in 0..4 {
            let early: BTreeSet<u64> = (0..100).map(|index| of(index)[place]).collect();
            assert_eq!(early.len() as u64, VALUES, "place {place} of {}", T::NAME);
        }
        let tuples = VALUES.pow(4);
        let all: BTreeSet<[u64; 4]> = (0..tuples).map(of).collect();
        assert_eq!(all.len() as u64, tuples, "tuples of {}", T::NAME);
        assert_eq!(of(0), of(tuples), "the order repeats");
    }

    /// Below the numbers of the format: the integers themselves.
    pub(super) fn relations_hold_exactly<T: Float>() {
        let p = T::PRECISION;
        let difference = |relation: &Relation| {
            let [a, b, c, d] = relation.significands.map(i128::from);
            for x in relation.significands {
                assert!(x.unsigned_abs() <= 1 << p, "{x} has more than {p} bits");
            }
            a * b - c * d
        };
        let mut found = BTreeSet::new();
        for index in 0..CASES {
            let random = &mut Random::new(Class::Ties, SEED, index);
            found.insert(difference(&Relation::cancelling::<T>(random)));

            let odd = random.significand(1 + index as u32 % (p + 1)) | 1;
            let tie = Relation::tie::<T>(random, odd);
            let delta = difference(&tie) - (i128::from(odd) << tie.half);
            assert!((-2..=2).contains(&delta), "δ is {delta}");

            let relation = Relation::midpoint_and_tiny::<T>(random, p);
            let [a, b, ..] = relation.significands.map(i128::from);
            let r = (a * b).rem_euclid(2 << relation.half) - (1 << relation.half);
            assert!((-3..=3).contains(&r), "r is {r}");
        }
        assert!(found.into_iter().eq(0..=3), "k is from 0 to 3");
    }
}
