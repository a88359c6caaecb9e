//! 256-bit lanes as numbers.

use core::arch::x86_64::*;

use super::{F32x8, F64x4};
use crate::simd::reals;
use crate::simd::x86::{floats, scales};

floats! {
    F32x8 from single and reals::singles, reals::singles_of_face;
    add _mm256_add_ps, sub _mm256_sub_ps, mul _mm256_mul_ps, div _mm256_div_ps, sqrt _mm256_sqrt_ps
}
floats! {
    F64x4 from double and reals::doubles, reals::doubles_of_face;
    add _mm256_add_pd, sub _mm256_sub_pd, mul _mm256_mul_pd, div _mm256_div_pd, sqrt _mm256_sqrt_pd
}
scales! { F64x4 }

mod single {
    use core::arch::x86_64::*;

    use crate::formula::SINGLE;

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn one_if_zero(x: __m256) -> __m256 {
        let zero = _mm256_cmp_ps::<_CMP_EQ_OQ>(x, _mm256_setzero_ps());
        _mm256_blendv_ps(x, _mm256_set1_ps(1.0), zero)
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn half(x: __m256) -> __m256 {
        _mm256_mul_ps(x, _mm256_set1_ps(0.5))
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn are_squares_in_range(squares: __m256) -> bool {
        let small = _mm256_cmp_ps::<_CMP_GE_OQ>(squares, _mm256_set1_ps(SINGLE.least));
        let large = _mm256_cmp_ps::<_CMP_LE_OQ>(squares, _mm256_set1_ps(SINGLE.most));
        _mm256_movemask_ps(_mm256_and_ps(small, large)) == 0xff
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn scale_of_square(square: __m256) -> __m256 {
        let small = _mm256_cmp_ps::<_CMP_LT_OQ>(square, _mm256_set1_ps(SINGLE.least));
        let large = _mm256_cmp_ps::<_CMP_GT_OQ>(square, _mm256_set1_ps(SINGLE.most));
        let scale = _mm256_blendv_ps(_mm256_set1_ps(1.0), _mm256_set1_ps(SINGLE.up), small);
        _mm256_blendv_ps(scale, _mm256_set1_ps(SINGLE.down), large)
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn all(x: f64) -> __m256 {
        _mm256_set1_ps(x as f32)
    }
}

/// Functions of several instructions. They have the target feature, so that each instruction is safe; the
/// compiler inlines them into an entry, which has it too.
mod double {
    use core::arch::x86_64::*;

    use crate::formula::DOUBLE;
    use crate::simd::reals::{BIASED, INTEGER};

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn one_if_zero(x: __m256d) -> __m256d {
        let zero = _mm256_cmp_pd::<_CMP_EQ_OQ>(x, _mm256_setzero_pd());
        _mm256_blendv_pd(x, _mm256_set1_pd(1.0), zero)
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn half(x: __m256d) -> __m256d {
        _mm256_mul_pd(x, _mm256_set1_pd(0.5))
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn are_squares_in_range(squares: __m256d) -> bool {
        let small = _mm256_cmp_pd::<_CMP_GE_OQ>(squares, _mm256_set1_pd(DOUBLE.least));
        let large = _mm256_cmp_pd::<_CMP_LE_OQ>(squares, _mm256_set1_pd(DOUBLE.most));
        _mm256_movemask_pd(_mm256_and_pd(small, large)) == 0xf
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn scale_of_square(square: __m256d) -> __m256d {
        let small = _mm256_cmp_pd::<_CMP_LT_OQ>(square, _mm256_set1_pd(DOUBLE.least));
        let large = _mm256_cmp_pd::<_CMP_GT_OQ>(square, _mm256_set1_pd(DOUBLE.most));
        let scale = _mm256_blendv_pd(_mm256_set1_pd(1.0), _mm256_set1_pd(DOUBLE.up), small);
        _mm256_blendv_pd(scale, _mm256_set1_pd(DOUBLE.down), large)
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn all(x: f64) -> __m256d {
        _mm256_set1_pd(x)
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    fn magnitude(x: __m256d) -> __m256d {
        _mm256_andnot_pd(_mm256_set1_pd(-0.0), x)
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn greater_magnitude(x: __m256d, y: __m256d) -> __m256d {
        _mm256_max_pd(magnitude(x), magnitude(y))
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn exponent(magnitude: __m256d) -> __m256d {
        let field = _mm256_srli_epi64::<52>(_mm256_castpd_si256(magnitude));
        let integer = _mm256_or_si256(field, _mm256_castpd_si256(_mm256_set1_pd(INTEGER)));
        let exponent = _mm256_sub_pd(_mm256_castsi256_pd(integer), _mm256_set1_pd(BIASED));
        _mm256_min_pd(exponent, _mm256_set1_pd(1022.0))
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn within_a_thousand(x: __m256d) -> __m256d {
        let less = _mm256_min_pd(x, _mm256_set1_pd(1000.0));
        _mm256_max_pd(less, _mm256_set1_pd(-1000.0))
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn power_of_two(k: __m256d) -> __m256d {
        let field = _mm256_add_pd(_mm256_set1_pd(BIASED), k);
        _mm256_castsi256_pd(_mm256_slli_epi64::<52>(_mm256_castpd_si256(field)))
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn inverse_power_of_two(k: __m256d) -> __m256d {
        let field = _mm256_sub_pd(_mm256_set1_pd(BIASED), k);
        _mm256_castsi256_pd(_mm256_slli_epi64::<52>(_mm256_castpd_si256(field)))
    }

    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn reciprocal(x: __m256d) -> __m256d {
        _mm256_div_pd(_mm256_set1_pd(1.0), x)
    }
}
