//! What a number is to a formula: plain, or accurate.
//!
//! | | plain | `f32`, accurate | `f64`, accurate |
//! |---|---|---|---|
//! | a number is | itself | an `f64`, in which products of two `f32` are exact | itself |
//! | a sum of products is | rounded as it goes | a pair of `f64`, high and low | a pair |
//! | a × b is | three rounded differences | three of exact products | three of pairs |
//! | range | that of the type | nothing overflows or underflows | vectors are brought to a greatest component near 1 by a power of two, which the result gets back |
//!
//! An accurate formula makes NaN of what is not finite, so that infinities do not come out as numbers. Written once over
//! [`Floats`] and [`Exact`], which are numbers of the language here, for the reference, and lanes in `simd`.

use core::ops::{Add, Div, Mul, Sub};

/// Numbers of IEEE 754: each operation is rounded once, to nearest even.
pub trait Floats:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    /// The square root.
    fn root(self) -> Self;

    /// One for zero, and itself for everything else.
    fn one_if_zero(self) -> Self;

    /// Half of it.
    fn half(self) -> Self;

    /// The angle of the point (x, self), from −π to π; −0 for x is as +0.
    fn atan2(self, x: Self) -> Self;
}

/// What accurate arithmetic needs of `f64` beside.
pub(crate) trait Exact: Floats {
    /// a·b − p for the rounded product p, rounded: exact, range permitting.
    fn error_of_product(a: Self, b: Self, p: Self) -> Self;

    /// The same sum in units of the processor that do something else, where there are such.
    #[inline(always)]
    fn plus_elsewhere(self, y: Self) -> Self {
        self + y
    }

    /// The same difference there.
    #[inline(always)]
    fn minus_elsewhere(self, y: Self) -> Self {
        self - y
    }

    /// 1/x.
    fn reciprocal(self) -> Self;

    /// x − y rounded to odd.
    fn difference_to_odd(self, y: Self) -> Self;

    /// a × b, each component rounded once.
    fn rounded_cross(a: [Self; 3], b: [Self; 3]) -> [Self; 3];

    /// The greater magnitude; of NaN, anything.
    fn greater_magnitude(self, y: Self) -> Self;

    /// The exponent of a magnitude: −1023 of zero and what is subnormal, 1022 at most.
    fn exponent(self) -> Self;

    /// −1000 if it is less, 1000 if it is more.
    fn within_a_thousand(self) -> Self;

    /// 2 to the power of this integer, from −1022 to 1023.
    fn power_of_two(self) -> Self;

    /// 2 to the power of minus this integer, from −1023 to 1022.
    fn inverse_power_of_two(self) -> Self;
}

/// A number, as formulas see it.
pub trait Number: Floats {
    /// A sum of products that is not rounded yet.
    type Long: Copy
        + Add<Output = Self::Long>
        + Sub<Output = Self::Long>
        + Mul<Self, Output = Self::Long>
        + Mul<Self::Long, Output = Self::Long>;

    /// A component of a cross product, as precise as a length or a direction needs it.
    type Product: Copy;

    /// By which power of two a vector was scaled.
    type Exponent: Copy + Add<Output = Self::Exponent> + Sub<Output = Self::Exponent>;

    /// a·b.
    fn product(a: Self, b: Self) -> Self::Long;

    /// a − b.
    fn difference(a: Self, b: Self) -> Self::Long;

    /// The nearest number.
    fn round(long: Self::Long) -> Self;

    /// a × b.
    fn cross(a: [Self; 3], b: [Self; 3]) -> [Self::Product; 3];

    /// A sum of products as one.
    fn settled(long: Self::Long) -> Self::Product;

    /// A number as one.
    fn exactly(self) -> Self::Product;

    /// Each component as a number.
    fn nearest(v: [Self::Product; 3]) -> [Self; 3];

    /// |v|.
    fn length(v: [Self::Product; 3]) -> Self;

    /// v / k.
    fn over(v: [Self::Product; 3], k: Self) -> [Self; 3];

