//! 128-bit lanes as numbers, and one lane.

use core::marker::PhantomData;
use core::ops::{Add, Div, Mul, Sub};

use bytemuck::cast;
use wide::{f32x4, f64x2, u64x2};

use super::{F32x4, F64x2, Scalar, Wide};
use crate::formula::{Corners, DOUBLE, FaceFormula, Floats, Formula, SINGLE};
use crate::simd::reals::{self, BIASED, INTEGER, Reals, Scales};
use crate::simd::rounded::{Arithmetic, LEAST};

macro_rules! operator {
    ($operator:ident $method:ident) => {
        impl<V: $operator<Output = V>, E, S> $operator for Wide<V, E, S> {
            type Output = Self;

            #[inline]
            fn $method(self, y: Self) -> Self {
                Self($operator::$method(self.0, y.0), PhantomData)
            }
        }
    };
}
operator! { Add add }
operator! { Sub sub }
operator! { Mul mul }
operator! { Div div }

impl<V: Floats, E: Copy, S: Copy> Floats for Wide<V, E, S> {
    #[inline]
    fn root(self) -> Self {
        Self(self.0.root(), PhantomData)
    }

    #[inline]
    fn one_if_zero(self) -> Self {
        Self(self.0.one_if_zero(), PhantomData)
    }

    #[inline]
    fn half(self) -> Self {
        Self(self.0.half(), PhantomData)
    }

    #[inline(always)]
    fn atan2(self, x: Self) -> Self {
        Self(self.0.atan2(x.0), PhantomData)
    }

    #[inline]
    fn are_squares_in_range(self) -> bool {
        self.0.are_squares_in_range()
    }

    #[inline]
    fn scale_of_square(self) -> Self {
        Self(self.0.scale_of_square(), PhantomData)
    }

    #[inline]
    fn all(self, x: f64) -> Self {
        Self(self.0.all(x), PhantomData)
    }
}

macro_rules! floats {
    ($register:ident of $number:ident, $squares:ident) => {
        impl Floats for $register {
            #[inline]
            fn root(self) -> Self {
                self.sqrt()
            }

            #[inline]
            fn one_if_zero(self) -> Self {
                self.simd_eq(Self::ZERO).bitselect(Self::ONE, self)
            }

            #[inline]
            fn half(self) -> Self {
                self * Self::HALF
            }

            #[inline(always)]
            fn atan2(self, x: Self) -> Self {
                let (mut ys, xs) = (self.to_array(), x.to_array());
                for (y, x) in ys.iter_mut().zip(xs) {
                    *y = Floats::atan2(*y, x);
                }
                ys.into()
            }

            #[inline]
            fn are_squares_in_range(self) -> bool {
                let no_less = self.simd_ge(Self::splat($squares.least));
                let no_more = self.simd_le(Self::splat($squares.most));
                (no_less & no_more).to_bitmask()
                    == (1 << size_of::<Self>() / size_of::<$number>()) - 1
            }

            #[inline]
            fn scale_of_square(self) -> Self {
                let all = Self::splat;
                let small = self.simd_lt(all($squares.least));
                let large = self.simd_gt(all($squares.most));
                let down = large.bitselect(all($squares.down), Self::ONE);
                small.bitselect(all($squares.up), down)
            }

            #[inline]
            fn all(self, x: f64) -> Self {
                Self::splat(x as $number)
            }
        }
    };
}
floats! { f32x4 of f32, SINGLE }
floats! { f64x2 of f64, DOUBLE }

macro_rules! reals {
    ($name:ty, $lanes:path, $of_face:path) => {
        impl Reals for $name {
            #[inline(always)]
            fn accurately<F, const I: usize, const O: usize>(
                formula: F,
                inputs: [[Self; 3]; I],
            ) -> [[Self; 3]; O]
            where
                F: Formula<I, O>,
            {
                $lanes(formula, inputs)
            }

            #[inline(always)]
            fn accurately_of_face<F: FaceFormula>(
                formula: F,
                corners: impl Corners<Self>,
            ) -> [Self; 3] {
                $of_face(formula, corners)
            }
        }
    };
}
reals! { F32x4, reals::singles, reals::singles_of_face }
reals! { F64x2, reals::doubles, reals::doubles_of_face }

/// Of one lane, which no formula is evaluated in: what does not fill a register of the baseline is filled up
/// ([`Simd::vectorize_long`](crate::simd::Simd::vectorize_long)).
macro_rules! alone {
    ($number:ty) => {
        impl Reals for Wide<$number, $number, Scalar> {
            fn accurately<F, const I: usize, const O: usize>(
                _: F,
                _: [[Self; 3]; I],
            ) -> [[Self; 3]; O]
            where
                F: Formula<I, O>,
            {
                unreachable!("registers are filled up")
            }

            fn accurately_of_face<F: FaceFormula>(_: F, _: impl Corners<Self>) -> [Self; 3] {
                unreachable!("registers are filled up")
            }
        }
    };
}
alone! { f32 }
alone! { f64 }

impl Scales for F64x2 {
    #[inline]
    fn greater_magnitude(self, y: Self) -> Self {
        Self::of(self.0.abs().fast_max(y.0.abs()))
    }

    #[inline]
    fn exponent(self) -> Self {
        let field: u64x2 = cast(self.0);
        let integer: f64x2 = cast((field >> 52) | cast::<f64x2, u64x2>(f64x2::splat(INTEGER)));
        Self::of((integer - f64x2::splat(BIASED)).fast_min(f64x2::splat(1022.0)))
    }

    #[inline]
    fn within_a_thousand(self) -> Self {
        let less = self.0.fast_min(f64x2::splat(1000.0));
        Self::of(less.fast_max(f64x2::splat(-1000.0)))
    }

    #[inline]
    fn power_of_two(self) -> Self {
        let field: u64x2 = cast(f64x2::splat(BIASED) + self.0);
        Self::of(cast(field << 52))
    }

    #[inline]
    fn inverse_power_of_two(self) -> Self {
        let field: u64x2 = cast(f64x2::splat(BIASED) - self.0);
        Self::of(cast(field << 52))
    }

    #[inline]
    fn reciprocal(self) -> Self {
        Self::of(f64x2::ONE / self.0)
    }

    /// Where numbers would underflow on the way to Dekker's error, it is seen to one by one. An error that is zero may be −0 here, where a
    /// fused operation has +0. That is never seen: a product of pairs is added to another, and sums of pairs that are zero are +0.
    #[inline]
    fn error_of_any_product(a: Self, b: Self, p: Self) -> Self {
        let zero = a.0.simd_eq(f64x2::ZERO) | b.0.simd_eq(f64x2::ZERO);
        let small = p.0.abs().simd_lt(f64x2::splat(LEAST)) & !zero;
        if small.to_bitmask() == 0 {
            return Self::error_of_product(a, b, p);
        }
        Self::of(fused(a.0.to_array(), b.0.to_array(), p.0.to_array()).into())
    }
}

/// a·b − p, by an operation that a processor of the baseline may have to be without.
#[cold]
#[inline(never)]
fn fused(a: [f64; 2], b: [f64; 2], p: [f64; 2]) -> [f64; 2] {
    [a[0].mul_add(b[0], -p[0]), a[1].mul_add(b[1], -p[1])]
}
