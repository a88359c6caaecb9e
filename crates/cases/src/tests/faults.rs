//! That the classes bite: how often arithmetic with a known fault is wrong on them.

use super::*;

trait Plain: Float {
    fn plain(quadruple: [Self; 4]) -> Self;
}

impl Plain for f32 {
    fn plain([a, b, c, d]: [Self; 4]) -> Self {
        a * b - c * d
    }
}

impl Plain for f64 {
    fn plain([a, b, c, d]: [Self; 4]) -> Self {
        a * b - c * d
    }
}

/// Any NaN is as good as the canonical one here.
fn wrong<T: Float>(got: T, quadruple: [T; 4]) -> bool {
    let correct = nearest(quadruple);
    let nan = bits(got).min(bits(correct)) > T::INFINITY;
    !nan && got.to_bits64() != correct.to_bits64()
}

#[test]
fn plain_arithmetic_is_wrong() {
    fn check<T: Plain>() {
        for (class, least) in [
            (Class::Neighbours, 0.99),
            (Class::Cancelling, 0.85),
            (Class::Ties, 0.8),
            (Class::MidpointPlusTiny, 0.2),
            (Class::MidpointPlusNear, 0.4),
            (Class::Subnormal, 0.5),
            (Class::Overflow, 0.5),
            (Class::Special, 0.03),
        ] {
            assert_share(class, "plain arithmetic is wrong", least, |q: [T; 4]| {
                wrong(T::plain(q), q)
            });
        }
    }
    check::<f32>();
    check::<f64>();
}

/// Where the exact difference has more than 53 bits: those of [`Class::Ties`] of f32 have fewer.
#[test]
fn rounding_twice_is_wrong() {
    let twice = |[a, b, c, d]: [f32; 4]| {
        let [a, b, c, d] = [a, b, c, d].map(f64::from);
        (a * b - c * d) as f32
    };
    for (class, least) in [
        (Class::MidpointPlusTiny, 0.2),
        (Class::MidpointPlusNear, 0.02),
        (Class::Subnormal, 0.02),
    ] {
        let property = "f64 rounded to f32 is wrong";
        assert_share(class, property, least, |q| wrong(twice(q), q));
    }
}

/// What may be wrong with the branch-free core for f64.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    NoRoundingToOdd,
    EarlyRoundingToOdd,
}

fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let s = a + b;
    let t = s - a;
    (s, (a - (s - t)) + (b - t))
}

fn round_to_odd(h: f64, l: f64) -> f64 {
    let inexact = l.abs() > 0.0;
    let opposite = h.is_sign_negative() != l.is_sign_negative();
    let bits = h.to_bits() - u64::from(inexact && opposite);
    f64::from_bits(bits | u64::from(inexact))
}

fn core([a, b, c, d]: [f64; 4], fault: Fault) -> f64 {
    let (p1, p2) = (a * b, c * d);
    let (e1, e2) = (a.mul_add(b, -p1), c.mul_add(d, -p2));
    let (s, t) = two_sum(p1, -p2);
    let (u, v) = two_sum(e1, -e2);
    if fault == Fault::EarlyRoundingToOdd {
        let (h, l) = two_sum(t, round_to_odd(u, v));
        return s + round_to_odd(h, l);
    }
    let (t1, u1) = two_sum(t, u);
    let (s1, t2) = two_sum(s, t1);
    let (h, l) = two_sum(t2, u1 + v);
    if fault == Fault::NoRoundingToOdd {
        return s1 + (h + l);
    }
    s1 + round_to_odd(h, l)
}

/// Whether both products lie where the core is valid.
fn guarded(exponents: core::ops::Range<i32>, [a, b, c, d]: [f64; 4]) -> bool {
    [a * b, c * d].into_iter().all(|product| {
        let field = (bits(product) / f64::LEADING) as i32;
        exponents.contains(&(field - f64::MAX_EXPONENT))
    })
}

const VALID: core::ops::Range<i32> = -915..1022;

#[test]
fn the_core_is_right_within_its_range() {
    for class in Class::ALL {
        let wrong = |q| guarded(VALID, q) && wrong(core(q, Fault::None), q);
        for index in 0..CASES {
            let quadruple = quadruple(class, SEED, index);
            assert!(
                !wrong(quadruple),
                "{class}: {:x?}",
                quadruple.map(f64::to_bits)
            );
        }
    }
}

#[test]
fn the_core_with_a_planted_fault_is_wrong() {
    use Fault::{EarlyRoundingToOdd, NoRoundingToOdd, None};
    for (class, fault, least) in [
        (Class::MidpointPlusTiny, NoRoundingToOdd, 0.2),
        (Class::MidpointPlusNear, NoRoundingToOdd, 0.03),
        (Class::MidpointPlusTiny, EarlyRoundingToOdd, 0.2),
        (Class::MidpointPlusNear, EarlyRoundingToOdd, 0.01),
    ] {
        assert_share(class, &format!("{fault:?} is wrong"), least, |q| {
            guarded(VALID, q) && wrong(core(q, fault), q)
        });
    }
    for (range, least) in [(-1022..1022, 0.1), (-980..1022, 0.01)] {
        let property = format!("a guard of {range:?} is wrong");
        assert_share(Class::Subnormal, &property, least, |q| {
            guarded(range.clone(), q) && wrong(core(q, None), q)
        });
    }
    assert_share(Class::Overflow, "no guard above is wrong", 0.5, |q| {
        guarded(-915..1025, q) && wrong(core(q, None), q)
    });
}
