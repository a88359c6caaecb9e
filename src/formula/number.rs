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

use super::pair::Pair;

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

    /// The angle of the point (x, self), from −π to π.
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

    /// By which power of two a vector was scaled.
    type Exponent: Copy + Add<Output = Self::Exponent> + Sub<Output = Self::Exponent>;

    /// a·b.
    fn product(a: Self, b: Self) -> Self::Long;

    /// a − b.
    fn difference(a: Self, b: Self) -> Self::Long;

    /// The nearest number.
    fn round(long: Self::Long) -> Self;

    /// a × b; each component right to a rounding, but not always the nearest number.
    fn cross(a: [Self; 3], b: [Self; 3]) -> [Self; 3];

    /// a × b as [`crate::Engine::cross`] has it, of all numbers that there are.
    fn rounded_cross(a: [Self; 3], b: [Self; 3]) -> [Self; 3];

    /// Numbers that no product or sum of a few takes out of range, and the power of two by which to multiply them to have these. If
    /// accurate, all NaN where one is not finite.
    fn normalised<const K: usize>(numbers: [Self; K]) -> ([Self; K], Self::Exponent);

    /// The same of numbers that came from such.
    fn rescaled<const K: usize>(numbers: [Self; K]) -> ([Self; K], Self::Exponent);

    /// This times a power of two.
    fn scaled(self, e: Self::Exponent) -> Self;

    /// The components divided by a number.
    #[inline(always)]
    fn over(v: [Self; 3], k: Self) -> [Self; 3] {
        [v[0] / k, v[1] / k, v[2] / k]
    }
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

        impl<X: $floats> Floats for $name<X> {
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
        impl<X: $floats> $operator for $name<X> {
            type Output = Self;

            #[inline(always)]
            fn $method(self, y: Self) -> Self {
                Self($operator::$method(self.0, y.0))
            }
        }
    };
}
number! {
    /// As it is.
    Plain of Floats
}
number! {
    /// `f64` that came from `f32`, or is to become one.
    Single of Exact
}
number! {
    /// `f64`.
    Double of Exact
}

impl<X: Floats> Number for Plain<X> {
    type Long = Self;
    type Exponent = Unscaled;

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
    fn rescaled<const K: usize>(numbers: [Self; K]) -> ([Self; K], Unscaled) {
        (numbers, Unscaled)
    }

    #[inline(always)]
    fn scaled(self, _: Unscaled) -> Self {
        self
    }
}

/// What makes NaN of every number where one of them is not finite; no sum of them overflows.
#[inline(always)]
fn all_finite<X: Floats, const K: usize>(mut numbers: [X; K]) -> [X; K] {
    let mut sum = numbers[0];
    for x in &numbers[1..] {
        sum = sum + *x;
    }
    let copy = sum;
    let zero = sum - copy; // or NaN
    for x in &mut numbers {
        *x = *x - zero; // not plus: −0 stays −0
    }
    numbers
}

impl<X: Exact> Number for Single<X> {
    type Long = Pair<Self>;
    type Exponent = Unscaled;

    #[inline(always)]
    fn product(a: Self, b: Self) -> Pair<Self> {
        Pair::product(a, b)
    }

    #[inline(always)]
    fn difference(a: Self, b: Self) -> Pair<Self> {
        Pair::difference(a, b)
    }

    #[inline(always)]
    fn round(long: Pair<Self>) -> Self {
        long.high
    }

