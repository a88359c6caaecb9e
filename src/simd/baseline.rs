//! 128-bit lanes of the `wide` crate: SSE2, NEON, wasm simd128, or plain arrays, as the crate is built; and
//! one lane, for what fills no vector.

use core::marker::PhantomData;
use core::ops::{Mul, Sub};

use bytemuck::Pod;

#[cfg(feature = "half")]
use super::half::{Half, Halves, odd};
use super::shuffles::{self, Fours, Twos};
use super::{Lanes, Reals, Rows, Simd, Work, numbers, target};
use crate::unrolled::for_each;

mod reals;
mod rounded;
use rounded::Rounded;

/// What every CPU of the target has.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Baseline;

impl Simd for Baseline {
    type F32 = F32x4;
    type F64 = F64x2;
    #[cfg(feature = "half")]
    type F16 = Half<Self::F32, half::f16>;
    #[cfg(feature = "half")]
    type Bf16 = Half<Self::F32, half::bf16>;
    type Narrower = Scalar;

    fn narrower(self) -> Scalar {
        Scalar
    }

    #[inline(never)] // one entry per kind of work, as at the other levels
    fn vectorize<W: Work>(self, work: W) {
        work.run(self);
    }

    fn vectorize_long<W: Work>(self, work: W) {
        self.vectorize(work);
    }
}

/// One lane.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Scalar;

impl Simd for Scalar {
    type F32 = Wide<f32, f32, Self>;
    type F64 = Wide<f64, f64, Self>;
    #[cfg(feature = "half")]
    type F16 = Half<Self::F32, half::f16>;
    #[cfg(feature = "half")]
    type Bf16 = Half<Self::F32, half::bf16>;
    type Narrower = Self;

    fn narrower(self) -> Self {
        self
    }

    #[inline(never)]
    fn vectorize<W: Work>(self, work: W) {
        work.run(self);
    }

    fn vectorize_fitting<W: Work>(self, work: W) {
        self.vectorize(work);
    }

    fn vectorize_long<W: Work>(self, work: W) {
        self.vectorize(work);
    }
}

/// A vector `V` of the `wide` crate whose lanes are `E`, or a single `E`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wide<V, E, S>(V, PhantomData<(E, S)>);

impl<V, E, S> Lanes for Wide<V, E, S>
where
    V: Pod + Mul<Output = V> + Sub<Output = V>,
    E: Pod,
    S: Simd + Default,
    Self: Rounded,
{
    type Element = E;
    type Simd = S;
    const LEN: usize = size_of::<V>() / size_of::<E>();

    #[inline]
    fn proof(self) -> S {
        S::default()
    }

    #[inline]
    fn difference_of_products(a: Self, b: Self, c: Self, d: Self) -> Self {
        Self(a.0 * b.0 - c.0 * d.0, PhantomData)
    }

    #[inline(always)]
    fn rounded_differences_of_products<const N: usize>(factors: [[Self; N]; 4]) -> [Self; N] {
        Rounded::differences_of_products(factors)
    }

    #[inline]
    unsafe fn load(_: S, from: *const E) -> Self {
        // SAFETY: the caller grants `LEN` elements, which is one `V`; any bits are a `V`.
        Self(unsafe { from.cast::<V>().read_unaligned() }, PhantomData)
    }

    #[inline]
    unsafe fn store(self, to: *mut E) {
        // SAFETY: the caller grants `LEN` elements, which is one `V`.
        unsafe { to.cast::<V>().write_unaligned(self.0) };
    }

    #[inline]
    unsafe fn stream(self, to: *mut E) {
        // SAFETY: the caller grants `LEN` elements, which is one `V`, and their alignment.
        unsafe { target::stream(to.cast::<V>(), self.0) };
    }
}

type F32x4 = Wide<wide::f32x4, f32, Baseline>;
type F64x2 = Wide<wide::f64x2, f64, Baseline>;

impl Fours for F32x4 {
    #[inline]
    fn shuffle<const LANES: i32>(self, other: Self) -> Self {
        Self(target::shuffle_fours::<LANES>(self.0, other.0), PhantomData)
    }
}

impl Twos for F64x2 {
    #[inline]
    fn shuffle<const LANES: i32>(self, other: Self) -> Self {
        Self(target::shuffle_twos::<LANES>(self.0, other.0), PhantomData)
    }
}

