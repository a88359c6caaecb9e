//! 512-bit lanes.
//!
//! Rows and columns are exchanged by permutations that take their lanes from two registers, whose indices are
//! the same tables for both types: see [`Permutations`].

use core::arch::x86_64::*;

#[cfg(feature = "half")]
use super::half::Half;
use super::x86::lanes;
use super::{Avx2, Lanes, Rows, Simd, Work, numbers};
use crate::unrolled::for_each;

#[cfg(feature = "half")]
mod half;
mod reals;
mod rounded;

/// The CPU has what x86-64-v4 names: AVX-512 F, BW, CD, DQ and VL, and all of AVX2's level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx512(());

impl Avx512 {
    /// The proof, where the CPU (and the operating system) has it.
    pub(crate) fn detect() -> Option<Self> {
        let has = Avx2::detect().is_some()
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512cd")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl");
        has.then_some(Self(()))
    }

    /// The proof, for lanes: they are made from one.
    fn seen() -> Self {
        Self(())
    }
}

impl Simd for Avx512 {
    type F32 = F32x16;
    type F64 = F64x8;
    #[cfg(feature = "half")]
    type F16 = Half<F32x16, ::half::f16>;
    #[cfg(feature = "half")]
    type Bf16 = Half<F32x16, ::half::bf16>;
    type Narrower = Avx2;

    fn narrower(self) -> Avx2 {
        Avx2::of(self)
    }

    // One entry per kind of work. Rust 1.95 drops `inline(never)` beside `target_feature`; this has no target features, so that
    // `entry` is not inlined into it, nor this into others.
    #[inline(never)]
    fn vectorize<W: Work>(self, work: W) {
        #[target_feature(
            enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt"
        )]
        fn entry<W: Work>(simd: Avx512, work: W) {
            work.run(simd);
        }
        // SAFETY: `Avx512` values exist only after `detect` has found every feature of `entry`.
        unsafe { entry(self, work) }
    }
}

lanes! {
    /// 16 lanes of `f32`.
    F32x16(__m512) of f32, Avx512;
    mul _mm512_mul_ps, sub _mm512_sub_ps, rounded singles, stream _mm512_stream_ps
}

lanes! {
    /// 8 lanes of `f64`.
    F64x8(__m512d) of f64, Avx512;
    mul _mm512_mul_pd, sub _mm512_sub_pd, rounded doubles, stream _mm512_stream_pd
}

/// Where each lane of a result comes from: lane i of the first register is i, of the second `N + i`.
type Lanes2<const N: usize> = [u8; N];

/// The permutations of `N` rows of three in three registers, and of padded rows in four. What needs three
/// registers is done in two steps: from the first two, then from that and the third.
struct Permutations<const N: usize> {
    rows_to_columns: [[Lanes2<N>; 2]; 3],
    columns_to_rows: [[Lanes2<N>; 2]; 3],
    /// The first register from the first two, the middle one from the first and the window, the last from the
    /// last two.
    rotate: [Lanes2<N>; 3],
    /// The window from the last two.
    window: Lanes2<N>,
    /// x in the low half and y in the high one, or z in both, of half the rows.
    halves: [Lanes2<N>; 2],
    columns_to_padded: [[Lanes2<N>; 2]; 4],
}

/// `[f(0), f(1) ...]` in a constant.
macro_rules! lanes_of {
    (|$lane:ident| $from:expr) => {{
        let mut lanes = [0; N];
        let mut $lane = 0;
        while $lane < N {
            let from: usize = $from;
            lanes[$lane] = from as u8;
            $lane += 1;
        }
        lanes
    }};
}

impl<const N: usize> Permutations<N> {
    const ALL: Self = Self {
        rows_to_columns: [Self::column(0), Self::column(1), Self::column(2)],
        columns_to_rows: [Self::row(0), Self::row(1), Self::row(2)],
        rotate: [
            lanes_of!(|i| rotated(i)),
            lanes_of!(|i| if rotated(N + i) < N {
                rotated(N + i)
            } else {
                rotated(N + i) - 1
            }),
            lanes_of!(|i| rotated(2 * N + i) - N),
        ],
        window: lanes_of!(|i| i + 1),
        halves: [
            lanes_of!(|i| i % (N / 2) * 4 + i / (N / 2)),
            lanes_of!(|i| i % (N / 2) * 4 + 2),
        ],
        columns_to_padded: [
            Self::padded(0),
            Self::padded(1),
            Self::padded(2),
            Self::padded(3),
        ],
    };