    /// a × b as [`crate::Engine::cross`] has it, of all numbers that there are.
    fn rounded_cross(a: [Self; 3], b: [Self; 3]) -> [Self; 3];

    /// Numbers that no product or sum of a few takes out of range, and the power of two by which to multiply them to have these. If
    /// accurate, all NaN where one is not finite.
    fn normalised<const K: usize>(numbers: [Self; K]) -> ([Self; K], Self::Exponent);

    /// The same of a vector that came from such.
    fn rescaled(v: [Self::Product; 3]) -> ([Self::Product; 3], Self::Exponent);

    /// This times a power of two.
    fn scaled(self, e: Self::Exponent) -> Self;
}

/// No power of two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unscaled;

impl Add for Unscaled {
    type Output = Self;

    #[inline(always)]
    fn add(self, _: Self) -> Self {
        self
    }
}

impl Sub for Unscaled {
    type Output = Self;

    #[inline(always)]
    fn sub(self, _: Self) -> Self {
        self
    }
}

/// A number whose operations are those of what is inside.
macro_rules! number {
    ($(#[$doc:meta])* $name:ident of $floats:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $name<X>(pub(crate) X);

        number! { $name of $floats: Add add }
        number! { $name of $floats: Sub sub }
        number! { $name of $floats: Mul mul }
        number! { $name of $floats: Div div }

        impl<X: $floats> $crate::formula::Floats for $name<X> {
            #[inline(always)]
            fn root(self) -> Self {
                Self(self.0.root())
            }

            #[inline(always)]
            fn one_if_zero(self) -> Self {
                Self(self.0.one_if_zero())
            }

            #[inline(always)]
            fn half(self) -> Self {
                Self(self.0.half())
            }

            #[inline(always)]
            fn atan2(self, x: Self) -> Self {
                Self(self.0.atan2(x.0))
            }
        }
    };
    ($name:ident of $floats:ident: $operator:ident $method:ident) => {
        impl<X: $floats> core::ops::$operator for $name<X> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, y: Self) -> Self {
                Self(core::ops::$operator::$method(self.0, y.0))
            }
        }
    };
}
pub(super) use number;

number! {
    /// As it is.
    Plain of Floats
}

/// Where a component of a cross product is a number like any other.
macro_rules! one_number {
    () => {
        #[inline(always)]
        fn exactly(self) -> Self {
            self
        }

        #[inline(always)]
        fn nearest(v: [Self; 3]) -> [Self; 3] {
            v
        }

        #[inline(always)]
        fn length(v: [Self; 3]) -> Self {
            crate::formula::plain_dot(v, v).root()
        }

        #[inline(always)]
        fn rescaled(v: [Self; 3]) -> ([Self; 3], Unscaled) {
            (v, Unscaled)
        }
    };
}
pub(super) use one_number;

impl<X: Floats> Number for Plain<X> {
    type Long = Self;
    type Product = Self;
    type Exponent = Unscaled;

    one_number! {}

    #[inline(always)]
    fn settled(long: Self) -> Self {
        long
    }

    #[inline(always)]
    fn over(v: [Self; 3], k: Self) -> [Self; 3] {
        super::divided(v, k)
    }

    #[inline(always)]
    fn product(a: Self, b: Self) -> Self {
        a * b
    }

    #[inline(always)]
    fn difference(a: Self, b: Self) -> Self {
        a - b
    }

    #[inline(always)]
    fn round(long: Self) -> Self {
        long
    }

    #[inline(always)]
    fn cross(a: [Self; 3], b: [Self; 3]) -> [Self; 3] {
        super::plain_cross(a, b)
    }

    #[inline(always)]
    fn rounded_cross(a: [Self; 3], b: [Self; 3]) -> [Self; 3] {
        super::plain_cross(a, b)
    }

    #[inline(always)]
    fn normalised<const K: usize>(numbers: [Self; K]) -> ([Self; K], Unscaled) {
        (numbers, Unscaled)
    }

    #[inline(always)]
    fn scaled(self, _: Unscaled) -> Self {
        self
    }
}
