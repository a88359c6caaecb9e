//! a·b − c·d rounded once: the definition for every type whose result is correctly rounded.
//!
//! Separate because it is arithmetic on integers only. No floating-point operation takes part, so no
//! instruction set, no compiler flag and no floating-point environment (flush-to-zero) can change a
//! result. It is written to be read; for speed there are the kernels.
//!
//! ```text
//! decode       every operand is ±significand · 2^exponent, an infinity or a NaN
//! product      exact: at most twice 53 bits
//! difference   aligned and subtracted; what lies below 126 bits is kept as one sticky bit
//! encode       the only rounding: to nearest, ties to even
//! ```
//!
//! - The exponents of the intermediate values have no limits: the result is infinite only if the rounded
//!   difference exceeds the greatest number, however large the products are.
//! - An infinite product is infinite, whatever the finite one is; 0·∞ and ∞ − ∞ are NaN, and a NaN is
//!   always the same one, quiet and positive, because hardware differs in the sign and payload.
//! - An exact zero is +0, except (−0) − (+0) of two zero products, which is −0 as in IEEE 754. A difference
//!   too small for the format keeps its sign.
//! - Subnormals are numbers like any other.

use core::hint::black_box;

#[cfg(feature = "half")]
use half::{bf16, f16};

#[cfg(all(test, feature = "half"))]
mod tests;

/// A binary floating-point format of IEEE 754's kind, of at most 53 bits of precision.
pub trait Format: Copy {
    /// Bits of the significand, the leading one included.
    const PRECISION: u32;
    /// Bits of the exponent field.
    const EXPONENT_BITS: u32;

    /// The bits of the number. Those of an `f32` or `f64` pass through `black_box`: LLVM turns a test of the bits
    /// for zero back into a comparison of floats, which is wrong where subnormals are taken for zeros.
    fn to_bits(self) -> u64;
    /// The number with these bits.
    fn from_bits(bits: u64) -> Self;

    /// The bit of the sign.
    const SIGN: u64 = 1 << (Self::PRECISION - 1 + Self::EXPONENT_BITS);
    /// The leading one, which normal numbers do not store.
    const LEADING: u64 = 1 << (Self::PRECISION - 1);
    /// The bits of +∞: above those of every number, below those of every positive NaN.
    const INFINITY: u64 = Self::SIGN - Self::LEADING;
    /// The canonical NaN: positive, and quiet by the bit below the leading one.
    const NAN: u64 = Self::INFINITY + Self::LEADING / 2;
    /// The exponent of the last place of subnormal numbers.
    const LEAST_EXPONENT: i32 = 3 - (1 << (Self::EXPONENT_BITS - 1)) - Self::PRECISION as i32;
}

/// A number: ± magnitude · 2^exponent, where the magnitude is less than 2^127.
#[derive(Clone, Copy, Debug)]
struct Number {
    negative: bool,
    magnitude: u128,
    exponent: i32,
}

/// What an operand, a product or a difference can be.
#[derive(Clone, Copy, Debug)]
enum Value {
    Finite(Number),
    Infinite { negative: bool },
    Nan,
}

use Value::{Finite, Infinite, Nan};

/// RN(a·b − c·d): the exact value, rounded once, to nearest even.
pub(crate) fn difference_of_products<F: Format>(a: F, b: F, c: F, d: F) -> F {
    let [a, b, c, d] = [a, b, c, d].map(decode);
    encode(difference(product(a, b), product(c, d)))
}

fn decode<F: Format>(x: F) -> Value {
    let bits = x.to_bits();
    let negative = bits & F::SIGN != 0;
    let magnitude = bits & (F::SIGN - 1);
    if magnitude >= F::INFINITY {
        return if magnitude == F::INFINITY {
            Infinite { negative }
        } else {
            Nan
        };
    }
    let field = (magnitude / F::LEADING) as i32;
    let fraction = magnitude % F::LEADING;
    // Field 0 holds the subnormals: the exponent of field 1, without a leading one.
    let leading = if field == 0 { 0 } else { F::LEADING };
    Finite(Number {
        negative,
        magnitude: u128::from(leading + fraction),
        exponent: F::LEAST_EXPONENT + (field - 1).max(0),
    })
}

fn product(x: Value, y: Value) -> Value {
    match (x, y) {
        (Finite(x), Finite(y)) => Finite(Number {
            negative: x.negative != y.negative,
            magnitude: x.magnitude * y.magnitude,
            exponent: x.exponent + y.exponent,
        }),
        (Infinite { negative }, Finite(x)) | (Finite(x), Infinite { negative })
            if x.magnitude != 0 =>
        {
            Infinite {
                negative: negative != x.negative,
            }
        }
        (Infinite { negative: x }, Infinite { negative: y }) => Infinite { negative: x != y },
        _ => Nan, // one of them is NaN, or 0·∞
    }
}

fn difference(x: Value, y: Value) -> Value {
    match (x, y) {
        (Finite(x), Finite(y)) => {
            let negative = !y.negative;
            Finite(sum(x, Number { negative, ..y }))
        }
        (Infinite { negative: x }, Infinite { negative: y }) if x == y => Nan,
        (Infinite { negative }, Finite(_) | Infinite { .. }) => Infinite { negative },
        (Finite(_), Infinite { negative }) => Infinite {
            negative: !negative,
        },
        (Nan, _) | (_, Nan) => Nan,
    }
}