    /// Products are exact.
    #[inline(always)]
    fn cross(a: [Self; 3], b: [Self; 3]) -> [Self; 3] {
        super::plain_cross(a, b)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn rounded_cross([ax, ay, az]: [Self; 3], [bx, by, bz]: [Self; 3]) -> [Self; 3] {
        let x = (ay * bz).0.difference_to_odd((az * by).0);
        let y = (az * bx).0.difference_to_odd((ax * bz).0);
        let z = (ax * by).0.difference_to_odd((ay * bx).0);
        [Self(x), Self(y), Self(z)]
    }

    #[inline(always)]
    fn normalised<const K: usize>(numbers: [Self; K]) -> ([Self; K], Unscaled) {
        (all_finite(numbers), Unscaled)
    }

    /// One division does, of numbers that are to become `f32`.
    #[inline(always)]
    fn over([x, y, z]: [Self; 3], k: Self) -> [Self; 3] {
        let reciprocal = Self(k.0.reciprocal());
        [x * reciprocal, y * reciprocal, z * reciprocal]
    }

    #[inline(always)]
    fn rescaled<const K: usize>(numbers: [Self; K]) -> ([Self; K], Unscaled) {
        (numbers, Unscaled)
    }

    #[inline(always)]
    fn scaled(self, _: Unscaled) -> Self {
        self
    }
}

impl<X: Exact> Number for Double<X> {
    type Long = Pair<Self>;
    type Exponent = Self;

    #[inline(always)]
    fn product(a: Self, b: Self) -> Pair<Self> {
        Pair::product(a, b)
    }

    #[inline(always)]
    fn difference(a: Self, b: Self) -> Pair<Self> {
        Pair::difference(a, b)
    }

    #[inline(always)]
    fn round(long: Pair<Self>) -> Self {
        long.high
    }

    #[inline(always)]
    fn cross(a: [Self; 3], b: [Self; 3]) -> [Self; 3] {
        super::rounded(super::long_cross(a, b))
    }

    #[inline(always)]
    fn rounded_cross([ax, ay, az]: [Self; 3], [bx, by, bz]: [Self; 3]) -> [Self; 3] {
        let [x, y, z] = X::rounded_cross([ax.0, ay.0, az.0], [bx.0, by.0, bz.0]);
        [Self(x), Self(y), Self(z)]
    }

    #[inline(always)]
    fn normalised<const K: usize>(numbers: [Self; K]) -> ([Self; K], Self) {
        let (numbers, e) = Self::rescaled(numbers);
        (all_finite(numbers), e)
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn rescaled<const K: usize>(mut numbers: [Self; K]) -> ([Self; K], Self) {
        let mut greatest = numbers[0].0;
        greatest = greatest.greater_magnitude(greatest);
        for x in &numbers[1..] {
            greatest = greatest.greater_magnitude(x.0);
        }
        let e = greatest.exponent();
        let scale = e.inverse_power_of_two();
        for x in &mut numbers {
            *x = Self(x.0 * scale);
        }
        (numbers, Self(e))
    }

    /// In two steps, because the power may be out of range where the result is not. The first is exact for numbers near 1, so
    /// that a subnormal result is rounded once.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn scaled(self, Self(e): Self) -> Self {
        let first = e.within_a_thousand();
        let second = (e - first).within_a_thousand();
        Self(self.0 * first.power_of_two() * second.power_of_two())
    }
}

/// Numbers that make a [`Pair`].
pub(crate) trait Parts: Floats {
    /// a·b − p for the rounded product p.
    fn error_of_product(a: Self, b: Self, p: Self) -> Self;
    /// As [`Exact::plus_elsewhere`].
    fn plus_elsewhere(self, y: Self) -> Self;
    /// As [`Exact::minus_elsewhere`].
    fn minus_elsewhere(self, y: Self) -> Self;
}

macro_rules! parts {
    ($name:ident) => {
        impl<X: Exact> Parts for $name<X> {
            #[inline(always)]
            fn error_of_product(a: Self, b: Self, p: Self) -> Self {
                Self(X::error_of_product(a.0, b.0, p.0))
            }

            #[inline(always)]
            fn plus_elsewhere(self, y: Self) -> Self {
                Self(self.0.plus_elsewhere(y.0))
            }

            #[inline(always)]
            fn minus_elsewhere(self, y: Self) -> Self {
                Self(self.0.minus_elsewhere(y.0))
            }
        }
    };
}
parts! { Single }
parts! { Double }