    /// Column k: element `3 * i + k` of the rows.
    const fn column(k: usize) -> [Lanes2<N>; 2] {
        [
            lanes_of!(|i| if 3 * i + k < 2 * N { 3 * i + k } else { 0 }),
            lanes_of!(|i| if 3 * i + k < 2 * N { i } else { 3 * i + k - N }),
        ]
    }

    /// Register r of the rows: element e is component `e % 3` of row `e / 3`.
    const fn row(r: usize) -> [Lanes2<N>; 2] {
        Self::gather(r, 3)
    }

    /// Register r of padded rows; the padding takes x.
    const fn padded(r: usize) -> [Lanes2<N>; 2] {
        Self::gather(r, 4)
    }

    const fn gather(r: usize, width: usize) -> [Lanes2<N>; 2] {
        [
            lanes_of!(|i| match (r * N + i) % width {
                1 => N + (r * N + i) / width,
                _ => (r * N + i) / width,
            }),
            lanes_of!(|i| match (r * N + i) % width {
                2 => N + (r * N + i) / width,
                _ => i,
            }),
        ]
    }
}

/// Where element e of rotated rows comes from.
const fn rotated(e: usize) -> usize {
    if e % 3 == 2 { e - 2 } else { e + 1 }
}

impl F32x16 {
    const PERMUTATIONS: &Permutations<16> = &Permutations::ALL;

    #[inline]
    fn permute(self, lanes: &[u8; 16], other: Self) -> Self {
        // SAFETY: a register's worth of bytes.
        let lanes = unsafe { lanes.as_ptr().cast::<__m128i>().read_unaligned() };
        // SAFETY: lanes prove the instruction set.
        let lanes = unsafe { _mm512_cvtepu8_epi32(lanes) };
        // SAFETY: as above.
        Self(unsafe { _mm512_permutex2var_ps(self.0, lanes, other.0) })
    }

    /// The low halves of both.
    #[inline]
    fn low_low(self, other: Self) -> Self {
        // SAFETY: lanes prove the instruction set.
        Self(unsafe { _mm512_shuffle_f32x4::<LOW_LOW>(self.0, other.0) })
    }

    /// The high halves of both.
    #[inline]
    fn high_high(self, other: Self) -> Self {
        // SAFETY: lanes prove the instruction set.
        Self(unsafe { _mm512_shuffle_f32x4::<HIGH_HIGH>(self.0, other.0) })
    }

    #[inline]
    fn rotate_fours(self) -> Self {
        // SAFETY: lanes prove the instruction set.
        Self(unsafe { _mm512_permute_ps::<YZX>(self.0) })
    }
}

impl F64x8 {
    const PERMUTATIONS: &Permutations<8> = &Permutations::ALL;

    #[inline]
    fn permute(self, lanes: &[u8; 8], other: Self) -> Self {
        // SAFETY: every x86-64 has SSE2.
        let lanes = unsafe { _mm_cvtsi64_si128(i64::from_le_bytes(*lanes)) };
        // SAFETY: lanes prove the instruction set.
        let lanes = unsafe { _mm512_cvtepu8_epi64(lanes) };
        // SAFETY: as above.
        Self(unsafe { _mm512_permutex2var_pd(self.0, lanes, other.0) })
    }

    /// The low halves of both.
    #[inline]
    fn low_low(self, other: Self) -> Self {
        // SAFETY: lanes prove the instruction set.
        Self(unsafe { _mm512_shuffle_f64x2::<LOW_LOW>(self.0, other.0) })
    }

    /// The high halves of both.
    #[inline]
    fn high_high(self, other: Self) -> Self {
        // SAFETY: lanes prove the instruction set.
        Self(unsafe { _mm512_shuffle_f64x2::<HIGH_HIGH>(self.0, other.0) })
    }

    #[inline]
    fn rotate_fours(self) -> Self {
        // SAFETY: lanes prove the instruction set.
        Self(unsafe { _mm512_permutex_pd::<YZX>(self.0) })
    }
}

/// Of each four lanes: second, third, first, fourth.
const YZX: i32 = 1 | 2 << 2 | 3 << 6;

