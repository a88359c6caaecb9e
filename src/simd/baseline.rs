//! 128-bit lanes of the `wide` crate: SSE2, NEON, wasm simd128, or plain arrays, as the crate is built.

use core::marker::PhantomData;
use core::ops::{Mul, Sub};

use bytemuck::Pod;

use super::{Lanes, Simd, Work};

/// What every CPU of the target has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Baseline;

impl Simd for Baseline {
    type F32 = Wide<wide::f32x4, f32>;
    type F64 = Wide<wide::f64x2, f64>;

    #[inline(never)] // one entry per kind of work, as at the other levels
    fn vectorize<W: Work>(self, work: W) {
        work.run(self);
    }
}

/// A vector `V` of the `wide` crate whose lanes are `E`.
///
/// Partial loads and stores count to `LEN`, which is known, and not to `count`: that would become a call of
/// `memcpy`, several times slower than four moves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wide<V, E>(V, PhantomData<E>);

impl<V: Mul<Output = V>, E> Mul for Wide<V, E> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0, PhantomData)
    }
}

impl<V: Sub<Output = V>, E> Sub for Wide<V, E> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0, PhantomData)
    }
}

impl<V: Pod + Mul<Output = V> + Sub<Output = V>, E: Pod> Lanes for Wide<V, E> {
    type Element = E;
    type Simd = Baseline;
    const LEN: usize = size_of::<V>() / size_of::<E>();

    #[inline(always)]
    unsafe fn load(_: Baseline, from: *const E) -> Self {
        // SAFETY: the caller grants `LEN` elements, which is one `V`; any bits are a `V`.
        Self(unsafe { from.cast::<V>().read_unaligned() }, PhantomData)
    }

    #[inline(always)]
    unsafe fn load_first(_: Baseline, from: *const E, count: usize) -> Self {
        debug_assert!(count <= Self::LEN, "{count} lanes of {}", Self::LEN);
        let mut lanes = V::zeroed();
        let elements: &mut [E] = bytemuck::cast_slice_mut(core::slice::from_mut(&mut lanes));
        for (i, lane) in elements.iter_mut().enumerate() {
            if i < count {
                // SAFETY: the caller grants `count` elements.
                *lane = unsafe { from.wrapping_add(i).read() };
            }
        }
        Self(lanes, PhantomData)
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut E) {
        // SAFETY: the caller grants `LEN` elements, which is one `V`.
        unsafe { to.cast::<V>().write_unaligned(self.0) };
    }

    #[inline(always)]
    unsafe fn store_first(self, to: *mut E, count: usize) {
        debug_assert!(count <= Self::LEN, "{count} lanes of {}", Self::LEN);
        let elements: &[E] = bytemuck::cast_slice(core::slice::from_ref(&self.0));
        for (i, lane) in elements.iter().enumerate() {
            if i < count {
                // SAFETY: the caller grants `count` elements.
                unsafe { to.wrapping_add(i).write(*lane) };
            }
        }
    }
}
