//! Accurate numbers: `f64` for `f32`, and `f64` that is scaled. See [`super::number`].

use super::Corners;
use super::number::{Exact, Floats, Number, Unscaled, number, one_number};
use super::pair::Pair;
use crate::unrolled::for_each;

number! {
    /// `f64` that came from `f32`, or is to become one.
    Single of Exact
}
number! {
    /// `f64`.
    Double of Exact
}

/// What makes NaN of every number where one of them is not finite; no sum of them overflows.
#[inline(always)]
fn all_finite<X: Floats, const K: usize>(mut numbers: [X; K]) -> [X; K] {
    let mut sum = numbers[0];
    for_each! { i of K {
        if i > 0 {
            sum = sum + numbers[i];
        }
    }}
    let copy = sum;
    let zero = sum - copy; // or NaN
    for_each! { i of K {
        numbers[i] = numbers[i] - zero; // not plus: −0 stays −0
    }}
    numbers
}

impl<X: Exact> Number for Single<X> {
    type Long = Pair<Self>;
    type Product = Self;
    type Exponent = Unscaled;
    type Scale = Unscaled;

    one_number! {}

    #[inline(always)]
    fn in_scale(v: [Self; 3], _: Unscaled) -> [Self; 3] {
        all_finite(v)
    }

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
    for_each! { i of K {
        if i > 0 {
            greatest = greatest.greater_magnitude(numbers[i].0);
        }
    }}
    let e = greatest.exponent();
    (Double(e.inverse_power_of_two()), Double(e))
}

#[inline(always)]
fn scaled_by<N: Floats, const K: usize>(mut numbers: [N; K], scale: N) -> [N; K] {
    for_each! { i of K {
        numbers[i] = numbers[i] * scale;
    }}
    numbers
}

impl<X: Exact> Number for Double<X> {
    type Long = Pair<Self>;
    type Product = Pair<Self>;
    type Exponent = Self;
    type Scale = Self;

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
    fn scale_of_all(vectors: impl Corners<Self>) -> (Self, Self) {
        let mut greatest = vectors.get(0);
        for k in 1..vectors.len() {
            let [x, y, z] = vectors.get(k);
            greatest = [
                Self(greatest[0].0.greater_magnitude(x.0)),
                Self(greatest[1].0.greater_magnitude(y.0)),
                Self(greatest[2].0.greater_magnitude(z.0)),
            ];
        }
        scale_of(greatest)
    }

    #[inline(always)]
    fn in_scale(v: [Self; 3], scale: Self) -> [Self; 3] {
        all_finite(scaled_by(v, scale))
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
            #[inline]
            fn error_of_product(a: Self, b: Self, p: Self) -> Self {
                Self(X::error_of_product(a.0, b.0, p.0))
            }

            #[inline]
            fn plus_elsewhere(self, y: Self) -> Self {
                Self(self.0.plus_elsewhere(y.0))
            }

            #[inline]
            fn minus_elsewhere(self, y: Self) -> Self {
                Self(self.0.minus_elsewhere(y.0))
            }
        }
    };
}
parts! { Single }
parts! { Double }
