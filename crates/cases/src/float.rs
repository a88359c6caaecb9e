//! The two formats, as integers see them.

use core::fmt::Debug;
use core::hint::black_box;

/// A binary format of IEEE 754: `f32` or `f64`.
pub trait Float: Copy + Debug + PartialEq + Send + Sync + 'static {
    /// The name of the type.
    const NAME: &'static str;
    /// Bits of the significand, the leading one included.
    const PRECISION: u32;
    /// The exponent of the least normal number, which is 2 to this power.
    const MIN_EXPONENT: i32;
    /// The exponent of the greatest number, which is nearly 2 to this power plus one.
    const MAX_EXPONENT: i32;
    /// The exponent of the least subnormal number, the last place of all of them.
    const LEAST_EXPONENT: i32 = Self::MIN_EXPONENT + 1 - Self::PRECISION as i32;
    /// The bit of the sign.
    const SIGN: u64;
    /// The leading bit of the significand, which is also the lowest bit of the exponent field.
    const LEADING: u64 = 1 << (Self::PRECISION - 1);
    /// The bits of +∞: above those of every number, below those of every positive NaN.
    const INFINITY: u64;
    /// The bits of the one NaN that is a correct result: quiet, positive, no payload.
    const NAN: u64 = Self::INFINITY + Self::LEADING / 2;

    /// The bits, in the low bits of an integer.
    fn to_bits64(self) -> u64;
    /// The number with these bits; those above the format's are ignored.
    fn from_bits64(bits: u64) -> Self;
}

macro_rules! float {
    ($t:ident, $bits:ident) => {
        impl Float for $t {
            const NAME: &'static str = stringify!($t);
            const PRECISION: u32 = $t::MANTISSA_DIGITS;
            const MIN_EXPONENT: i32 = $t::MIN_EXP - 1;
            const MAX_EXPONENT: i32 = $t::MAX_EXP - 1;
            const SIGN: u64 = 1 << ($bits::BITS - 1);
            const INFINITY: u64 = $t::INFINITY.to_bits() as u64;

            fn to_bits64(self) -> u64 {
                // LLVM may turn a test of bits for zero back into a comparison of floats, which is wrong
                // where subnormals are taken for zeros.
                black_box(self.to_bits()) as u64
            }

            fn from_bits64(bits: u64) -> Self {
                Self::from_bits(bits as $bits)
            }
        }
    };
}
float!(f32, u32);
float!(f64, u64);

/// ± significand · 2^exponent, which must be a number of the format.
pub(crate) fn number<T: Float>(negative: bool, significand: u64, exponent: i32) -> T {
    let sign = if negative { T::SIGN } else { 0 };
    if significand == 0 {
        return T::from_bits64(sign);
    }
    // The last place of the format at this number: where its bits end, or those of the subnormals.
    let last = (exponent + length(significand) - T::PRECISION as i32).max(T::LEAST_EXPONENT);
    let significand = if last <= exponent {
        significand << (exponent - last)
    } else {
        let shift = last.abs_diff(exponent);
        debug_assert!(significand.trailing_zeros() >= shift, "not a number of it");
        significand >> shift
    };
    // The leading bit adds one to the exponent field.
    let magnitude = (last - T::LEAST_EXPONENT) as u64 * T::LEADING + significand;
    debug_assert!(magnitude < T::INFINITY, "beyond the greatest number");
    T::from_bits64(sign | magnitude)
}

/// Bits up to the leading one.
pub(crate) fn length(x: impl Into<u128>) -> i32 {
    (u128::BITS - x.into().leading_zeros()) as i32
}
