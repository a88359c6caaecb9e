//! Lanes of `f32` that carry half types: widened when loaded, rounded once when stored.
//!
//! # The arithmetic
//!
//! A product of two half numbers has 22 bits (`f16`) or 16 (`bf16`), so in `f32` it is exact, range permitting. Their
//! difference is rounded to odd in `f32`: exact, or else truncated with its last bit set. Rounding that to a half
//! type, at least two bits shorter, subnormal or not, is the same as rounding the exact difference once (Boldo and
//! Melquiond 2008). Rounding to nearest twice would be wrong where the first rounding ends on a midpoint.
//!
//! AVX-512 gets there by rounding up and down (instructions that carry their own rounding mode): where the two differ, they
//! are neighbours, the lesser is what to set the last bit of, and one of them has it set. A fused multiply-subtract
//! spares one of the products, and with it the question whether that fits. Everything else takes the error of the
//! difference (Knuth's TwoSum), whose sign tells which way to go.
//!
//! Range: products of `f16` are between 2^-48 and 2^32, always exact. Those of `bf16` overflow and underflow
//! as `f32` do: where one is not normal, although no factor is zero, and where a result is NaN, `resolve` does it
//! again in `f64`, where all products are exact.
//!
//! # What was tried
//!
//! To round to nearest, and look again only where the low bits of the result could be those of a midpoint: the
//! question costs as much as the answer, and results of `bf16` have so few bits that it was nearly always yes.

use core::marker::PhantomData;

use super::{Lanes, MOST_LANES, Rows, Simd, Work};
use crate::unrolled::for_each;

/// What the two half types need of lanes of `f32`.
pub(crate) trait Halves: Rows<Element = f32> {
    /// a·b − c·d rounded to odd in every register, and whether a lane has to be resolved: it is NaN, or, with `RANGE`, a
    /// product does not fit into `f32`. What is not asked for fits.
    fn differences_to_odd<const RANGE: bool, const N: usize>(
        operands: [[Self; N]; 4],
    ) -> ([Self; N], bool);

    /// Widens `LEN` numbers.
    ///
    /// # Safety
    /// `LEN` elements at `from` are valid for reads.
    unsafe fn load_f16(simd: Self::Simd, from: *const half::f16) -> Self;

    /// As `load_f16`.
    ///
    /// # Safety
    /// As `load_f16`.
    unsafe fn load_bf16(simd: Self::Simd, from: *const half::bf16) -> Self;

    /// Rounds to nearest even. A NaN that was computed must be the canonical one; one that was loaded stays a NaN. With `STREAM`, past the caches.
    ///
    /// # Safety
    /// `LEN` elements at `to` are valid for writes; to stream, `to` is aligned to them.
    unsafe fn store_f16<const STREAM: bool>(self, to: *mut half::f16);

    /// As `store_f16`.
    ///
    /// # Safety
    /// As `store_f16`.
    unsafe fn store_bf16<const STREAM: bool>(self, to: *mut half::bf16);
}

/// A half type, seen from lanes of `f32`.
pub(crate) trait Format: bytemuck::Pod {
    /// Whether products may be too large or too small for `f32`.
    const RANGE: bool;

    /// # Safety
    /// As [`Lanes::load`].
    unsafe fn load<L: Halves>(simd: L::Simd, from: *const Self) -> L;

    /// # Safety
    /// As [`Lanes::store`] or [`Lanes::stream`].
    unsafe fn store<L: Halves, const STREAM: bool>(lanes: L, to: *mut Self);
}

impl Format for half::f16 {
    const RANGE: bool = false;

    #[inline(always)]
    unsafe fn load<L: Halves>(simd: L::Simd, from: *const Self) -> L {
        // SAFETY: as granted by the caller.
        unsafe { L::load_f16(simd, from) }
    }

    #[inline(always)]
    unsafe fn store<L: Halves, const STREAM: bool>(lanes: L, to: *mut Self) {
        // SAFETY: as granted by the caller.
        unsafe { lanes.store_f16::<STREAM>(to) };
    }
}

impl Format for half::bf16 {
    const RANGE: bool = true;

    #[inline(always)]
    unsafe fn load<L: Halves>(simd: L::Simd, from: *const Self) -> L {
        // SAFETY: as granted by the caller.
        unsafe { L::load_bf16(simd, from) }
    }

