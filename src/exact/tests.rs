//! The exact function against arbitrary precision, which shares no code with it: the difference of products
//! is a big integer, and the rounding a search among the numbers of the format, halfway points compared.

use core::cmp::Ordering;
use core::fmt::Debug;

use half::{bf16, f16};
use num_bigint::{BigInt, BigUint, Sign};

use super::{Format, difference_of_products};

mod cases;

/// A format as its own crate describes it, for the oracle to be independent of the constants in [`Format`].
trait Described: Format + Debug {
    const NAME: &'static str;
    const INFINITE: Self;
    /// The one NaN, as in ACCURACY.md.
    const CANONICAL_NAN: u64;
    /// The same number; every format's numbers are numbers of `f64`.
    fn widen(self) -> f64;
}

macro_rules! described {
    ($t:ident, $nan:literal, $widen:expr) => {
        impl Described for $t {
            const NAME: &'static str = stringify!($t);
            const INFINITE: Self = $t::INFINITY;
            const CANONICAL_NAN: u64 = $nan;
            fn widen(self) -> f64 {
                $widen(self)
            }
        }
    };
}
described!(f16, 0x7e00, f16::to_f64);
described!(bf16, 0x7fc0, bf16::to_f64);
described!(f32, 0x7fc0_0000, f64::from);
described!(f64, 0x7ff8_0000_0000_0000, |x| x);

/// x / 2^-1074.
fn integer(x: f64) -> BigInt {
    let bits = x.to_bits();
    let (field, fraction) = ((bits >> 52) & 0x7ff, bits & ((1 << 52) - 1));
    let magnitude = match field {
        0 => BigUint::from(fraction),
        _ => BigUint::from(fraction | 1 << 52) << (field - 1),
    };
    let sign = if x < 0.0 { Sign::Minus } else { Sign::Plus };
    BigInt::from_biguint(sign, magnitude)
}

/// The number with these bits / 2^-1074; infinity is what the next number would be, as IEEE 754 rounds.
fn representable<F: Described>(bits: u64) -> BigUint {
    let of = |bits| integer(F::from_bits(bits).widen()).magnitude().clone();
    if bits == F::INFINITE.to_bits() {
        of(bits - 1) * 2_u32 - of(bits - 2)
    } else {
        of(bits)
    }
}

/// The number of the format nearest to numerator / denominator · 2^-1074, ties to even.
fn nearest<F: Described>(sign: Sign, numerator: &BigUint, denominator: &BigUint) -> F {
    let at_most = |bits| representable::<F>(bits) * denominator <= *numerator;
    let infinite = F::INFINITE.to_bits();
    // The greatest number that is not greater.
    let (mut below, mut above) = (0, infinite);
    while above - below > 1 {
        let middle = (below + above) / 2;
        if at_most(middle) {
            below = middle;
        } else {
            above = middle;
        }
    }
    let midpoint_doubled = representable::<F>(below) + representable::<F>(above);
    let bits = match (numerator * 2_u32).cmp(&(midpoint_doubled * denominator)) {
        Ordering::Less => below,
        Ordering::Greater => above,
        Ordering::Equal => below + below % 2,
    };
    let negative = sign == Sign::Minus;
    F::from_bits(bits + if negative { F::SIGN } else { 0 })
}

/// a·b − c·d / 2^-2148 of finite numbers.
fn exact<F: Described>([a, b, c, d]: [F; 4]) -> BigInt {
    let [a, b, c, d] = [a, b, c, d].map(|x| integer(x.widen()));
    a * b - c * d
}

/// What the result has to be, in bits.
fn expected<F: Described>(operands: [F; 4]) -> u64 {
    let wide = operands.map(F::widen);
    let plain = |[a, b, c, d]: [f64; 4]| a * b - c * d;
    if !wide.iter().all(|x| x.is_finite()) {
        // Finite operands count only by their sign and by being zero or not.
        let result = plain(wide.map(|x| {
            if x.is_finite() && x != 0.0 {
                x.signum()
            } else {
                x
            }
        }));
        return match result {
            _ if result.is_nan() => F::CANONICAL_NAN,
            _ if result > 0.0 => F::INFINITE.to_bits(),
            _ => F::INFINITE.to_bits() | F::SIGN,
        };
    }
    let exact = exact(operands);
    let zero = |i: usize, j: usize| wide[i] == 0.0 || wide[j] == 0.0;
    match exact.sign() {
        // Plain arithmetic with zeros among the factors is exact, and its sign IEEE's.
        Sign::NoSign if zero(0, 1) && zero(2, 3) => {
            u64::from(plain(wide).is_sign_negative()) * F::SIGN
        }
        Sign::NoSign => 0,
        sign => {
            let unit = BigUint::from(1_u32) << 1074;
            nearest::<F>(sign, exact.magnitude(), &unit).to_bits()
        }
    }
}

/// Compares one result, and gives it.
#[track_caller]
fn check<F: Described>(operands: [F; 4]) -> F {
    let [a, b, c, d] = operands;
    let got = difference_of_products(a, b, c, d);
    let expected = expected(operands);
    assert!(
        got.to_bits() == expected,
        "{}: a·b − c·d of {:x?} is {:#x}, expected {expected:#x}",
        F::NAME,
        operands.map(F::to_bits),
        got.to_bits(),
    );
    got
}
