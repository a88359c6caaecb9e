//! The judge against numbers worked out by hand, and against its own distances.

use super::*;
use crate::error_in_ulps;

const NAN: u64 = 0x7ff8_0000_0000_0000;
const INFINITY: f64 = f64::INFINITY;
const LEAST: f64 = f64::from_bits(1);

#[track_caller]
fn check(quadruple: [f64; 4], expected: f64) {
    let got = nearest(quadruple);
    let bits = got.to_bits();
    assert!(
        bits == expected.to_bits(),
        "{quadruple:?}: {got:e} ({bits:#x}), expected {expected:e}"
    );
}

#[test]
fn special_values_are_those_of_the_specification() {
    let nan = f64::from_bits(NAN);
    let max = f64::MAX;
    check([INFINITY, 1.0, -max, max], INFINITY);
    check([max, max, INFINITY, 2.0], -INFINITY);
    check([INFINITY, -LEAST, max, max], -INFINITY);
    check([INFINITY, 0.0, 1.0, 1.0], nan);
    check([1.0, 1.0, -0.0, INFINITY], nan);
    check([INFINITY, 1.0, INFINITY, 2.0], nan);
    check([INFINITY, 1.0, INFINITY, -2.0], INFINITY);
    check([-f64::NAN, 1.0, 1.0, 1.0], nan);
    check([f64::from_bits(INFINITY.to_bits() + 1), 0.0, 1.0, 1.0], nan);
    check([0.0, 1.0, 0.0, 1.0], 0.0);
    check([-0.0, 1.0, 0.0, 1.0], -0.0);
    check([0.0, 1.0, -0.0, 1.0], 0.0);
    check([-0.0, 1.0, 0.0, -1.0], 0.0);
    check([-1.0, 1.0, -1.0, 1.0], 0.0);
    check([-LEAST, LEAST, -LEAST, LEAST], 0.0);
    assert_eq!(
        nearest([f32::NAN; 4]).to_bits(),
        0x7fc0_0000,
        "canonical NaN"
    );
}

#[test]
fn rounding_is_to_nearest_even_once() {
    let (max, ulp) = (f64::MAX, f64::EPSILON);
    // A tie, broken by a product that is far below, even by one that underflows.
    check([1.0 + ulp, 1.0, -ulp / 2.0, 1.0], 1.0 + 2.0 * ulp);
    check([1.0, 1.0, -ulp / 2.0, 1.0], 1.0);
    check([1.0 + ulp, 1.0 + ulp, ulp, ulp], 1.0 + 2.0 * ulp);
    check([3.0, 0.5, LEAST, LEAST], 1.5);
    // Halves of the least number.
    check([LEAST, 0.5, 0.0, 0.0], 0.0);
    check([-LEAST, 0.5, 0.0, 0.0], -0.0);
    check([LEAST, 0.5, -LEAST, LEAST], LEAST);
    check([LEAST, 1.5, 0.0, 0.0], 2.0 * LEAST);
    check([LEAST, 1.5, LEAST, LEAST], LEAST);
    // Half a unit above the greatest number is infinite, anything less is not.
    let half = 2_f64.powi(970);
    check([max, 1.0, -half, 1.0], INFINITY);
    check([max, 1.0, half - half * ulp / 2.0, -1.0], max);
    check([max, 1.0, -half, 1.0 - ulp / 2.0], max);
    check([max, 1.0, half, 1.0], max - 2.0 * half);
    check([max, 4.0, max, 3.0], max);
    check([max, -4.0, max, -3.0], -max);
    check([max, max, max, max], 0.0);
    assert_eq!(
        nearest([16_777_217_f32, 1.0, 0.0, 0.0]),
        16_777_216.0,
        "2^24 + 1 is not a number of f32, and parsed to even"
    );
    assert_eq!(
        nearest([4097_f32, 4097.0, 8192.0, 1.0]),
        16_777_216.0,
        "2^24 + 2^13 + 1 − 2^13 is a tie"
    );
}

#[test]
fn errors_are_in_units_of_the_last_place() {
    let ulp = f64::EPSILON;
    let one = [1.0, 1.0, 0.0, 0.0];
    assert_eq!(error_in_ulps(one, 1.0), 0.0, "exact");
    assert_eq!(error_in_ulps(one, 1.0 + ulp), 1.0, "next");
    assert_eq!(error_in_ulps(one, 1.0 - ulp / 2.0), 0.5, "last");
    assert_eq!(error_in_ulps(one, -1.0), 2.0 / ulp, "sign");
    let tie = [1.0, 1.0, -ulp / 2.0, 1.0];
    assert_eq!(error_in_ulps(tie, 1.0), 0.5, "tie to even");
    assert_eq!(error_in_ulps(tie, 1.0 + ulp), 0.5, "tie away from even");
    let half = [LEAST, 0.5, 0.0, 0.0];
    assert_eq!(error_in_ulps(half, 0.0), 0.5, "below the least number");
    assert_eq!(error_in_ulps(half, -0.0), 0.5, "sign of zero");
    assert_eq!(error_in_ulps(half, 3.0 * LEAST), 2.5, "subnormal unit");
    assert_eq!(error_in_ulps(half, f64::MAX), INFINITY, "beyond any f64");
    let huge = [f64::MAX, 2.0, 0.0, 0.0];
    assert_eq!(error_in_ulps(huge, INFINITY), 0.0, "overflow");
    assert_eq!(error_in_ulps(huge, -INFINITY), INFINITY, "wrong infinity");
    assert_eq!(error_in_ulps(huge, f64::MAX), INFINITY, "no overflow");
    assert_eq!(error_in_ulps(one, INFINITY), INFINITY, "infinite");
    assert_eq!(error_in_ulps(one, f64::NAN), INFINITY, "NaN");
    let undefined = [INFINITY, 0.0, 1.0, 1.0];
    assert_eq!(error_in_ulps(undefined, -f64::NAN), 0.0, "any NaN");
    assert_eq!(error_in_ulps(undefined, 1.0), INFINITY, "not NaN");
}

/// The distances do not use the rounding, so this checks it.
#[test]
fn no_neighbour_of_the_nearest_number_is_nearer() {
    fn check<T: Float>() {
        for index in 0..24_000 {
            let (class, quadruple) = case::<T>(SEED, index);
            let got = nearest(quadruple);
            let error = error_in_ulps(quadruple, got);
            let context = format!("{class}: {:x?}", quadruple.map(T::to_bits64));
            if !finite(got) {
                assert_eq!(error, 0.0, "{context}");
                continue;
            }
            assert!(error <= 0.5, "{error}: {context}");
            for away in [1, u64::MAX] {
                let next = T::from_bits64(got.to_bits64().wrapping_add(away));
                if bits(got) == 0 || !finite(next) {
                    continue;
                }
                let other = error_in_ulps(quadruple, next);
                assert!(other >= error, "{other} < {error}: {context}");
                let tie = midpoint(quadruple) == Midpoint::Exactly;
                let even = got.to_bits64() % 2 == 0;
                assert!(!tie || even, "a tie must be even: {context}");
            }
        }
    }
    check::<f32>();
    check::<f64>();
}