    #[inline(always)]
    unsafe fn store<L: Halves, const STREAM: bool>(lanes: L, to: *mut Self) {
        // SAFETY: as granted by the caller.
        unsafe { lanes.store_bf16::<STREAM>(to) };
    }
}

/// Lanes `L` that carry `F`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Half<L, F>(L, PhantomData<F>);

/// The same in each register, without a closure: see the module above.
macro_rules! through {
    ($registers:expr, $exchange:expr $(, $argument:expr)?) => {
        wrapped($exchange(unwrapped($registers) $(, $argument)?))
    };
}

#[inline(always)]
fn unwrapped<L: Copy, F: Copy, const N: usize>(registers: [Half<L, F>; N]) -> [L; N] {
    let mut inner = [registers[0].0; N];
    for_each! { i of N {
        inner[i] = registers[i].0;
    }}
    inner
}

#[inline(always)]
fn wrapped<L: Copy, F: Copy, const N: usize>(registers: [L; N]) -> [Half<L, F>; N] {
    let mut outer = [Half(registers[0], PhantomData); N];
    for_each! { i of N {
        outer[i] = Half(registers[i], PhantomData);
    }}
    outer
}

impl<L: Halves, F: Format> Lanes for Half<L, F> {
    type Element = F;
    type Simd = L::Simd;
    const LEN: usize = L::LEN;

    #[inline(always)]
    fn proof(self) -> L::Simd {
        self.0.proof()
    }

    #[inline(always)]
    fn difference_of_products(a: Self, b: Self, c: Self, d: Self) -> Self {
        let [difference] = Self::differences_of_products([[a], [b], [c], [d]]);
        difference
    }

    #[inline(always)]
    fn differences_of_products<const N: usize>(factors: [[Self; N]; 4]) -> [Self; N] {
        let mut operands = [[factors[0][0].0; N]; 4];
        for_each! { k of 4 {
            operands[k] = unwrapped(factors[k]);
        }}
        let (odd, doubtful) = if F::RANGE {
            L::differences_to_odd::<true, N>(operands)
        } else {
            L::differences_to_odd::<false, N>(operands)
        };
        let mut results = wrapped(odd);
        if doubtful {
            let [a, b, c, d] = operands;
            for_each! { i of N {
                results[i].0 = resolve([a[i], b[i], c[i], d[i]]);
            }}
        }
        results
    }

    /// Half types always are.
    #[inline(always)]
    fn rounded_differences_of_products<const N: usize>(factors: [[Self; N]; 4]) -> [Self; N] {
        Self::differences_of_products(factors)
    }

    #[inline(always)]
    unsafe fn load(simd: L::Simd, from: *const F) -> Self {
        // SAFETY: as granted by the caller.
        Self(unsafe { F::load(simd, from) }, PhantomData)
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut F) {
        // SAFETY: as granted by the caller.
        unsafe { F::store::<L, false>(self.0, to) };
    }

    #[inline(always)]
    unsafe fn stream(self, to: *mut F) {
        // SAFETY: as granted by the caller.
        unsafe { F::store::<L, true>(self.0, to) };
    }
}

impl<L: Halves, F: Format> Rows for Half<L, F> {
    const ROTATES: bool = L::ROTATES;

    type Numbers = L::Numbers;

    #[inline(always)]
    fn numbers(self) -> L::Numbers {
        self.0.numbers()
    }

    #[inline(always)]
    fn from_numbers(numbers: L::Numbers) -> Self {
        Self(L::from_numbers(numbers), PhantomData)
    }

    #[inline(always)]
    fn rows_to_columns(rows: [Self; 3]) -> [Self; 3] {
        through!(rows, L::rows_to_columns)
    }

    #[inline(always)]
    fn columns_to_rows(columns: [Self; 3]) -> [Self; 3] {
        through!(columns, L::columns_to_rows)
    }

    #[inline(always)]
    fn window([a, b, c]: [Self; 3]) -> Self {
        Self(L::window([a.0, b.0, c.0]), PhantomData)
    }

    #[inline(always)]
    fn rotate_rows(rows: [Self; 3], window: Self) -> [Self; 3] {
        through!(rows, L::rotate_rows, window.0)
    }

    #[inline(always)]
    fn padded_to_columns(rows: [Self; 4]) -> [Self; 3] {
        through!(rows, L::padded_to_columns)
    }

