//! 128-bit lanes of the `wide` crate: SSE2, NEON, wasm simd128, or plain arrays, as the crate is built; and
//! one lane, for what fills no vector.
//!
//! Rows and columns are exchanged element by element, with indices that the compiler knows: it makes the
//! target's own shuffles of them.

use core::marker::PhantomData;
use core::ops::{Mul, Sub};

use bytemuck::Pod;

#[cfg(feature = "half")]
use super::half::{Half, Halves};
use super::{Lanes, Rows, Simd, Work, stores};

/// What every CPU of the target has.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Baseline;

impl Simd for Baseline {
    type F32 = Wide<wide::f32x4, f32, Self>;
    type F64 = Wide<wide::f64x2, f64, Self>;
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
}

/// A vector `V` of the `wide` crate whose lanes are `E`, or a single `E`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wide<V, E, S>(V, PhantomData<(E, S)>);

impl<V: Pod, E: Pod, S> Wide<V, E, S> {
    /// Registers whose elements are `element(0)`, `element(1)` ...
    #[inline(always)]
    fn from_elements<const N: usize>(element: impl Fn(usize) -> E) -> [Self; N] {
        let mut registers = [V::zeroed(); N];
        let elements: &mut [E] = bytemuck::cast_slice_mut(&mut registers);
        for (i, e) in elements.iter_mut().enumerate() {
            *e = element(i);
        }
        registers.map(|v| Self(v, PhantomData))
    }

    #[inline(always)]
    fn vectors<const N: usize>(registers: [Self; N]) -> [V; N] {
        registers.map(|register| register.0)
    }
}

impl<V, E, S> Lanes for Wide<V, E, S>
where
    V: Pod + Mul<Output = V> + Sub<Output = V>,
    E: Pod,
    S: Simd + Default,
{
    type Element = E;
    type Simd = S;
    const LEN: usize = size_of::<V>() / size_of::<E>();

    #[cfg(feature = "half")]
    #[inline(always)]
    fn proof(self) -> S {
        S::default()
    }

    #[inline(always)]
    fn difference_of_products(a: Self, b: Self, c: Self, d: Self) -> Self {
        Self(a.0 * b.0 - c.0 * d.0, PhantomData)
    }

    #[inline(always)]
    unsafe fn load(_: S, from: *const E) -> Self {
        // SAFETY: the caller grants `LEN` elements, which is one `V`; any bits are a `V`.
        Self(unsafe { from.cast::<V>().read_unaligned() }, PhantomData)
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut E) {
        // SAFETY: the caller grants `LEN` elements, which is one `V`.
        unsafe { to.cast::<V>().write_unaligned(self.0) };
    }

    #[inline(always)]
    unsafe fn stream(self, to: *mut E) {
        // SAFETY: the caller grants `LEN` elements, which is one `V`, and their alignment.
        unsafe { stores::stream(to.cast::<V>(), self.0) };
    }
}

impl<V, E, S> Rows for Wide<V, E, S>
where
    V: Pod + Mul<Output = V> + Sub<Output = V>,
    E: Pod,
    S: Simd + Default,
{
    #[inline(always)]
    fn rows_to_columns(rows: [Self; 3]) -> [Self; 3] {
        let rows = Self::vectors(rows);
        let e: &[E] = bytemuck::cast_slice(&rows);
        Self::from_elements(|i| e[i % Self::LEN * 3 + i / Self::LEN])
    }

    #[inline(always)]
    fn columns_to_rows(columns: [Self; 3]) -> [Self; 3] {
        let columns = Self::vectors(columns);
        let e: &[E] = bytemuck::cast_slice(&columns);
        Self::from_elements(|i| e[i % 3 * Self::LEN + i / 3])
    }

    #[inline(always)]
    fn padded_to_columns(rows: [Self; 4]) -> [Self; 3] {
        let rows = Self::vectors(rows);
        let e: &[E] = bytemuck::cast_slice(&rows);
        Self::from_elements(|i| e[i % Self::LEN * 4 + i / Self::LEN])
    }

    #[inline(always)]
    fn columns_to_padded(columns: [Self; 3]) -> [Self; 4] {
        let columns = Self::vectors(columns);
        let e: &[E] = bytemuck::cast_slice(&columns);
        // The padding takes what is z.
        Self::from_elements(|i| e[(i % 4).min(2) * Self::LEN + i / 4])
    }

    #[inline(always)]
    fn rotate_padded(rows: [Self; 4]) -> [Self; 4] {
        let rows = Self::vectors(rows);
        let e: &[E] = bytemuck::cast_slice(&rows);
        Self::from_elements(|i| e[i / 4 * 4 + [1, 2, 0, 3][i % 4]])
    }

    #[inline(always)]
    unsafe fn load_padded(_: S, from: *const E) -> [Self; 4] {
        Self::from_elements(|i| match i % 4 {
            3 => E::zeroed(),
            // SAFETY: one of the first three of four.
            _ => unsafe { from.wrapping_add(i).read() },
        })
    }

    #[inline(always)]
    unsafe fn store_padded(rows: [Self; 4], to: *mut E) {
        let rows = Self::vectors(rows);
        let (rows, _) = bytemuck::cast_slice::<V, E>(&rows).as_chunks::<4>();
        for (i, [x, y, z, _]) in rows.iter().enumerate() {
            // SAFETY: the first three of four.
            unsafe { to.wrapping_add(4 * i).cast::<[E; 3]>().write([*x, *y, *z]) };
        }
    }
}

/// Element by element; the compiler vectorises `bf16`, and `f16` takes its time without instructions for it.
#[cfg(feature = "half")]
impl<V, S> Halves for Wide<V, f32, S>
where
    V: Pod + Mul<Output = V> + Sub<Output = V>,
    S: Simd + Default,
{
    #[inline(always)]
    fn any_uncertain(self, low: u32, least: u32, span: u32) -> bool {
        let numbers = [self.0];
        let bits: &[u32] = bytemuck::cast_slice(&numbers);
        let mut uncertain = false;
        for bits in bits {
            uncertain |= (bits & low == 0) | ((bits << 1).wrapping_sub(least) >= span);
        }
        uncertain
    }

    #[inline(always)]
    unsafe fn load_f16(_: S, from: *const half::f16) -> Self {
        // SAFETY: the caller grants `LEN` elements.
        let [lanes] =
            Self::from_elements(|i| unsafe { from.wrapping_add(i).read() }.to_f32_const());
        lanes
    }

    #[inline(always)]
    unsafe fn load_bf16(_: S, from: *const half::bf16) -> Self {
        // SAFETY: the caller grants `LEN` elements.
        let bits = |i| unsafe { from.wrapping_add(i).cast::<u16>().read() };
        let [lanes] = Self::from_elements(|i| f32::from_bits(u32::from(bits(i)) << 16));
        lanes
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
            unsafe { stores::stream(to.cast(), bits) };
        } else {
            for (i, bits) in bits[..numbers.len()].iter().enumerate() {
                // SAFETY: as granted by the caller.
                unsafe { to.wrapping_add(i).write(*bits) };
            }
        }
    }
}
