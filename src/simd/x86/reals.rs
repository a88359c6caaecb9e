//! Lanes of the vendor's registers as numbers: what the macros of correct rounding are for [`crate::simd::rounded`], these are
//! for formulas.

use crate::formula::Floats;
use crate::simd::{Lanes, MOST_LANES};

/// Declares the operations of lanes, from intrinsics and a module that has the functions of several instructions.
macro_rules! floats {
    (
        $name:ident from $module:ident and $lanes:path, $of_face:path;
        add $add:ident, sub $sub:ident, mul $mul:ident, div $div:ident, sqrt $sqrt:ident
    ) => {
        $crate::simd::x86::floats! { $name: Add add $add }
        $crate::simd::x86::floats! { $name: Sub sub $sub }
        $crate::simd::x86::floats! { $name: Mul mul $mul }
        $crate::simd::x86::floats! { $name: Div div $div }

        impl $crate::formula::Floats for $name {
            #[inline]
            fn root(self) -> Self {
                // SAFETY: lanes are made from others or by loads only, and a load takes the token that exists only where
                // the instruction set was detected.
                Self(unsafe { $sqrt(self.0) })
            }

            #[inline]
            fn one_if_zero(self) -> Self {
                // SAFETY: as in `root`.
                Self(unsafe { $module::one_if_zero(self.0) })
            }

            #[inline]
            fn half(self) -> Self {
                // SAFETY: as in `root`.
                Self(unsafe { $module::half(self.0) })
            }

            #[inline(always)]
            fn atan2(self, x: Self) -> Self {
                $crate::simd::x86::atan2(self, x)
            }

            #[inline]
            fn are_squares_in_range(self) -> bool {
                // SAFETY: as in `root`.
                unsafe { $module::are_squares_in_range(self.0) }
            }

            #[inline]
            fn scale_of_square(self) -> Self {
                // SAFETY: as in `root`.
                Self(unsafe { $module::scale_of_square(self.0) })
            }

            #[inline]
            fn all(self, x: f64) -> Self {
                // SAFETY: as in `root`.
                Self(unsafe { $module::all(x) })
            }
        }

        impl $crate::simd::Reals for $name {
            #[inline(always)]
            fn accurately<F, const I: usize, const O: usize>(
                formula: F,
                inputs: [[Self; 3]; I],
            ) -> [[Self; 3]; O]
            where
                F: $crate::formula::Formula<I, O>,
            {
                $lanes(formula, inputs)
            }

            #[inline(always)]
            fn accurately_of_face<F: $crate::formula::FaceFormula>(
                formula: F,
                corners: impl $crate::formula::Corners<Self>,
            ) -> [Self; 3] {
                $of_face(formula, corners)
            }
        }
    };
    ($name:ident: $operator:ident $method:ident $instruction:ident) => {
        impl core::ops::$operator for $name {
            type Output = Self;

            #[inline]
            fn $method(self, y: Self) -> Self {
                // SAFETY: lanes are made from others or by loads only, and a load takes the token that exists only where
                // the instruction set was detected.
                Self(unsafe { $instruction(self.0, y.0) })
            }
        }
    };
}
pub(in crate::simd) use floats;

/// Declares how lanes of `f64` are scaled, from the module `double`.
macro_rules! scales {
    ($name:ident) => {
        impl $crate::simd::reals::Scales for $name {
            $crate::simd::x86::doubles! { $name of (self, y) greater_magnitude }
            $crate::simd::x86::doubles! { $name of (self) exponent }
            $crate::simd::x86::doubles! { $name of (self) within_a_thousand }
            $crate::simd::x86::doubles! { $name of (self) power_of_two }
            $crate::simd::x86::doubles! { $name of (self) inverse_power_of_two }
            $crate::simd::x86::doubles! { $name of (self) reciprocal }
        }
    };
}
pub(in crate::simd) use scales;

/// atan2 lane by lane: a function of the library `libm`, the same on every CPU.
#[inline(always)]
pub(in crate::simd) fn atan2<L: Lanes>(y: L, x: L) -> L
where
    L::Element: Floats,
{
    let zero = bytemuck::Zeroable::zeroed();
    let (mut ys, mut xs) = ([zero; MOST_LANES], [zero; MOST_LANES]);
    // SAFETY: no level has more lanes.
    unsafe { y.store(ys.as_mut_ptr()) };
    // SAFETY: no level has more lanes.
    unsafe { x.store(xs.as_mut_ptr()) };
    for (y, x) in ys[..L::LEN].iter_mut().zip(xs) {
        *y = y.atan2(x);
    }
    // SAFETY: no level has more lanes.
    unsafe { L::load(y.proof(), ys.as_ptr()) }
}