impl Rows for F32x4 {
    numbers! {}

    #[inline(always)]
    fn rows_to_columns(rows: [Self; 3]) -> [Self; 3] {
        shuffles::rows_to_columns(rows)
    }

    #[inline(always)]
    fn columns_to_rows(columns: [Self; 3]) -> [Self; 3] {
        shuffles::columns_to_rows(columns)
    }

    #[inline(always)]
    fn padded_to_columns(rows: [Self; 4]) -> [Self; 3] {
        shuffles::padded_to_columns(rows)
    }

    #[inline(always)]
    fn columns_to_padded(columns: [Self; 3]) -> [Self; 4] {
        shuffles::columns_to_padded(columns)
    }

    #[inline(always)]
    fn rotate_padded(rows: [Self; 4]) -> [Self; 4] {
        shuffles::rotate(rows)
    }

    #[inline(always)]
    unsafe fn load_spread(_: Baseline, from: *const f32, stride: isize) -> [Self; 4] {
        let mut rows = [Self([0.0; 4].into(), PhantomData); 4];
        for_each! { i of 4 {
            let from = from.wrapping_offset(stride.wrapping_mul(i as isize));
            // SAFETY: as granted by the caller.
            rows[i].0 = unsafe { target::load_three(from) };
        }}
        rows
    }

    #[inline(always)]
    unsafe fn store_spread(rows: [Self; 4], to: *mut f32, stride: isize) {
        for_each! { i of 4 {
            let to = to.wrapping_offset(stride.wrapping_mul(i as isize));
            // SAFETY: as granted by the caller.
            unsafe { target::store_three(rows[i].0, to) };
        }}
    }
}

impl Rows for F64x2 {
    numbers! {}

    #[inline(always)]
    fn rows_to_columns(rows: [Self; 3]) -> [Self; 3] {
        shuffles::row_pairs_to_columns(rows)
    }

    #[inline(always)]
    fn columns_to_rows(columns: [Self; 3]) -> [Self; 3] {
        shuffles::columns_to_row_pairs(columns)
    }

    #[inline(always)]
    fn padded_to_columns(rows: [Self; 4]) -> [Self; 3] {
        shuffles::padded_pairs_to_columns(rows)
    }

    #[inline(always)]
    fn columns_to_padded(columns: [Self; 3]) -> [Self; 4] {
        shuffles::columns_to_padded_pairs(columns)
    }

    #[inline(always)]
    fn rotate_padded(rows: [Self; 4]) -> [Self; 4] {
        shuffles::rotate_pairs(rows)
    }

    #[inline(always)]
    unsafe fn load_spread(_: Baseline, from: *const f64, stride: isize) -> [Self; 4] {
        let mut rows = [Self([0.0; 2].into(), PhantomData); 4];
        for_each! { i of 2 {
            let from = from.wrapping_offset(stride.wrapping_mul(i as isize));
            // SAFETY: as granted by the caller.
            let [x, y, z] = unsafe { from.cast::<[f64; 3]>().read() };
            (rows[2 * i].0, rows[2 * i + 1].0) = ([x, y].into(), [z, 0.0].into());
        }}
        rows
    }

    #[inline(always)]
    unsafe fn store_spread(rows: [Self; 4], to: *mut f64, stride: isize) {
        for_each! { i of 2 {
            let ([x, y], [z, _]) = (rows[2 * i].0.to_array(), rows[2 * i + 1].0.to_array());
            let to = to.wrapping_offset(stride.wrapping_mul(i as isize));
            // SAFETY: as granted by the caller.
            unsafe { to.cast::<[f64; 3]>().write([x, y, z]) };
        }}
    }
}

/// One row is one column and one lane.
impl<E> Rows for Wide<E, E, Scalar>
where
    E: Pod + Mul<Output = E> + Sub<Output = E>,
    Self: Rounded + Reals,
{
    const ROTATES: bool = true;

    numbers! {}

    #[inline(always)]
    fn rows_to_columns(row: [Self; 3]) -> [Self; 3] {
        row
    }

    #[inline(always)]
    fn columns_to_rows(row: [Self; 3]) -> [Self; 3] {
        row
    }

    #[inline(always)]
    fn rotate_rows([x, y, z]: [Self; 3], _: Self) -> [Self; 3] {
        [y, z, x]
    }

    #[inline(always)]
    fn padded_to_columns([x, y, z, _]: [Self; 4]) -> [Self; 3] {
        [x, y, z]
    }

    #[inline(always)]
    fn columns_to_padded([x, y, z]: [Self; 3]) -> [Self; 4] {
        [x, y, z, z]
    }

    #[inline(always)]
    fn rotate_padded([x, y, z, padding]: [Self; 4]) -> [Self; 4] {
        [y, z, x, padding]
    }
}

