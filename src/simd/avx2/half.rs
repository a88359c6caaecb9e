//! Half types in 256-bit lanes: conversions, and the difference rounded to odd.
//!
//! Separate from the other lanes because it is the only arithmetic of more than one instruction.

use core::arch::x86_64::*;

use super::{Avx2, F32x8};
use crate::simd::x86::halves;

halves! {
    F32x8 of Avx2 from __m128i;
    widen _mm256_cvtph_ps, round _mm256_cvtps_ph, stream _mm_stream_si128
}

/// Functions of several instructions. They have the target feature, so that each instruction is safe; the
/// compiler inlines them into an entry, which has it too.
mod narrow {
    use core::arch::x86_64::*;

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn differences_to_odd<const RANGE: bool, const N: usize>(
        [a, b, c, d]: [[__m256; N]; 4],
    ) -> ([__m256; N], bool) {
        let zero = _mm256_setzero_ps();
        let (mut odd, mut products, mut doubtful) = (a, [a, c], zero);
        for i in 0..N {
            let (p, q) = (_mm256_mul_ps(a[i], b[i]), _mm256_mul_ps(c[i], d[i]));
            let s = _mm256_sub_ps(p, q);
            let t = _mm256_sub_ps(s, p);
            let error = _mm256_sub_ps(_mm256_sub_ps(p, _mm256_sub_ps(s, t)), _mm256_add_ps(q, t));
            // Compared in order: where something is infinite the error is NaN, and the sum stays as it is.
            let inexact = _mm256_castps_si256(_mm256_cmp_ps::<_CMP_NEQ_OQ>(error, zero));
            let away = _mm256_srai_epi32::<31>(_mm256_castps_si256(_mm256_xor_ps(s, error)));
            let s = _mm256_castps_si256(s);
            let shorter = _mm256_add_epi32(s, _mm256_and_si256(inexact, away));
            let bits = _mm256_or_si256(shorter, _mm256_srli_epi32::<31>(inexact));
            odd[i] = _mm256_castsi256_ps(bits);
            (products[0][i], products[1][i]) = (p, q);
            doubtful = _mm256_or_ps(doubtful, _mm256_cmp_ps::<_CMP_UNORD_Q>(error, error));
        }
        if RANGE {
            let magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(i32::MAX));
            let normal = _mm256_set1_ps(f32::MIN_POSITIVE);
            let mut least = normal;
            for product in products.as_flattened_mut() {
                *product = _mm256_and_ps(*product, magnitude);
                least = _mm256_min_ps(least, *product);
            }
            if _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_NGE_UQ>(least, normal)) != 0 {
                let lost = [lost(&products[0], &a, &b), lost(&products[1], &c, &d)];
                doubtful = _mm256_or_ps(doubtful, _mm256_or_ps(lost[0], lost[1]));
            }
        }
        (odd, _mm256_movemask_ps(doubtful) != 0)
    }

    /// Where a product is smaller than normal although no factor is zero: seldom.
    #[target_feature(enable = "avx2")]
    #[cold]
    fn lost<const N: usize>(products: &[__m256; N], x: &[__m256; N], y: &[__m256; N]) -> __m256 {
        let (zero, normal) = (_mm256_setzero_ps(), _mm256_set1_ps(f32::MIN_POSITIVE));
        let mut lost = zero;
        for i in 0..N {
            let small = _mm256_cmp_ps::<_CMP_NGE_UQ>(products[i], normal);
            let x = _mm256_cmp_ps::<_CMP_NEQ_UQ>(x[i], zero);
            let y = _mm256_cmp_ps::<_CMP_NEQ_UQ>(y[i], zero);
            lost = _mm256_or_ps(lost, _mm256_and_ps(small, _mm256_and_ps(x, y)));
        }
        lost
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn widen_bf16(bits: __m128i) -> __m256 {
        _mm256_castsi256_ps(_mm256_slli_epi32::<16>(_mm256_cvtepu16_epi32(bits)))
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn to_bf16(numbers: __m256) -> __m128i {
        let bits = _mm256_castps_si256(numbers);
        let last = _mm256_and_si256(_mm256_srli_epi32::<16>(bits), _mm256_set1_epi32(1));
        let half = _mm256_add_epi32(last, _mm256_set1_epi32(0x7fff));
        let upper = _mm256_srli_epi32::<16>(_mm256_add_epi32(bits, half));
        let packed = _mm256_packus_epi32(upper, upper);
        _mm256_castsi256_si128(_mm256_permute4x64_epi64::<0b10_00>(packed))
    }
}
