//! What correct rounding needs of 128-bit lanes, for processors without a fused multiply-add too.
//!
//! The error of a product is Dekker's: each factor in two halves, whose products are exact. They are made by rounding the
//! bits, as an integer; a multiplication that does it overflows for large factors. Where a half overflows all the same,
//! or a product of halves, the result is not finite, and that is seen. Ties are rounded down: rounded up, a subnormal factor of
//! one bit would have a half of twice its size. The error is what a fused instruction gives: the exact one.

use core::marker::PhantomData;

use bytemuck::cast;
use wide::{f32x4, f64x2, u64x2};

use super::{F32x4, F64x2, Scalar, Wide};
use crate::simd::rounded::{Arithmetic, Doubles, LEAST, Singles, doubles, singles};
use crate::simd::target;

/// Lanes that can be rounded once. (No closures here: what is called for every register has to be inlined.)
pub(crate) trait Rounded: Sized {
    fn differences_of_products<const N: usize>(factors: [[Self; N]; 4]) -> [Self; N];
}

impl Rounded for F32x4 {
    #[inline(always)]
    fn differences_of_products<const N: usize>(factors: [[Self; N]; 4]) -> [Self; N] {
        singles(factors)
    }
}

impl Rounded for F64x2 {
    #[inline(always)]
    fn differences_of_products<const N: usize>(factors: [[Self; N]; 4]) -> [Self; N] {
        doubles(factors)
    }
}

/// One number is computed in all lanes of a register.
macro_rules! alone {
    ($number:ty as $register:ident) => {
        impl Rounded for Wide<$number, $number, Scalar> {
            #[inline(always)]
            fn differences_of_products<const N: usize>(factors: [[Self; N]; 4]) -> [Self; N] {
                let mut operands = [[$register::of(factors[0][0].0.into()); N]; 4];
                for (operand, numbers) in operands.iter_mut().zip(factors) {
                    for (lanes, number) in operand.iter_mut().zip(numbers) {
                        *lanes = $register::of(number.0.into());
                    }
                }
                let rounded = $register::differences_of_products(operands);
                let mut results = factors[0];
                for (result, lanes) in results.iter_mut().zip(rounded) {
                    result.0 = lanes.0.to_array()[0];
                }
                results
            }
        }
    };
}
alone! { f32 as F32x4 }
alone! { f64 as F64x2 }

impl F32x4 {
    #[inline]
    pub(super) fn of(lanes: f32x4) -> Self {
        Self(lanes, PhantomData)
    }
}

impl F64x2 {
    #[inline]
    pub(super) fn of(lanes: f64x2) -> Self {
        Self(lanes, PhantomData)
    }

    /// x = high + low, of 26 bits or fewer each.
    #[inline]
    fn halves(self) -> (f64x2, f64x2) {
        let bits: u64x2 = cast(self.0);
        let high = (bits + u64x2::splat(0x03ff_ffff)) & u64x2::splat(!0x07ff_ffff);
        let high: f64x2 = cast(high);
        (high, self.0 - high)
    }
}

impl Arithmetic for F64x2 {
    #[inline]
    fn plus(self, y: Self) -> Self {
        Self::of(self.0 + y.0)
    }

    #[inline]
    fn minus(self, y: Self) -> Self {
        Self::of(self.0 - y.0)
    }

    #[inline]
    fn times(self, y: Self) -> Self {
        Self::of(self.0 * y.0)
    }

    #[inline]
    fn error_of_product(a: Self, b: Self, p: Self) -> Self {
        let ((ah, al), (bh, bl)) = (a.halves(), b.halves());
        Self::of(al * bl - (((p.0 - ah * bh) - al * bh) - ah * bl))
    }

    #[inline]
    fn minus_product(a: Self, b: Self) -> Self {
        Self::of(-(a.0 * b.0))
    }

    #[inline]
    fn error_of_minus_product(a: Self, b: Self, p: Self) -> Self {
        Self::of(-Self::error_of_product(a, b, Self::of(-p.0)).0)
    }

    #[inline]
    fn nudge_to_odd(self, error: Self) -> Self {
        let (sum, sign): (u64x2, u64x2) = (cast(self.0), cast(self.0 ^ error.0));
        // Ordered: not where the error is NaN.
        let inexact: u64x2 = cast(error.0.abs().simd_gt(f64x2::ZERO));
        let away = inexact & (sign >> 63);
        Self::of(cast((sum - away) | (inexact >> 63)))
    }
}

impl Doubles for F64x2 {
    type Mask = f64x2;

    #[inline]
    fn lesser_magnitude(self, y: Self) -> Self {
        Self::of(self.0.abs().fast_min(y.0.abs()))
    }

    #[inline]
    fn is_small(self) -> f64x2 {
        !self.0.simd_ge(f64x2::splat(LEAST))
    }

    #[inline]
    fn is_not_finite(self) -> f64x2 {
        !self.0.abs().simd_le(f64x2::splat(f64::MAX))
    }

    #[inline]
    fn is_zero_or_nan(self) -> f64x2 {
        !self.0.abs().simd_gt(f64x2::ZERO)
    }

    #[inline]
    fn canonical(self) -> Self {
        Self::select(
            self.0.simd_eq(self.0),
            self,
            Self::of(f64x2::splat(f64::NAN)),
        )
    }

    #[inline]
    fn either(x: f64x2, y: f64x2) -> f64x2 {
        x | y
    }

    #[inline]
    fn select(mask: f64x2, yes: Self, no: Self) -> Self {
        Self::of(mask.bitselect(yes.0, no.0))
    }

    #[inline]
    fn bits(mask: f64x2) -> u32 {
        mask.to_bitmask()
    }
}

impl Singles for F32x4 {
    type Doubles = F64x2;

    #[inline]
    fn widen(self) -> [F64x2; 2] {
        let [low, high] = target::widen(self.0);
        [F64x2::of(low), F64x2::of(high)]
    }

    #[inline]
    fn narrow([low, high]: [F64x2; 2]) -> Self {
        let x = target::narrow([low.0, high.0]);
        Self::of(x.simd_eq(x).bitselect(x, f32x4::splat(f32::NAN)))
    }
}
