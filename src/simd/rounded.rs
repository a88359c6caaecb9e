//! a·b − c·d in lanes of `f32` and `f64`, rounded once: [`crate::Accuracy::CorrectlyRounded`].
//!
//! Separate because it is arithmetic only, written once for every instruction set: what an instruction set has to say is
//! [`Arithmetic`] and, beside it, [`Singles`] or [`Doubles`].
//!
//! # `f32`
//!
//! A product of two has 48 bits and an exponent that `f64` holds with ease: exact. The difference of two products is rounded
//! to odd in `f64`: exact, or else truncated with its last bit set. To round that to `f32`, at least two bits shorter and
//! subnormal or not, is to round the exact difference once (Boldo and Melquiond 2008). To round to nearest twice is
//! wrong where the first rounding ends on a midpoint of the second. No input is an exception; NaN is made the canonical one.
//!
//! # `f64`
//!
//! ```text
//! a·b = p + e,  −c·d = q + f         each product and its error: two numbers are exact
//! p + q = s + t,  e + f = u + v      so are each of these, and the four are the result
//! t + u = t₁ + u₁,  s + t₁ = s₁ + t₂
//! s₁ + RO(t₂ + (u₁ + v))             RO rounds to odd
//! ```
//!
//! s₁ is the result to within a unit in its last place or so, and what is missing is t₂ + u₁ + v. What decides a rounding is on
//! which side of a midpoint the sum lies, and the odd number keeps to that side, however little there is of u₁ + v: it is
//! never a midpoint itself. To round e + f to odd at once, which spares the most of this, is wrong: p + q may cancel,
//! then e + f is the result but for its head, and what rounds it must not come before s is added. (It is right as long as t
//! is not zero, which nothing tells beforehand.) u₁ + v is exact where it matters; no quadruple of numbers of 3 to 6 bits is rounded
//! wrongly, which the tests try for 3, 4 and 5.
//!
//! This is valid while every number is exact that is said to be:
//!
//! 1. Errors of products must not underflow. Where the least product is below [`LEAST`] ...
//! 2. ... or a result is not finite, which is what anything infinite or NaN on the way leads to, the lanes are seen to again. One
//!    branch asks for all of them.
//! 3. A factor that is zero makes the difference of the rounded products the result: a product is exact, or the only thing to be
//!    rounded. (Its sign, too, but where a zero is subtracted from a product that underflowed to zero.) Data are full of
//!    zeros, so that this is done in lanes. It serves NaN too.
//! 4. Whatever is left is done by integers, lane by lane, by the definition itself.
//!
//! Builds with debug assertions leave it to the compiler what is inlined: one that does not optimise would keep every
//! intermediate value of every function that it has to inline on the stack, megabytes of them.
//!
//! # What was tried
//!
//! Measured on an EPYC (Zen 4), one thread, columns of `f64` with AVX-512 unless it says otherwise.
//!
//! - Rounding to odd by two additions that carry their own rounding mode, the second under a mask, instead of the error of a sum
//!   and seven operations on bits: 9 operations fewer of 37 (AVX-512 only).
//! - Half of the sums as x·1 + y in the units that multiply: 2.2 ns for a vector instead of 2.9. With AVX2 nothing, or worse: the
//!   time from the first product to the result binds there, and a fused operation takes a cycle more.
//! - Errors of sums of sorted numbers, three operations instead of five: 1.9 ns instead of 2.2 (the minimum and maximum of
//!   magnitudes that sort are AVX-512's).
//! - Prefetching columns half a KiB ahead (`Operation::LONG`): from memory 0.88 to 0.97 of the time; 1 KiB 0.95 to 1.0; rows
//!   took up to 1.2 times as long, and are not prefetched.
//! - Rows as they lie: `f64` 2.7 ns instead of 3.1; `f32` 1.27 instead of 1.13, because what is rotated has to be widened once more.
//! - Not tried: to prove most lanes rounded by fewer operations, and do the others again. Integers and numbers that were `f32`
//!   before would be in doubt often.

