//! 256-bit lanes, the tail of a column done with masked moves.

use core::arch::x86_64::*;

use super::x86::lanes;
use super::{Simd, Work};

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
}

impl Simd for Avx2 {
    type F32 = F32x8;
    type F64 = F64x4;

    #[inline(always)]
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
    mul _mm256_mul_ps, sub _mm256_sub_ps, load_first load_first_ps, store_first store_first_ps
}

lanes! {
    /// 4 lanes of `f64`.
    F64x4(__m256d) of f64, Avx2;
    mul _mm256_mul_pd, sub _mm256_sub_pd, load_first load_first_pd, store_first store_first_pd
}

/// Every mask of the first lanes is a window of this table.
static ONES_THEN_ZEROS: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];

/// A mask of the first `words` words of 32 bits.
///
/// # Safety
/// `words <= 8`.
#[inline(always)]
unsafe fn first(words: usize) -> __m256i {
    // SAFETY: `8 - words` is at most 8, and the table has 8 words from there on.
    let from = unsafe { ONES_THEN_ZEROS.as_ptr().add(8 - words) };
    // SAFETY: the table has the 8 words that one register takes from `from` on.
    unsafe { from.cast::<__m256i>().read_unaligned() }
}

/// # Safety
/// AVX2, `count <= 8`, and `count` elements at `from`: masked-off lanes are neither read nor cause a fault.
#[inline(always)]
unsafe fn load_first_ps(from: *const f32, count: usize) -> __m256 {
    // SAFETY: `count <= 8`.
    let mask = unsafe { first(count) };
    // SAFETY: the caller grants AVX2 and the elements that the mask lets through.
    unsafe { _mm256_maskload_ps(from, mask) }
}

/// # Safety
/// As [`load_first_ps`], but `count <= 4`.
#[inline(always)]
unsafe fn load_first_pd(from: *const f64, count: usize) -> __m256d {
    // SAFETY: `count <= 4`, and an `f64` is two words.
    let mask = unsafe { first(2 * count) };
    // SAFETY: the caller grants AVX2 and the elements that the mask lets through.
    unsafe { _mm256_maskload_pd(from, mask) }
}

/// # Safety
/// AVX2, `count <= 8`, and `count` elements at `to`: masked-off lanes are neither written nor cause a fault.
#[inline(always)]
unsafe fn store_first_ps(to: *mut f32, count: usize, lanes: __m256) {
    // SAFETY: `count <= 8`.
    let mask = unsafe { first(count) };
    // SAFETY: the caller grants AVX2 and the elements that the mask lets through.
    unsafe { _mm256_maskstore_ps(to, mask, lanes) }
}

/// # Safety
/// As [`store_first_ps`], but `count <= 4`.
#[inline(always)]
unsafe fn store_first_pd(to: *mut f64, count: usize, lanes: __m256d) {
    // SAFETY: `count <= 4`, and an `f64` is two words.
    let mask = unsafe { first(2 * count) };
    // SAFETY: the caller grants AVX2 and the elements that the mask lets through.
    unsafe { _mm256_maskstore_pd(to, mask, lanes) }
}
