//! 512-bit lanes, the tail of a column done with mask registers.

use core::arch::x86_64::*;

use super::x86::lanes;
use super::{Simd, Work};

/// The CPU has what x86-64-v4 names: AVX-512 F, BW, CD, DQ and VL, and all of AVX2's level.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Avx512(());

impl Avx512 {
    /// The proof, where the CPU (and the operating system) has it.
    pub(crate) fn detect() -> Option<Self> {
        let has = super::Avx2::detect().is_some()
            && is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512cd")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl");
        has.then_some(Self(()))
    }
}

impl Simd for Avx512 {
    type F32 = F32x16;
    type F64 = F64x8;

    #[inline(always)]
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
    mul _mm512_mul_ps, sub _mm512_sub_ps, load_first load_first_ps, store_first store_first_ps
}

lanes! {
    /// 8 lanes of `f64`.
    F64x8(__m512d) of f64, Avx512;
    mul _mm512_mul_pd, sub _mm512_sub_pd, load_first load_first_pd, store_first store_first_pd
}

/// A mask of the first `count` lanes, at most 16.
#[inline(always)]
fn first(count: usize) -> u16 {
    ((1_u32 << count) - 1) as u16
}

/// # Safety
/// AVX-512, and `count` elements at `from`: masked-off lanes are neither read nor cause a fault.
#[inline(always)]
unsafe fn load_first_ps(from: *const f32, count: usize) -> __m512 {
    // SAFETY: the caller grants AVX-512 and the elements that the mask lets through.
    unsafe { _mm512_maskz_loadu_ps(first(count), from) }
}

/// # Safety
/// As [`load_first_ps`].
#[inline(always)]
unsafe fn load_first_pd(from: *const f64, count: usize) -> __m512d {
    // SAFETY: the caller grants AVX-512 and the elements that the mask lets through.
    unsafe { _mm512_maskz_loadu_pd(first(count) as u8, from) }
}

/// # Safety
/// AVX-512, and `count` elements at `to`: masked-off lanes are neither written nor cause a fault.
#[inline(always)]
unsafe fn store_first_ps(to: *mut f32, count: usize, lanes: __m512) {
    // SAFETY: the caller grants AVX-512 and the elements that the mask lets through.
    unsafe { _mm512_mask_storeu_ps(to, first(count), lanes) }
}

/// # Safety
/// As [`store_first_ps`].
#[inline(always)]
unsafe fn store_first_pd(to: *mut f64, count: usize, lanes: __m512d) {
    // SAFETY: the caller grants AVX-512 and the elements that the mask lets through.
    unsafe { _mm512_mask_storeu_pd(to, first(count) as u8, lanes) }
}