use super::{Lanes, Simd, Work};
use crate::exact;
use crate::unrolled::for_each;

#[cfg(test)]
mod tests;

/// Products of this magnitude and above have errors that are normal, as is what the algorithm makes of them: they are multiples
/// of 2^-106 times as much. (From 2^-967 up they would be exact, if subnormal.)
pub(crate) const LEAST: f64 = f64::from_bits((1023 - 915) << 52);

/// A register of `f64`: operations that round to nearest, and those that only an instruction set knows how to do well.
pub(crate) trait Arithmetic: Copy {
    fn plus(self, y: Self) -> Self;
    fn minus(self, y: Self) -> Self;
    fn times(self, y: Self) -> Self;

    /// x·1 + y, fused, where there is an instruction for it.
    #[inline]
    fn one_times_plus(self, y: Self) -> Self {
        self.plus(y)
    }

    /// x·1 − y, fused, where there is an instruction for it.
    #[inline]
    fn one_times_minus(self, y: Self) -> Self {
        self.minus(y)
    }

    /// −a·b, rounded; of zeros, with any sign.
    fn minus_product(a: Self, b: Self) -> Self;

    /// a·b − p for the rounded product p of a and b: exact, range permitting.
    fn error_of_product(a: Self, b: Self, p: Self) -> Self;

    /// −a·b − p for the rounded p of `minus_product`: exact, range permitting.
    fn error_of_minus_product(a: Self, b: Self, p: Self) -> Self;

    /// The number of greater magnitude and the other one, where there is an instruction for it; of a number and a NaN, anything.
    #[inline(always)]
    fn sorted(self, _y: Self) -> Option<(Self, Self)> {
        None
    }

    /// x + y rounded to odd, where |x| ≥ |y|, or x is a multiple of the last place of y, or zero.
    #[inline(always)]
    fn sum_to_odd(self, y: Self) -> Self {
        let (sum, error) = fast_sum::<Adder, Self>(self, y);
        sum.nudge_to_odd(error)
    }

    /// x − y rounded to odd.
    #[inline(always)]
    fn difference_to_odd(self, y: Self) -> Self {
        let (difference, error) = difference(self, y);
        difference.nudge_to_odd(error)
    }

    /// The same where x is the sum already, rounded to nearest, and y its error. An infinite sum has a NaN for an error,
    /// and stays. An instruction set gives this, or the other two.
    #[inline(always)]
    fn nudge_to_odd(self, error: Self) -> Self {
        self.sum_to_odd(error)
    }
}

/// What the `f64` algorithm asks beside.
pub(crate) trait Doubles: Arithmetic + Lanes<Element = f64> {
    /// Some of the lanes.
    type Mask: Copy;

    /// The lesser magnitude, or one of them where the other is NaN.
    fn lesser_magnitude(self, y: Self) -> Self;

    /// The same with any sign.
    #[inline(always)]
    fn lesser(self, y: Self) -> Self {
        match self.sorted(y) {
            Some((_, lesser)) => lesser,
            None => self.lesser_magnitude(y),
        }
    }

    /// Where this magnitude is below [`LEAST`], or NaN.
    fn is_small(self) -> Self::Mask;
    fn is_not_finite(self) -> Self::Mask;
    fn is_zero_or_nan(self) -> Self::Mask;
    /// This, and the canonical NaN for NaN.
    fn canonical(self) -> Self;
    fn either(x: Self::Mask, y: Self::Mask) -> Self::Mask;
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;
    /// One bit for each lane, the lowest for the first.
    fn bits(mask: Self::Mask) -> u32;
}

/// What the `f32` algorithm asks beside.
pub(crate) trait Singles: Lanes<Element = f32> {
    /// Half of the lanes as `f64`.
    type Doubles: Arithmetic;

    /// The lanes in two halves.
    fn widen(self) -> [Self::Doubles; 2];
    /// The lanes rounded to nearest, and the canonical NaN for NaN.
    fn narrow(halves: [Self::Doubles; 2]) -> Self;
}