/// Which quarters a shuffle takes: two of the first register, two of the second.
const LOW_LOW: i32 = 1 << 2 | 1 << 6;
const HIGH_HIGH: i32 = 2 | 3 << 2 | 2 << 4 | 3 << 6;

/// Of each four lanes the first three.
const ROW: u16 = 0x7777;

/// Rows in either type: the same permutations with other instructions.
macro_rules! rows {
    ($name:ident of $element:ty; load $load:ident, store $store:ident) => {
        impl Rows for $name {
            const ROTATES: bool = true;

            numbers! {}

            #[inline(always)]
            fn rows_to_columns([a, b, c]: [Self; 3]) -> [Self; 3] {
                let [x, y, z] = &Self::PERMUTATIONS.rows_to_columns;
                [
                    a.permute(&x[0], b).permute(&x[1], c),
                    a.permute(&y[0], b).permute(&y[1], c),
                    a.permute(&z[0], b).permute(&z[1], c),
                ]
            }

            #[inline(always)]
            fn columns_to_rows([x, y, z]: [Self; 3]) -> [Self; 3] {
                let [a, b, c] = &Self::PERMUTATIONS.columns_to_rows;
                [
                    x.permute(&a[0], y).permute(&a[1], z),
                    x.permute(&b[0], y).permute(&b[1], z),
                    x.permute(&c[0], y).permute(&c[1], z),
                ]
            }

            #[inline(always)]
            fn window([_, b, c]: [Self; 3]) -> Self {
                b.permute(&Self::PERMUTATIONS.window, c)
            }

            #[inline(always)]
            fn rotate_rows([a, b, c]: [Self; 3], window: Self) -> [Self; 3] {
                let [first, middle, last] = &Self::PERMUTATIONS.rotate;
                [
                    a.permute(first, b),
                    a.permute(middle, window),
                    b.permute(last, c),
                ]
            }

            #[inline(always)]
            fn padded_to_columns([a, b, c, d]: [Self; 4]) -> [Self; 3] {
                let [xy, z] = &Self::PERMUTATIONS.halves;
                let (xy, z) = (
                    [a.permute(xy, b), c.permute(xy, d)],
                    [a.permute(z, b), c.permute(z, d)],
                );
                [
                    xy[0].low_low(xy[1]),
                    xy[0].high_high(xy[1]),
                    z[0].low_low(z[1]),
                ]
            }

            #[inline(always)]
            fn columns_to_padded([x, y, z]: [Self; 3]) -> [Self; 4] {
                let [a, b, c, d] = &Self::PERMUTATIONS.columns_to_padded;
                [
                    x.permute(&a[0], y).permute(&a[1], z),
                    x.permute(&b[0], y).permute(&b[1], z),
                    x.permute(&c[0], y).permute(&c[1], z),
                    x.permute(&d[0], y).permute(&d[1], z),
                ]
            }

            #[inline(always)]
            fn rotate_padded([a, b, c, d]: [Self; 4]) -> [Self; 4] {
                [
                    a.rotate_fours(),
                    b.rotate_fours(),
                    c.rotate_fours(),
                    d.rotate_fours(),
                ]
            }

            #[inline(always)]
            unsafe fn load_padded(_: Avx512, from: *const $element) -> [Self; 4] {
                // SAFETY: the token proves the instruction set, and nothing is read.
                let mut rows = [Self(unsafe { $load(0, from) }); 4];
                for_each! { i of 4 {
                    let from = from.wrapping_add(i * Self::LEN);
                    // SAFETY: the token proves the instruction set, and the caller grants the elements that
                    // the mask lets through; no other is touched.
                    rows[i] = Self(unsafe { $load(ROW as _, from) });
                }}
                rows
            }

            #[inline(always)]
            unsafe fn store_padded(rows: [Self; 4], to: *mut $element) {
                for_each! { i of 4 {
                    // SAFETY: lanes prove the instruction set, and the caller grants the elements that the
                    // mask lets through; no other is touched.
                    unsafe { $store(to.wrapping_add(i * Self::LEN), ROW as _, rows[i].0) };
                }}
            }
        }
    };
}

rows! {
    F32x16 of f32;
    load _mm512_maskz_loadu_ps, store _mm512_mask_storeu_ps
}

rows! {
    F64x8 of f64;
    load _mm512_maskz_loadu_pd, store _mm512_mask_storeu_pd
}
