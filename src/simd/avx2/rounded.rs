//! What correct rounding needs of 256-bit lanes.

use core::arch::x86_64::*;

use super::{F32x8, F64x4};
use crate::simd::x86::{doubles, singles};

doubles! { F64x4(__m256d), mask __m256d; own nudge_to_odd; }
singles! { F32x8 as F64x4 }

/// Functions of several instructions. They have the target feature, so that each instruction is safe; the
/// compiler inlines them into an entry, which has it too.
mod double {
    use core::arch::x86_64::*;

    use crate::simd::rounded::LEAST;

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn plus(x: __m256d, y: __m256d) -> __m256d {
        _mm256_add_pd(x, y)
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn minus(x: __m256d, y: __m256d) -> __m256d {
        _mm256_sub_pd(x, y)
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn times(x: __m256d, y: __m256d) -> __m256d {
        _mm256_mul_pd(x, y)
    }

    #[target_feature(enable = "fma")]
    #[inline]
    pub(super) fn error_of_product(a: __m256d, b: __m256d, p: __m256d) -> __m256d {
        _mm256_fmsub_pd(a, b, p)
    }

    #[target_feature(enable = "fma")]
    #[inline]
    pub(super) fn minus_product(a: __m256d, b: __m256d) -> __m256d {
        _mm256_fnmadd_pd(a, b, _mm256_setzero_pd())
    }

    #[target_feature(enable = "fma")]
    #[inline]
    pub(super) fn error_of_minus_product(a: __m256d, b: __m256d, p: __m256d) -> __m256d {
        _mm256_fnmsub_pd(a, b, p)
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn nudge_to_odd(sum: __m256d, error: __m256d) -> __m256d {
        let inexact = _mm256_cmp_pd::<_CMP_NEQ_OQ>(error, _mm256_setzero_pd());
        let inexact = _mm256_castpd_si256(inexact);
        let away = _mm256_srli_epi64::<63>(_mm256_castpd_si256(_mm256_xor_pd(sum, error)));
        let sum = _mm256_castpd_si256(sum);
        let shorter = _mm256_sub_epi64(sum, _mm256_and_si256(inexact, away));
        let odd = _mm256_or_si256(shorter, _mm256_srli_epi64::<63>(inexact));
        _mm256_castsi256_pd(odd)
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn magnitude(x: __m256d) -> __m256d {
        _mm256_andnot_pd(_mm256_set1_pd(-0.0), x)
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn lesser_magnitude(x: __m256d, y: __m256d) -> __m256d {
        _mm256_min_pd(magnitude(x), magnitude(y))
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn is_small(x: __m256d) -> __m256d {
        _mm256_cmp_pd::<_CMP_NGE_UQ>(x, _mm256_set1_pd(LEAST))
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn is_not_finite(x: __m256d) -> __m256d {
        _mm256_cmp_pd::<_CMP_NLE_UQ>(magnitude(x), _mm256_set1_pd(f64::MAX))
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn is_zero_or_nan(x: __m256d) -> __m256d {
        _mm256_cmp_pd::<_CMP_EQ_UQ>(x, _mm256_setzero_pd())
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn canonical(x: __m256d) -> __m256d {
        select(
            _mm256_cmp_pd::<_CMP_UNORD_Q>(x, x),
            _mm256_set1_pd(f64::NAN),
            x,
        )
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn either(x: __m256d, y: __m256d) -> __m256d {
        _mm256_or_pd(x, y)
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn select(mask: __m256d, yes: __m256d, no: __m256d) -> __m256d {
        _mm256_blendv_pd(no, yes, mask)
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn bits(mask: __m256d) -> u32 {
        _mm256_movemask_pd(mask).cast_unsigned()
    }
}

mod single {
    use core::arch::x86_64::*;

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn widen(x: __m256) -> [__m256d; 2] {
        let [low, high] = [_mm256_castps256_ps128(x), _mm256_extractf128_ps::<1>(x)];
        [_mm256_cvtps_pd(low), _mm256_cvtps_pd(high)]
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn narrow([low, high]: [__m256d; 2]) -> __m256 {
        let x = _mm256_set_m128(_mm256_cvtpd_ps(high), _mm256_cvtpd_ps(low));
        let nan = _mm256_cmp_ps::<_CMP_UNORD_Q>(x, x);
        _mm256_blendv_ps(x, _mm256_set1_ps(f32::NAN), nan)
    }
}