/// Which part of the processor adds. Those that multiply and add are other ones than those that only add (AMD's), or the same
/// (Intel's): half of the work for each is nearly twice as fast, or as fast.
trait Unit {
    fn plus<D: Arithmetic>(x: D, y: D) -> D;
    fn minus<D: Arithmetic>(x: D, y: D) -> D;
}

struct Adder;

impl Unit for Adder {
    #[inline]
    fn plus<D: Arithmetic>(x: D, y: D) -> D {
        x.plus(y)
    }

    #[inline]
    fn minus<D: Arithmetic>(x: D, y: D) -> D {
        x.minus(y)
    }
}

struct Multiplier;

impl Unit for Multiplier {
    #[inline]
    fn plus<D: Arithmetic>(x: D, y: D) -> D {
        x.one_times_plus(y)
    }

    #[inline]
    fn minus<D: Arithmetic>(x: D, y: D) -> D {
        x.one_times_minus(y)
    }
}

/// a − b = s + error.
#[cfg_attr(not(debug_assertions), inline(always))]
fn difference<D: Arithmetic>(a: D, b: D) -> (D, D) {
    let s = a.minus(b);
    let t = s.minus(a);
    (s, a.minus(s.minus(t)).minus(b.plus(t)))
}

/// a + b = s + error.
#[cfg_attr(not(debug_assertions), inline(always))]
fn sum<U: Unit, D: Arithmetic>(a: D, b: D) -> (D, D) {
    let s = U::plus(a, b);
    if let Some((greater, lesser)) = a.sorted(b) {
        // Not the sum of these: they need not include a NaN.
        return (s, U::minus(lesser, U::minus(s, greater)));
    }
    let t = U::minus(s, a);
    (s, U::plus(U::minus(a, U::minus(s, t)), U::minus(b, t)))
}

/// a + b = s + error, where |a| ≥ |b|, or a is a multiple of the last place of b, or zero.
#[cfg_attr(not(debug_assertions), inline(always))]
fn fast_sum<U: Unit, D: Arithmetic>(a: D, b: D) -> (D, D) {
    let s = U::plus(a, b);
    (s, U::minus(b, U::minus(s, a)))
}

