//! 256-bit lanes.
//!
//! Rows of `f32` go to columns without a shuffle but the last: three registers of rows have their x in different
//! lanes, because three does not divide the number of lanes, so two blends collect them, and so they do y and z; then
//! one permutation brings each column in order. Back it is the same the other way round. A blend goes to any port of a
//! processor, a shuffle to one or two. Other rows go in two steps: halves of registers change places, so that each half
//! holds rows of its own; then each half is shuffled as SSE would do it. (Blends of `f64` took a third longer: four lanes
//! need as many of them as eight.)

use core::arch::x86_64::*;

#[cfg(feature = "half")]
use super::half::Half;
use super::shuffles::{self, Fours, Twos, pick};
use super::x86::lanes;
use super::{Avx512, Baseline, Lanes, Rows, Simd, Work, numbers, target};
use crate::unrolled::for_each;

#[cfg(feature = "half")]
mod half;
mod reals;
mod rounded;

/// The CPU has what x86-64-v3 names: AVX2, FMA, F16C and the bit manipulation of that time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx2(());

impl Avx2 {
    /// The proof, where the CPU (and the operating system) has it.
    pub(crate) fn detect() -> Option<Self> {
        let has = is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma")
            && is_x86_feature_detected!("f16c")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt");
        has.then_some(Self(()))
    }

    /// The proof, for lanes: they are made from one.
    fn seen() -> Self {
        Self(())
    }

    /// The proof, which a wider one contains.
    pub(super) fn of(_: Avx512) -> Self {
        Self(())
    }
}

impl Simd for Avx2 {
    type F32 = F32x8;
    type F64 = F64x4;
    #[cfg(feature = "half")]
    type F16 = Half<F32x8, ::half::f16>;
    #[cfg(feature = "half")]
    type Bf16 = Half<F32x8, ::half::bf16>;
    type Narrower = Baseline;

    fn narrower(self) -> Baseline {
        Baseline
    }

    // One entry per kind of work. Rust 1.95 drops `inline(never)` beside `target_feature`; this has no target features, so that
    // `entry` is not inlined into it, nor this into others.
    #[inline(never)]
    fn vectorize<W: Work>(self, work: W) {
        #[target_feature(enable = "avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt")]
        fn entry<W: Work>(simd: Avx2, work: W) {
            work.run(simd);
        }
        // SAFETY: `Avx2` values exist only after `detect` has found every feature of `entry`.
        unsafe { entry(self, work) }
    }
}

lanes! {
    /// 8 lanes of `f32`.
    F32x8(__m256) of f32, Avx2;
    mul _mm256_mul_ps, sub _mm256_sub_ps, rounded singles, stream _mm256_stream_ps
}

lanes! {
    /// 4 lanes of `f64`.
    F64x4(__m256d) of f64, Avx2;
    mul _mm256_mul_pd, sub _mm256_sub_pd, rounded doubles, stream _mm256_stream_pd
}

impl Fours for F32x8 {
    #[inline]
    fn shuffle<const LANES: i32>(self, other: Self) -> Self {
        // SAFETY: lanes prove the instruction set.
        Self(unsafe { _mm256_shuffle_ps::<LANES>(self.0, other.0) })
    }
}

impl F32x8 {
    /// Two of the four halves of both.
    #[inline]
    fn halves<const HALVES: i32>(self, other: Self) -> Self {
        // SAFETY: lanes prove the instruction set.
        Self(unsafe { _mm256_permute2f128_ps::<HALVES>(self.0, other.0) })
    }

    /// Lanes 0, 3, 6 of the first, 1, 4, 7 of the second, 2, 5 of the third.
    #[inline]
    fn blend(first: Self, second: Self, third: Self) -> Self {
        // SAFETY: lanes prove the instruction set.
        let two = unsafe { _mm256_blend_ps::<0b1001_0010>(first.0, second.0) };
        // SAFETY: as above.
        Self(unsafe { _mm256_blend_ps::<0b0010_0100>(two, third.0) })
    }

