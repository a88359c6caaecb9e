//! 128-bit lanes of the `wide` crate: SSE2, NEON, wasm simd128, or plain arrays, as the crate is built; and
//! one lane, for what fills no vector.
//!
//! Rows and columns are exchanged element by element, with indices that the compiler knows: it makes the
//! target's own shuffles of them.

use core::marker::PhantomData;
use core::ops::{Mul, Sub};

use bytemuck::Pod;

use super::{Lanes, Rows, Simd, Work, stores};

/// What every CPU of the target has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Baseline;

impl Simd for Baseline {
    type F32 = Wide<wide::f32x4, f32, Self>;
    type F64 = Wide<wide::f64x2, f64, Self>;
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
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scalar;

impl Simd for Scalar {
    type F32 = Wide<f32, f32, Self>;
    type F64 = Wide<f64, f64, Self>;
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
    S: Simd,
{
    type Element = E;
    type Simd = S;
    const LEN: usize = size_of::<V>() / size_of::<E>();

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
    S: Simd,
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