    #[inline(always)]
    fn columns_to_padded(columns: [Self; 3]) -> [Self; 4] {
        through!(columns, L::columns_to_padded)
    }

    #[inline(always)]
    fn rotate_padded(rows: [Self; 4]) -> [Self; 4] {
        through!(rows, L::rotate_padded)
    }
}

/// a·b − c·d, so rounded to odd that rounding it to a half type is the only rounding that counts.
#[inline(always)]
fn resolve<L: Halves>(operands: [L; 4]) -> L {
    let mut numbers = [[0.0_f32; MOST_LANES]; 4];
    for (numbers, lanes) in numbers.iter_mut().zip(operands) {
        // SAFETY: no level has more lanes.
        unsafe { lanes.store(numbers.as_mut_ptr()) };
    }
    let (simd, mut results) = (operands[0].proof(), [0.0; MOST_LANES]);
    resolve_numbers(simd, &numbers, &mut results);
    // SAFETY: no level has more lanes.
    unsafe { L::load(simd, results.as_ptr()) }
}

/// Out of the way of the loops that seldom need it.
#[cold]
#[inline(never)]
fn resolve_numbers<S: Simd>(
    simd: S,
    numbers: &[[f32; MOST_LANES]; 4],
    results: &mut [f32; MOST_LANES],
) {
    simd.vectorize(Resolve { numbers, results });
}

/// As a piece of work, so that the compiler vectorises it for the level that asks.
struct Resolve<'a> {
    numbers: &'a [[f32; MOST_LANES]; 4],
    results: &'a mut [f32; MOST_LANES],
}

impl Work for Resolve<'_> {
    fn fills<S: Simd>(&self) -> bool {
        true
    }

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let [a, b, c, d] = self.numbers;
        let mut all_fit = true;
        for (i, result) in self.results.iter_mut().enumerate() {
            let fits;
            (*result, fits) = odd::<true>(a[i], b[i], c[i], d[i]);
            all_fit &= fits;
        }
        if !all_fit {
            in_double(self.numbers, self.results);
        }
    }
}

/// a·b − c·d rounded to odd, and whether that is it: it is not NaN, and with `RANGE` both products fit.
#[inline(always)]
pub(super) fn odd<const RANGE: bool>(a: f32, b: f32, c: f32, d: f32) -> (f32, bool) {
    let (p, q) = (a * b, c * d);
    let s = p - q;
    let t = s - p;
    let error = (p - (s - t)) - (q + t);
    // Compared in order: where something is infinite the error is NaN, and the sum stays as it is.
    let n = u32::from((error < 0.0) | (error > 0.0));
    let away = (s.to_bits() ^ error.to_bits()) >> 31;
    let odd = f32::from_bits((s.to_bits() - (n & away)) | n);
    let fits = |product: f32, x: f32, y: f32| {
        let normal = (product.abs() >= f32::MIN_POSITIVE) & (product.abs() < f32::INFINITY);
        normal | (x == 0.0) | (y == 0.0)
    };
    let fit = !RANGE | fits(p, a, b) & fits(q, c, d);
    (odd, fit & !odd.is_nan())
}

/// The same where products may not fit into `f32`: infinite, NaN, or smaller than what is normal.
#[cold]
#[inline(never)]
fn in_double(numbers: &[[f32; MOST_LANES]; 4], results: &mut [f32; MOST_LANES]) {
    for (i, result) in results.iter_mut().enumerate() {
        let [a, b, c, d] = numbers.map(|numbers| f64::from(numbers[i]));
        let (p, q) = (a * b, c * d);
        let s = p - q;
        let t = s - p;
        let error = (p - (s - t)) - (q + t);
        let n = u64::from((error < 0.0) | (error > 0.0));
        let away = (s.to_bits() ^ error.to_bits()) >> 63;
        let s = f64::from_bits((s.to_bits() - (n & away)) | n);
        *result = if s.is_nan() { f32::NAN } else { odd_single(s) };
    }
}

/// The `f32` that a number rounds to, to odd.
fn odd_single(s: f64) -> f32 {
    let nearest = s as f32;
    let (bits, exact) = (nearest.to_bits(), f64::from(nearest) == s);
    let too_far = f64::from(nearest).abs() > s.abs();
    // Infinity is too far for what is finite, and goes back to the greatest number, which is odd.
    f32::from_bits((bits - u32::from(too_far)) | u32::from(!exact))
}