/// a·b − c·d of `f32` in the lanes of several registers.
#[inline(always)]
pub(crate) fn singles<F: Singles, const N: usize>(factors: [[F; N]; 4]) -> [F; N] {
    let [a, b, c, d] = factors;
    let mut results = a;
    for_each! { i of N {
        results[i] = single([a[i], b[i], c[i], d[i]]);
    }}
    results
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn single<F: Singles>([a, b, c, d]: [F; 4]) -> F {
    let [a, b, c, d] = [a.widen(), b.widen(), c.widen(), d.widen()];
    let low = a[0].times(b[0]).difference_to_odd(c[0].times(d[0]));
    let high = a[1].times(b[1]).difference_to_odd(c[1].times(d[1]));
    F::narrow([low, high])
}

/// a·b − c·d of `f64` in the lanes of several registers.
#[inline(always)]
pub(crate) fn doubles<D: Doubles, const N: usize>(factors: [[D; N]; 4]) -> [D; N] {
    let [a, b, c, d] = factors;
    let mut results = a;
    let [mut least, mut total] = [a[0]; 2];
    for_each! { i of N {
        let (p, q) = (a[i].times(b[i]), D::minus_product(c[i], d[i]));
        results[i] = in_range([a[i], b[i], c[i], d[i]], p, q);
        let lesser = p.lesser(q);
        (least, total) = match i {
            0 if N == 1 => (lesser.lesser_magnitude(lesser), results[i]),
            0 => (lesser, results[i]),
            _ => (least.lesser_magnitude(lesser), total.plus(results[i])),
        };
    }}
    // The total may overflow where nothing else does; what is asked once too often is answered all the same.
    let doubtful = D::bits(D::either(least.is_small(), total.is_not_finite())) != 0;
    if doubtful {
        let (mut rest, mut any) = ([0; N], 0);
        for_each! { i of N {
            (results[i], rest[i]) = in_doubt([a[i], b[i], c[i], d[i]], results[i]);
            any |= rest[i];
        }}
        if any != 0 {
            // A copy: what has an address is in memory, and would be stored in each step.
            let mut in_memory = (results, [a, b, c, d]);
            by_integers(&in_memory.1, &mut in_memory.0, &rest);
            results = in_memory.0;
        }
    }
    results
}

/// The algorithm, for the rounded products p of a and b and q of −c and d.
#[cfg_attr(not(debug_assertions), inline(always))]
fn in_range<D: Arithmetic>([a, b, c, d]: [D; 4], p: D, q: D) -> D {
    let e = D::error_of_product(a, b, p);
    let f = D::error_of_minus_product(c, d, q);
    let ((s, t), (u, v)) = (sum::<Adder, D>(p, q), sum::<Multiplier, D>(e, f));
    let (t1, u1) = sum::<Multiplier, D>(t, u);
    let (s1, t2) = fast_sum::<Adder, D>(s, t1);
    s1.plus(t2.sum_to_odd(u1.plus(v)))
}

/// The same where factors may be zero or NaN, and the lanes where that is not it.
#[cfg_attr(not(debug_assertions), inline(always))]
fn in_doubt<D: Doubles>([a, b, c, d]: [D; 4], result: D) -> (D, u32) {
    let (p, q) = (a.times(b), c.times(d));
    let ab = D::either(a.is_zero_or_nan(), b.is_zero_or_nan());
    let cd = D::either(c.is_zero_or_nan(), d.is_zero_or_nan());
    let mut result = D::select(D::either(ab, cd), p.minus(q), result);
    let (ab, cd) = (D::bits(ab), D::bits(cd));
    let small = D::bits(p.lesser_magnitude(q).is_small());
    let not_finite = D::bits(result.is_not_finite());
    if not_finite != 0 {
        result = result.canonical();
    }
    // A product that underflows has a sign, which a zero that is subtracted from it can take away.
    let zero = D::bits(result.is_zero_or_nan()) & !not_finite;
    let rest = (small | not_finite) & !(ab | cd) | zero & (ab ^ cd);
    (result, rest)
}

/// By the definition, in the lanes of these bits. Out of the way of the loops that seldom need it.
#[cold]
#[inline(never)]
fn by_integers<D: Doubles, const N: usize>(
    factors: &[[D; N]; 4],
    results: &mut [D; N],
    lanes: &[u32; N],
) {
    let simd = factors[0][0].proof();
    simd.vectorize(ByIntegers {
        factors,
        results,
        lanes,
    });
}

/// What [`by_integers`] does: a piece of work, and so one function for each level.
struct ByIntegers<'a, D, const N: usize> {
    factors: &'a [[D; N]; 4],
    results: &'a mut [D; N],
    lanes: &'a [u32; N],
}

impl<D: Doubles, const N: usize> Work for ByIntegers<'_, D, N> {
    fn fills<S: Simd>(&self) -> bool {
        true
    }

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let [a, b, c, d] = self.factors;
        for (i, result) in self.results.iter_mut().enumerate() {
            let mut numbers = [[0.0_f64; MOST]; 5];
            for (numbers, lanes) in numbers.iter_mut().zip([a[i], b[i], c[i], d[i], *result]) {
                // SAFETY: no level has more lanes.
                unsafe { lanes.store(numbers.as_mut_ptr()) };
            }
            round_numbers(&mut numbers, self.lanes[i]);
            // SAFETY: no level has more lanes.
            *result = unsafe { D::load(result.proof(), numbers[4].as_ptr()) };
        }
    }
}

/// No level has more lanes of `f64`.
const MOST: usize = 8;

/// By the definition, one by one. Apart, so that all levels share it.
#[inline(never)]
fn round_numbers([a, b, c, d, results]: &mut [[f64; MOST]; 5], lanes: u32) {
    for (i, result) in results.iter_mut().enumerate() {
        if lanes >> i & 1 != 0 {
            *result = exact::difference_of_products(a[i], b[i], c[i], d[i]);
        }
    }
}