/// The sum of two products: exact, or else, in at least 125 bits, one of the two neighbours of the exact sum,
/// namely the odd one. Its last bit then says that something nonzero lies below an even number, and
/// rounding it to 123 bits or fewer is rounding the exact sum (rounding to odd, Boldo & Melquiond 2008).
fn sum(x: Number, y: Number) -> Number {
    match (x.magnitude, y.magnitude) {
        (0, 0) => {
            let negative = x.negative && y.negative;
            return Number { negative, ..x };
        }
        (0, _) => return y,
        (_, 0) => return x,
        _ => {}
    }
    // 126 bits each, so that the sum of two fits into an i128.
    let [x, y] = [x, y].map(|x| {
        let shift = x.magnitude.leading_zeros() - 2;
        Number {
            magnitude: x.magnitude << shift,
            exponent: x.exponent - shift as i32,
            ..x
        }
    });
    let (large, small) = if x.exponent >= y.exponent {
        (x, y)
    } else {
        (y, x)
    };
    let distance = large.exponent.abs_diff(small.exponent);
    let kept = small.magnitude.checked_shr(distance).unwrap_or(0);
    // `large` ends in 20 zeros at least, so bit 0 is free to be sticky.
    let sticky = small.magnitude.trailing_zeros() < distance;
    let sum =
        signed(large.negative, large.magnitude) + signed(small.negative, kept | u128::from(sticky));
    Number {
        negative: sum < 0, // an exact zero is +0
        magnitude: sum.unsigned_abs(),
        exponent: large.exponent,
    }
}

fn signed(negative: bool, magnitude: u128) -> i128 {
    let magnitude = magnitude as i128;
    if negative { -magnitude } else { magnitude }
}

/// The number, or the canonical NaN for NaN.
pub(crate) fn canonical<F: Format>(x: F) -> F {
    let is_nan = x.to_bits() & !F::SIGN > F::INFINITY;
    if is_nan { F::from_bits(F::NAN) } else { x }
}

/// The one rounding.
fn encode<F: Format>(x: Value) -> F {
    let (negative, magnitude) = match x {
        Finite(x) => (x.negative, round::<F>(x)),
        Infinite { negative } => (negative, F::INFINITY),
        Nan => (false, F::NAN),
    };
    F::from_bits(if negative { F::SIGN } else { 0 } | magnitude)
}

/// The bits of the nearest number, without its sign.
fn round<F: Format>(x: Number) -> u64 {
    if x.magnitude == 0 {
        return 0;
    }
    // The exponent of the last place of the result: where `PRECISION` bits end, or the subnormals do.
    let length = (u128::BITS - x.magnitude.leading_zeros()) as i32;
    let last = (x.exponent + length - F::PRECISION as i32).max(F::LEAST_EXPONENT);
    let significand = if last <= x.exponent {
        x.magnitude << (x.exponent - last)
    } else {
        shift_to_nearest_even(x.magnitude, last.abs_diff(x.exponent))
    };
    // The leading one adds one to the exponent field. So does a carry out of the significand, rightly, which
    // leads from subnormal to normal and from the greatest number to infinity, too.
    let field = (last - F::LEAST_EXPONENT) as u64;
    (field * F::LEADING + significand as u64).min(F::INFINITY)
}

/// magnitude / 2^shift, to nearest even, for a positive shift.
fn shift_to_nearest_even(magnitude: u128, shift: u32) -> u128 {
    if shift >= u128::BITS {
        return 0; // less than a half
    }
    let floor = magnitude >> shift;
    let rest = magnitude - (floor << shift);
    let half = 1 << (shift - 1);
    let up = rest > half || (rest == half && floor % 2 == 1);
    floor + u128::from(up)
}

impl Format for f32 {
    const PRECISION: u32 = 24;
    const EXPONENT_BITS: u32 = 8;

    fn to_bits(self) -> u64 {
        black_box(self.to_bits()).into()
    }

    fn from_bits(bits: u64) -> Self {
        Self::from_bits(bits as u32)
    }
}

impl Format for f64 {
    const PRECISION: u32 = 53;
    const EXPONENT_BITS: u32 = 11;

    fn to_bits(self) -> u64 {
        black_box(self.to_bits())
    }

    fn from_bits(bits: u64) -> Self {
        Self::from_bits(bits)
    }
}

#[cfg(feature = "half")]
impl Format for f16 {
    const PRECISION: u32 = 11;
    const EXPONENT_BITS: u32 = 5;

    fn to_bits(self) -> u64 {
        self.to_bits().into()
    }

    fn from_bits(bits: u64) -> Self {
        Self::from_bits(bits as u16)
    }
}

#[cfg(feature = "half")]
impl Format for bf16 {
    const PRECISION: u32 = 8;
    const EXPONENT_BITS: u32 = 8;

    fn to_bits(self) -> u64 {
        self.to_bits().into()
    }

    fn from_bits(bits: u64) -> Self {
        Self::from_bits(bits as u16)
    }
}
