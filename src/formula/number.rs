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
            super::plain_dot(v, v).root()
        }

        #[inline(always)]
        fn rescaled(v: [Self; 3]) -> ([Self; 3], Unscaled) {
            (v, Unscaled)
        }
    };
}

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
    type Product = Self;
    type Exponent = Unscaled;

    one_number! {}

    #[inline(always)]
    fn settled(long: Pair<Self>) -> Self {
        long.high
    }

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
    fn scaled(self, _: Unscaled) -> Self {
        self
    }
}

/// The power of two that brings the greatest of these magnitudes near 1, and the exponent of its inverse.
#[inline(always)]
fn scale_of<X: Exact, const K: usize>(numbers: [Double<X>; K]) -> (Double<X>, Double<X>) {
    let mut greatest = numbers[0].0;
    greatest = greatest.greater_magnitude(greatest);
    for x in &numbers[1..] {
        greatest = greatest.greater_magnitude(x.0);
    }
    let e = greatest.exponent();
    (Double(e.inverse_power_of_two()), Double(e))
}

#[inline(always)]
fn scaled_by<N: Floats, const K: usize>(mut numbers: [N; K], scale: N) -> [N; K] {
    for x in &mut numbers {
        *x = *x * scale;
    }
    numbers
}

impl<X: Exact> Number for Double<X> {
    type Long = Pair<Self>;
    type Product = Pair<Self>;
    type Exponent = Self;

    #[inline(always)]
    fn settled(long: Pair<Self>) -> Pair<Self> {
        long
    }

    #[inline(always)]
    fn exactly(self) -> Pair<Self> {
        Pair::exactly(self)
    }

    #[inline(always)]
    fn nearest(v: [Pair<Self>; 3]) -> [Self; 3] {
        [v[0].high, v[1].high, v[2].high]
    }

    #[inline(always)]
    fn length(v: [Pair<Self>; 3]) -> Self {
        Pair::length(v)
    }

    /// A quotient, and what is left is divided again, by one division for all.
    #[inline(always)]
    fn over(v: [Pair<Self>; 3], k: Self) -> [Self; 3] {
        let reciprocal = Self(k.0.reciprocal());
        [
            v[0].over(k, reciprocal),
            v[1].over(k, reciprocal),
            v[2].over(k, reciprocal),
        ]
    }

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
    fn cross(a: [Self; 3], b: [Self; 3]) -> [Pair<Self>; 3] {
        super::long_cross(a, b)
    }

    #[inline(always)]
    fn rounded_cross([ax, ay, az]: [Self; 3], [bx, by, bz]: [Self; 3]) -> [Self; 3] {
        let [x, y, z] = X::rounded_cross([ax.0, ay.0, az.0], [bx.0, by.0, bz.0]);
        [Self(x), Self(y), Self(z)]
    }

    #[inline(always)]
    fn normalised<const K: usize>(numbers: [Self; K]) -> ([Self; K], Self) {
        let (scale, e) = scale_of(numbers);
        (all_finite(scaled_by(numbers, scale)), e)
    }

    #[inline(always)]
    fn rescaled(v: [Pair<Self>; 3]) -> ([Pair<Self>; 3], Self) {
        let (scale, e) = scale_of(Self::nearest(v));
        let by = |v: Pair<Self>| v.scaled(scale);
        ([by(v[0]), by(v[1]), by(v[2])], e)
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
