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

use super::{Corners, Polar};

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

    /// Whether all of these are squares of vectors that need not be scaled, neither zero nor NaN among them.
    fn are_squares_in_range(self) -> bool;

    /// The power of two by which to multiply a vector twice whose square this is, so that its square is neither less nor more than the
    /// type can hold: 1 where it is already in range. See [`Squares`].
    fn scale_of_square(self) -> Self;

    /// This number, which the type must have, in every lane.
    fn all(self, x: f64) -> Self;
}

/// Where squares of vectors leave the range of a type, and the powers of two that, multiplied twice, bring them back.
pub(crate) struct Squares<T> {
    /// Less than this, parts of the square may have been lost below the least number; the vector is multiplied by `up` twice.
    pub(crate) least: T,
    pub(crate) up: T,
    /// More than this is near infinity; the vector is multiplied by `down` twice.
    pub(crate) most: T,
    pub(crate) down: T,
}

/// A square of at least 2^-100 has lost less than 2^-48 of itself to numbers below 2^-149. Vectors below 2^-50, down to 2^-149, become those of
/// 2^-49 to 2^50, and vectors above 2^62 those of 2^-4 to 2^62, whose squares are far from both ends.
pub(crate) const SINGLE: Squares<f32> = Squares {
    least: f32::from_bits((127 - 100) << 23),
    up: f32::from_bits((127 + 50) << 23),
    most: f32::from_bits((127 + 126) << 23),
    down: f32::from_bits((127 - 33) << 23),
};

/// Likewise: vectors below 2^-450, down to 2^-1074, become those of 2^-474 to 2^150, vectors above 2^510 those of 2^-4 to 2^510.
pub(crate) const DOUBLE: Squares<f64> = Squares {
    least: f64::from_bits((1023 - 900) << 52),
    up: f64::from_bits((1023 + 300) << 52),
    most: f64::from_bits((1023 + 1022) << 52),
    down: f64::from_bits((1023 - 257) << 52),
};

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

    /// A vector as its direction and its length.
    #[inline(always)]
    fn polar(v: [Self::Product; 3]) -> Polar<Self> {
        let (v, e) = Self::rescaled(v);
        let length = Self::length(v).one_if_zero();
        Polar {
            unit: Self::over(v, length),
            length,
            scale: length.all(1.0),
            e,
        }
    }

    /// By what numbers are multiplied to be scaled.
    type Scale: Copy;

    /// [`Number::normalised`] in two steps, for vectors that are not all there at once. This is the first: the scale of all of them, of
    /// which there is one or more.
    fn scale_of_all(vectors: impl Corners<Self>) -> (Self::Scale, Self::Exponent);

    /// The second step: one of the vectors in that scale.
    fn in_scale(v: [Self; 3], scale: Self::Scale) -> [Self; 3];

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
            #[inline]
            fn root(self) -> Self {
                Self(self.0.root())
            }

            #[inline]
            fn one_if_zero(self) -> Self {
                Self(self.0.one_if_zero())
            }

            #[inline]
            fn half(self) -> Self {
                Self(self.0.half())
            }

            #[inline]
            fn atan2(self, x: Self) -> Self {
                Self(self.0.atan2(x.0))
            }

            #[inline]
            fn are_squares_in_range(self) -> bool {
                self.0.are_squares_in_range()
            }

            #[inline]
            fn scale_of_square(self) -> Self {
                Self(self.0.scale_of_square())
            }

            #[inline]
            fn all(self, x: f64) -> Self {
                Self(self.0.all(x))
            }
        }
    };
    ($name:ident of $floats:ident: $operator:ident $method:ident) => {
        impl<X: $floats> core::ops::$operator for $name<X> {
            type Output = Self;

            #[inline]
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

        #[inline(always)]
        fn scale_of_all(_: impl $crate::formula::Corners<Self>) -> (Unscaled, Unscaled) {
            (Unscaled, Unscaled)
        }
    };
}
pub(super) use one_number;

impl<X: Floats> Number for Plain<X> {
    type Long = Self;
    type Product = Self;
    type Exponent = Unscaled;
    type Scale = Unscaled;

    one_number! {}

    #[inline(always)]
    fn settled(long: Self) -> Self {
        long
    }

    #[inline(always)]
    fn over(v: [Self; 3], k: Self) -> [Self; 3] {
        super::divided(v, k)
    }

    /// The direction has length one, is zero, or is NaN, whatever the range: a vector whose square is out of range is scaled first.
    /// (To scale all of them, by 1 where they are in range, costs a third of the speed in L1.)
    #[inline(always)]
    fn polar(mut v: [Self; 3]) -> Polar<Self> {
        let square = super::plain_dot(v, v);
        let (mut length, mut scale) = (square.root(), square.all(1.0));
        if !square.are_squares_in_range() {
            scale = square.scale_of_square();
            v = super::times(super::times(v, scale), scale);
            let square = super::plain_dot(v, v);
            let copy = square;
            // An infinite component makes all of them NaN.
            length = (square + (square - copy)).root().one_if_zero();
        }
        Polar {
            unit: super::divided(v, length),
            length,
            scale,
            e: Unscaled,
        }
    }

    #[inline(always)]
    fn in_scale(v: [Self; 3], _: Unscaled) -> [Self; 3] {
        v
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