    /// Lane i takes lane 3i + `FIRST`, modulo 8.
    #[inline]
    fn permute<const FIRST: usize>(self) -> Self {
        let mut lanes = [0; 8];
        for (i, lane) in lanes.iter_mut().enumerate() {
            *lane = ((3 * i + FIRST) % 8) as i32;
        }
        // SAFETY: lanes prove the instruction set.
        Self(unsafe { _mm256_permutevar8x32_ps(self.0, bytemuck::cast(lanes)) })
    }
}

impl Twos for F64x4 {
    #[inline]
    fn shuffle<const LANES: i32>(self, other: Self) -> Self {
        // SAFETY: lanes prove the instruction set.
        Self(unsafe { _mm256_shuffle_pd::<LANES>(self.0, other.0) })
    }
}

impl F64x4 {
    /// Two of the four halves of both.
    #[inline]
    fn halves<const HALVES: i32>(self, other: Self) -> Self {
        // SAFETY: lanes prove the instruction set.
        Self(unsafe { _mm256_permute2f128_pd::<HALVES>(self.0, other.0) })
    }
}

/// Which halves `halves` takes: low or high of the first, then low or high of the second.
const LOW_LOW: i32 = 0x20;
const LOW_HIGH: i32 = 0x30;
const HIGH_LOW: i32 = 0x21;
const HIGH_HIGH: i32 = 0x31;

/// The padding is neither read nor written.
const ROW: [i32; 8] = [-1, -1, -1, 0, -1, -1, -1, 0];
const ROW_F64: [i64; 4] = [-1, -1, -1, 0];

/// Where masked loads are prefetched: far enough for the latency of memory, near enough to be in L1 still.
const AHEAD: usize = 1024;

impl Rows for F32x8 {
    numbers! {}

    #[inline(always)]
    fn rows_to_columns([a, b, c]: [Self; 3]) -> [Self; 3] {
        [
            Self::blend(a, b, c).permute::<0>(),
            Self::blend(c, a, b).permute::<1>(),
            Self::blend(b, c, a).permute::<2>(),
        ]
    }

    #[inline(always)]
    fn columns_to_rows([x, y, z]: [Self; 3]) -> [Self; 3] {
        let [x, y, z] = [x.permute::<0>(), y.permute::<5>(), z.permute::<2>()];
        [
            Self::blend(x, y, z),
            Self::blend(z, x, y),
            Self::blend(y, z, x),
        ]
    }

    #[inline(always)]
    fn padded_to_columns([a, b, c, d]: [Self; 4]) -> [Self; 3] {
        shuffles::padded_to_columns([
            a.halves::<LOW_LOW>(c),
            a.halves::<HIGH_HIGH>(c),
            b.halves::<LOW_LOW>(d),
            b.halves::<HIGH_HIGH>(d),
        ])
    }

    #[inline(always)]
    fn columns_to_padded(columns: [Self; 3]) -> [Self; 4] {
        let [a, b, c, d] = shuffles::columns_to_padded(columns);
        [
            a.halves::<LOW_LOW>(b),
            c.halves::<LOW_LOW>(d),
            a.halves::<HIGH_HIGH>(b),
            c.halves::<HIGH_HIGH>(d),
        ]
    }

    #[inline(always)]
    fn rotate_padded(rows: [Self; 4]) -> [Self; 4] {
        shuffles::rotate(rows)
    }

    /// Some CPUs (Zen 4) do not see masked loads coming, and took twice the time from memory without `prefetch`.
    #[inline(always)]
    unsafe fn load_padded(_: Avx2, from: *const f32) -> [Self; 4] {
        // SAFETY: the token proves the instruction set.
        let mut rows = [Self(unsafe { _mm256_setzero_ps() }); 4];
        // SAFETY: any bits are a mask.
        let mask = unsafe { ROW.as_ptr().cast::<__m256i>().read_unaligned() };
        for_each! { i of 4 {
            // SAFETY: the caller grants the elements that the mask lets through, and no other is touched.
            rows[i] = Self(unsafe { _mm256_maskload_ps(from.wrapping_add(i * Self::LEN), mask) });
            if i.is_multiple_of(2) {
                let ahead = from.wrapping_add(i * Self::LEN).wrapping_byte_add(AHEAD);
                target::prefetch(ahead); // once for a cache line
            }
        }}
        rows
    }