/// Element by element; the compiler vectorises `bf16`, and `f16` takes its time without instructions for it.
#[cfg(feature = "half")]
impl<V, S> Halves for Wide<V, f32, S>
where
    V: Pod,
    Self: Rows<Element = f32, Simd = S>,
{
    #[inline(always)]
    fn differences_to_odd<const RANGE: bool, const N: usize>(
        operands: [[Self; N]; 4],
    ) -> ([Self; N], bool) {
        let (mut results, mut all_fit) = (operands[0], true);
        for (k, result) in results.iter_mut().enumerate() {
            let operands = [0, 1, 2, 3].map(|i: usize| [operands[i][k].0]);
            let [a, b, c, d] = operands.each_ref().map(|lanes| bytemuck::cast_slice(lanes));
            let mut lanes = [V::zeroed()];
            let numbers: &mut [f32] = bytemuck::cast_slice_mut(&mut lanes);
            for (i, number) in numbers.iter_mut().enumerate() {
                let fits;
                (*number, fits) = odd::<RANGE>(a[i], b[i], c[i], d[i]);
                all_fit &= fits;
            }
            result.0 = lanes[0];
        }
        (results, !all_fit)
    }

    #[inline(always)]
    unsafe fn load_f16(_: S, from: *const half::f16) -> Self {
        // SAFETY: the caller grants `LEN` elements.
        Self::widen(|i| unsafe { from.wrapping_add(i).read() }.to_f32_const())
    }

    #[inline(always)]
    unsafe fn load_bf16(_: S, from: *const half::bf16) -> Self {
        // SAFETY: the caller grants `LEN` elements.
        let bits = |i| unsafe { from.wrapping_add(i).cast::<u16>().read() };
        Self::widen(|i| f32::from_bits(u32::from(bits(i)) << 16))
    }

    #[inline(always)]
    unsafe fn store_f16<const STREAM: bool>(self, to: *mut half::f16) {
        // SAFETY: as granted by the caller.
        unsafe { self.store_bits::<STREAM>(to.cast(), |x| half::f16::from_f32_const(x).to_bits()) };
    }

    #[inline(always)]
    unsafe fn store_bf16<const STREAM: bool>(self, to: *mut half::bf16) {
        let upper = |x: f32| {
            let bits = x.to_bits();
            ((bits + 0x7fff + (bits >> 16 & 1)) >> 16) as u16
        };
        // SAFETY: as granted by the caller.
        unsafe { self.store_bits::<STREAM>(to.cast(), upper) };
    }
}

#[cfg(feature = "half")]
impl<V: Pod, S> Wide<V, f32, S> {
    #[inline(always)]
    fn widen(number: impl Fn(usize) -> f32) -> Self {
        let mut lanes = [V::zeroed()];
        let numbers: &mut [f32] = bytemuck::cast_slice_mut(&mut lanes);
        for (i, lane) in numbers.iter_mut().enumerate() {
            *lane = number(i);
        }
        Self(lanes[0], PhantomData)
    }

    /// # Safety
    /// One number for each lane at `to` is valid for writes; to stream, `to` is aligned to them.
    #[inline(always)]
    unsafe fn store_bits<const STREAM: bool>(self, to: *mut u16, narrow: impl Fn(f32) -> u16) {
        let numbers = [self.0];
        let numbers: &[f32] = bytemuck::cast_slice(&numbers);
        let mut bits = [0_u16; 4];
        for (bits, number) in bits.iter_mut().zip(numbers) {
            *bits = narrow(*number);
        }
        if let (4, true) = (numbers.len(), STREAM) {
            let bits: u64 = bytemuck::cast(bits);
            // SAFETY: as granted by the caller.
            unsafe { target::stream(to.cast(), bits) };
        } else {
            for (i, bits) in bits[..numbers.len()].iter().enumerate() {
                // SAFETY: as granted by the caller.
                unsafe { to.wrapping_add(i).write(*bits) };
            }
        }
    }
}
