//! Sums of two numbers, the low one less than a unit in the last place of the high one: twice the precision.
//!
//! The algorithms are those whose errors Joldes, Muller and Popescu have bounded ("Tight and rigorous error bounds for basic
//! building blocks of double-word arithmetic", ACM TOMS 44, 2017): relative to the result, 3u² for a sum, whatever cancels,
//! 2u² for a product with a number, and 5u² with a pair.

use core::ops::{Add, Mul, Sub};

use super::accurate::Parts;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair<N> {
    pub(super) high: N,
    low: N,
}

/// a + b = high + low.
#[inline(always)]
fn sum<N: Parts>(a: N, b: N) -> Pair<N> {
    let high = a + b;
    let t = high - a;
    let low = (a - (high - t)) + (b - t);
    Pair { high, low }
}

/// The same elsewhere: half of the work for each unit.
#[inline(always)]
fn sum_elsewhere<N: Parts>(a: N, b: N) -> Pair<N> {
    let high = a.plus_elsewhere(b);
    let t = high.minus_elsewhere(a);
    let low = a
        .minus_elsewhere(high.minus_elsewhere(t))
        .plus_elsewhere(b.minus_elsewhere(t));
    Pair { high, low }
}

/// a − b = high + low, elsewhere.
#[inline(always)]
fn difference_elsewhere<N: Parts>(a: N, b: N) -> Pair<N> {
    let high = a.minus_elsewhere(b);
    let t = high.minus_elsewhere(a);
    let low = a
        .minus_elsewhere(high.minus_elsewhere(t))
        .minus_elsewhere(b.plus_elsewhere(t));
    Pair { high, low }
}

/// a + b = high + low, where |a| ≥ |b|, or a is zero.
#[inline(always)]
fn fast_sum<N: Parts>(a: N, b: N) -> Pair<N> {
    let high = a + b;
    let low = b - (high - a);
    Pair { high, low }
}

/// The same elsewhere.
#[inline(always)]
fn fast_sum_elsewhere<N: Parts>(a: N, b: N) -> Pair<N> {
    let high = a.plus_elsewhere(b);
    let low = b.minus_elsewhere(high.minus_elsewhere(a));
    Pair { high, low }
}

impl<N: Parts> Pair<N> {
    /// a·b, exactly, range permitting.
    #[inline(always)]
    pub(super) fn product(a: N, b: N) -> Self {
        let high = a * b;
        let low = N::error_of_product(a, b, high);
        Self { high, low }
    }

    /// a − b, exactly.
    #[inline(always)]
    pub(super) fn difference(a: N, b: N) -> Self {
        let high = a - b;
        let t = high - a;
        let low = (a - (high - t)) - (b + t);
        Self { high, low }
    }

    /// A number.
    #[inline(always)]
    pub(super) fn exactly(high: N) -> Self {
        Self {
            high,
            low: high.minus_elsewhere(high),
        }
    }

    /// This times a power of two.
    #[inline(always)]
    pub(super) fn scaled(self, scale: N) -> Self {
        Self {
            high: self.high * scale,
            low: self.low * scale,
        }
    }

    /// The length of a vector: what is below the squares is added before the root, so that there are two roundings.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn length([x, y, z]: [Self; 3]) -> N {
        let square = |v: Self| Self::product(v.high, v.high);
        let (p, q, r) = (square(x), square(y), square(z));
        let two = sum(p.high, q.high);
        let three = sum_elsewhere(two.high, r.high);
        let errors = (p.low + q.low) + (r.low + (two.low + three.low));
        let mixed = (x.high * x.low + y.high * y.low) + z.high * z.low;
        (three.high + (errors + (mixed + mixed))).root()
    }

    /// This divided by k, of which there is the reciprocal, rounded.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(super) fn over(self, k: N, reciprocal: N) -> N {
        let quotient = self.high * reciprocal;
        let product = Self::product(quotient, k);
        let rest = ((self.high - product.high) - product.low) + self.low;
        quotient + rest * reciprocal
    }

    /// The sum of two sums, of the high numbers and of the low ones.
    #[inline(always)]
    fn joined(high: Self, low: Self) -> Self {
        let upper = fast_sum_elsewhere(high.high, high.low + low.high);
        fast_sum(upper.high, low.low.plus_elsewhere(upper.low))
    }
}

impl<N: Parts> Add for Pair<N> {
    type Output = Self;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn add(self, y: Self) -> Self {
        Self::joined(sum(self.high, y.high), sum_elsewhere(self.low, y.low))
    }
}

impl<N: Parts> Sub for Pair<N> {
    type Output = Self;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn sub(self, y: Self) -> Self {
        Self::joined(
            Self::difference(self.high, y.high),
            difference_elsewhere(self.low, y.low),
        )
    }
}

impl<N: Parts> Mul<N> for Pair<N> {
    type Output = Self;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn mul(self, y: N) -> Self {
        let product = Self::product(self.high, y);
        let upper = fast_sum_elsewhere(product.high, self.low * y);
        fast_sum(upper.high, upper.low + product.low)
    }
}

impl<N: Parts> Mul for Pair<N> {
    type Output = Self;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn mul(self, y: Self) -> Self {
        let product = Self::product(self.high, y.high);
        let mixed = self.high * y.low + self.low * y.high;
        fast_sum(product.high, product.low + mixed)
    }
}