    /// As pieces of two and one elements: a masked store is a dozen times slower on some CPUs.
    #[inline(always)]
    unsafe fn store_padded(rows: [Self; 4], to: *mut f32) {
        for_each! { i of 4 {
            let to = to.wrapping_add(i * Self::LEN);
            // SAFETY: lanes prove the instruction set.
            let low = unsafe { _mm256_castps256_ps128(rows[i].0) };
            // SAFETY: as above.
            let high = unsafe { _mm256_extractf128_ps::<1>(rows[i].0) };
            // SAFETY: the caller grants the first three of four.
            unsafe { target::store_three(bytemuck::cast(low), to) };
            // SAFETY: as above.
            unsafe { target::store_three(bytemuck::cast(high), to.wrapping_add(4)) };
        }}
    }
}

impl Rows for F64x4 {
    numbers! {}

    #[inline(always)]
    fn rows_to_columns([a, b, c]: [Self; 3]) -> [Self; 3] {
        shuffles::row_pairs_to_columns([
            a.halves::<LOW_HIGH>(b),
            a.halves::<HIGH_LOW>(c),
            b.halves::<LOW_HIGH>(c),
        ])
    }

    #[inline(always)]
    fn columns_to_rows(columns: [Self; 3]) -> [Self; 3] {
        let [a, b, c] = shuffles::columns_to_row_pairs(columns);
        [
            a.halves::<LOW_LOW>(b),
            c.halves::<LOW_HIGH>(a),
            b.halves::<HIGH_HIGH>(c),
        ]
    }

    #[inline(always)]
    fn padded_to_columns([a, b, c, d]: [Self; 4]) -> [Self; 3] {
        shuffles::padded_pairs_to_columns([
            a.halves::<LOW_LOW>(c),
            a.halves::<HIGH_HIGH>(c),
            b.halves::<LOW_LOW>(d),
            b.halves::<HIGH_HIGH>(d),
        ])
    }

    #[inline(always)]
    fn columns_to_padded(columns: [Self; 3]) -> [Self; 4] {
        let [xy0, z0, xy1, z1] = shuffles::columns_to_padded_pairs(columns);
        [
            xy0.halves::<LOW_LOW>(z0),
            xy1.halves::<LOW_LOW>(z1),
            xy0.halves::<HIGH_HIGH>(z0),
            xy1.halves::<HIGH_HIGH>(z1),
        ]
    }

    #[inline(always)]
    fn rotate_padded(mut rows: [Self; 4]) -> [Self; 4] {
        for_each! { i of 4 {
            // SAFETY: lanes prove the instruction set.
            rows[i] = Self(unsafe { _mm256_permute4x64_pd::<{ pick(1, 2, 0, 3) }>(rows[i].0) });
        }}
        rows
    }

    /// As for `f32`.
    #[inline(always)]
    unsafe fn load_padded(_: Avx2, from: *const f64) -> [Self; 4] {
        // SAFETY: the token proves the instruction set.
        let mut rows = [Self(unsafe { _mm256_setzero_pd() }); 4];
        // SAFETY: any bits are a mask.
        let mask = unsafe { ROW_F64.as_ptr().cast::<__m256i>().read_unaligned() };
        for_each! { i of 4 {
            // SAFETY: the caller grants the elements that the mask lets through, and no other is touched.
            rows[i] = Self(unsafe { _mm256_maskload_pd(from.wrapping_add(i * Self::LEN), mask) });
            if i.is_multiple_of(2) {
                let ahead = from.wrapping_add(i * Self::LEN).wrapping_byte_add(AHEAD);
                target::prefetch(ahead); // once for a cache line
            }
        }}
        rows
    }

    /// As pieces, as for `f32`.
    #[inline(always)]
    unsafe fn store_padded(rows: [Self; 4], to: *mut f64) {
        for_each! { i of 4 {
            let [x, y, z, _]: [f64; 4] = bytemuck::cast(rows[i].0);
            let to = to.wrapping_add(i * Self::LEN);
            // SAFETY: the caller grants the first three of four.
            unsafe { to.cast::<[f64; 3]>().write([x, y, z]) };
        }}
    }
}
