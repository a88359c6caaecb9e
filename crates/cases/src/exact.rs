//! The judge: a·b − c·d as a big integer.
//!
//! Separate from everything that makes cases, and slow: it is meant to be right at a glance. Every finite
//! number is an integer multiple of the least subnormal one, and every product of the square of that.

use core::cmp::Ordering;

use num_bigint::{BigInt, BigUint, Sign};

use crate::float::{Float, number};

/// RN(a·b − c·d) of `[a, b, c, d]`: the exact value, as if range were unbounded, rounded once to nearest even.
///
/// Infinite if the rounded value exceeds the greatest number, or one product is infinite; NaN, always the
/// canonical one, for 0·∞, ∞ − ∞ and NaN. An exact zero is +0, but the difference of two zero products
/// has the sign of IEEE 754: −0 for (−0) − (+0). A result too small for the format keeps its sign.
pub fn nearest<T: Float>(quadruple: [T; 4]) -> T {
    if !quadruple.iter().all(|x| magnitude(*x) < T::INFINITY) {
        return T::from_bits64(not_finite(quadruple));
    }
    let exact = difference(quadruple);
    let negative = match exact.sign() {
        Sign::NoSign => difference_of_zeros(quadruple),
        sign => sign == Sign::Minus,
    };
    T::from_bits64(rounded::<T>(exact.magnitude()) | if negative { T::SIGN } else { 0 })
}

/// |result − (a·b − c·d)| in units in the last place of the correctly rounded result: at most 0.5 for that.
///
/// - Below the normal range the unit is the least subnormal number. The sign of a zero does not count.
/// - 0 if the result is the infinity or a NaN, and that is correct; infinite if only one of the result and the
///   correct one is finite, if they are different infinities, or if one is a NaN and the other is not.
/// - An error of more than 53 bits is cut, so that 0.5 may be a little more than that, and one outside the
///   range of `f64` is zero or infinite. To decide whether a result is correct, compare it with [`nearest`].
pub fn error_in_ulps<T: Float>(quadruple: [T; 4], result: T) -> f64 {
    let correct = nearest(quadruple);
    let [of_correct, of_result] = [correct, result].map(magnitude);
    if of_correct.max(of_result) >= T::INFINITY {
        let both_nan = of_correct.min(of_result) > T::INFINITY;
        let same = correct.to_bits64() == result.to_bits64();
        return if both_nan || same { 0.0 } else { f64::INFINITY };
    }
    let result = integer(result) << -T::LEAST_EXPONENT;
    let error = (result - difference(quadruple)).magnitude().clone();
    // Units of the square of the least subnormal number in one of the last place.
    let field = (of_correct / T::LEADING).max(1);
    quotient(
        &error,
        field - 1 + u64::from(T::LEAST_EXPONENT.unsigned_abs()),
    )
}

/// a·b − c·d of finite numbers / 2^(2·least exponent).
pub(crate) fn difference<T: Float>(quadruple: [T; 4]) -> BigInt {
    let [a, b, c, d] = quadruple.map(integer);
    a * b - c * d
}

/// A finite number / 2^(least exponent).
fn integer<T: Float>(x: T) -> BigInt {
    let (field, fraction) = (magnitude(x) / T::LEADING, magnitude(x) % T::LEADING);
    let magnitude = match field {
        0 => BigUint::from(fraction),
        _ => BigUint::from(T::LEADING + fraction) << (field - 1),
    };
    let sign = if negative(x) { Sign::Minus } else { Sign::Plus };
    BigInt::from_biguint(sign, magnitude)
}

/// The bits of the number nearest to x·2^(2·least exponent).
fn rounded<T: Float>(x: &BigUint) -> u64 {
    // The last place of the result: where the precision ends, or the subnormals do.
    let least = u64::from(T::LEAST_EXPONENT.unsigned_abs());
    let last = x.bits().saturating_sub(T::PRECISION.into()).max(least);
    let floor = x >> last;
    let rest = x - (&floor << last);
    let floor = floor.iter_u64_digits().next().unwrap_or(0);
    let up = match (rest << 1_u32).cmp(&(BigUint::from(1_u32) << last)) {
        Ordering::Less => 0,
        Ordering::Equal => floor % 2,
        Ordering::Greater => 1,
    };
    // The leading bit adds one to the exponent field, and so does a carry, rightly.
    let magnitude = (last - least) * T::LEADING + floor + up;
    magnitude.min(T::INFINITY)
}

/// The bits of the result when an operand is infinite or NaN.
fn not_finite<T: Float>(quadruple: [T; 4]) -> u64 {
    // Of finite numbers only the sign counts, and whether they are zero. What remains is IEEE 754's own rule.
    let [a, b, c, d] = quadruple.map(|x| {
        let size = match magnitude(x) {
            0 => 0.0,
            size if size < T::INFINITY => 1.0,
            size if size == T::INFINITY => f64::INFINITY,
            _ => f64::NAN,
        };
        if negative(x) { -size } else { size }
    });
    let result = a * b - c * d;
    match result {
        _ if result.is_nan() => T::NAN,
        _ if result > 0.0 => T::INFINITY,
        _ => T::INFINITY | T::SIGN,
    }
}

/// Whether an exact zero is −0: only as the difference of the products −0 and +0.
fn difference_of_zeros<T: Float>([a, b, c, d]: [T; 4]) -> bool {
    let zero = |x, y| magnitude(x) == 0 || magnitude(y) == 0;
    let minus = |x, y| negative(x) != negative(y);
    zero(a, b) && zero(c, d) && minus(a, b) && !minus(c, d)
}

/// x / 2^n, cut to 53 bits.
fn quotient(x: &BigUint, n: u64) -> f64 {
    let shift = x.bits().saturating_sub(f64::MANTISSA_DIGITS.into());
    let leading = (x >> shift).iter_u64_digits().next().unwrap_or(0);
    // In two steps, since the power alone may lie outside the range.
    let power = shift as i32 - n as i32;
    let [first, second] = [power / 2, power - power / 2].map(|power| {
        number::<f64>(
            false,
            1,
            power.clamp(f64::LEAST_EXPONENT, f64::MAX_EXPONENT),
        )
    });
    leading as f64 * first * second
}

fn negative<T: Float>(x: T) -> bool {
    x.to_bits64() & T::SIGN != 0
}

/// The bits without the sign.
fn magnitude<T: Float>(x: T) -> u64 {
    x.to_bits64() & !T::SIGN
}
