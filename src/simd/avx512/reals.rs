//! 512-bit lanes as numbers.

use core::arch::x86_64::*;

use super::{F32x16, F64x8};
use crate::simd::reals;
use crate::simd::x86::{floats, scales};

floats! {
    F32x16 from single and reals::singles, reals::singles_of_face;
    add _mm512_add_ps, sub _mm512_sub_ps, mul _mm512_mul_ps, div _mm512_div_ps, sqrt _mm512_sqrt_ps
}
floats! {
    F64x8 from double and reals::doubles, reals::doubles_of_face;
    add _mm512_add_pd, sub _mm512_sub_pd, mul _mm512_mul_pd, div _mm512_div_pd, sqrt _mm512_sqrt_pd
}
scales! { F64x8 }

mod single {
    use core::arch::x86_64::*;

    use crate::formula::SINGLE;

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn one_if_zero(x: __m512) -> __m512 {
        let zero = _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(x, _mm512_setzero_ps());
        _mm512_mask_mov_ps(x, zero, _mm512_set1_ps(1.0))
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn half(x: __m512) -> __m512 {
        _mm512_mul_ps(x, _mm512_set1_ps(0.5))
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn are_squares_in_range(squares: __m512) -> bool {
        let small = _mm512_cmp_ps_mask::<_CMP_GE_OQ>(squares, _mm512_set1_ps(SINGLE.least));
        _mm512_mask_cmp_ps_mask::<_CMP_LE_OQ>(small, squares, _mm512_set1_ps(SINGLE.most)) == 0xffff
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn scale_of_square(square: __m512) -> __m512 {
        let small = _mm512_cmp_ps_mask::<_CMP_LT_OQ>(square, _mm512_set1_ps(SINGLE.least));
        let large = _mm512_cmp_ps_mask::<_CMP_GT_OQ>(square, _mm512_set1_ps(SINGLE.most));
        let scale = _mm512_mask_mov_ps(_mm512_set1_ps(1.0), small, _mm512_set1_ps(SINGLE.up));
        _mm512_mask_mov_ps(scale, large, _mm512_set1_ps(SINGLE.down))
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn all(x: f64) -> __m512 {
        _mm512_set1_ps(x as f32)
    }
}

/// Functions of several instructions. They have the target feature, so that each instruction is safe; the
/// compiler inlines them into an entry, which has it too.
mod double {
    use core::arch::x86_64::*;

    use crate::formula::DOUBLE;
    use crate::simd::reals::{BIASED, INTEGER};

    /// For `_mm512_range_pd`: the greater magnitude, without a sign.
    const GREATEST_MAGNITUDE: i32 = 0b10_11;

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn one_if_zero(x: __m512d) -> __m512d {
        let zero = _mm512_cmp_pd_mask::<_CMP_EQ_OQ>(x, _mm512_setzero_pd());
        _mm512_mask_mov_pd(x, zero, _mm512_set1_pd(1.0))
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn half(x: __m512d) -> __m512d {
        _mm512_mul_pd(x, _mm512_set1_pd(0.5))
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn are_squares_in_range(squares: __m512d) -> bool {
        let small = _mm512_cmp_pd_mask::<_CMP_GE_OQ>(squares, _mm512_set1_pd(DOUBLE.least));
        _mm512_mask_cmp_pd_mask::<_CMP_LE_OQ>(small, squares, _mm512_set1_pd(DOUBLE.most)) == 0xff
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn scale_of_square(square: __m512d) -> __m512d {
        let small = _mm512_cmp_pd_mask::<_CMP_LT_OQ>(square, _mm512_set1_pd(DOUBLE.least));
        let large = _mm512_cmp_pd_mask::<_CMP_GT_OQ>(square, _mm512_set1_pd(DOUBLE.most));
        let scale = _mm512_mask_mov_pd(_mm512_set1_pd(1.0), small, _mm512_set1_pd(DOUBLE.up));
        _mm512_mask_mov_pd(scale, large, _mm512_set1_pd(DOUBLE.down))
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn all(x: f64) -> __m512d {
        _mm512_set1_pd(x)
    }

    #[target_feature(enable = "avx512dq")]
    #[inline]
    pub(super) fn greater_magnitude(x: __m512d, y: __m512d) -> __m512d {
        _mm512_range_pd::<GREATEST_MAGNITUDE>(x, y)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn exponent(magnitude: __m512d) -> __m512d {
        let field = _mm512_srli_epi64::<52>(_mm512_castpd_si512(magnitude));
        let integer = _mm512_or_si512(field, _mm512_castpd_si512(_mm512_set1_pd(INTEGER)));
        let exponent = _mm512_sub_pd(_mm512_castsi512_pd(integer), _mm512_set1_pd(BIASED));
        _mm512_min_pd(exponent, _mm512_set1_pd(1022.0))
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn within_a_thousand(x: __m512d) -> __m512d {
        let less = _mm512_min_pd(x, _mm512_set1_pd(1000.0));
        _mm512_max_pd(less, _mm512_set1_pd(-1000.0))
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn power_of_two(k: __m512d) -> __m512d {
        let field = _mm512_add_pd(_mm512_set1_pd(BIASED), k);
        _mm512_castsi512_pd(_mm512_slli_epi64::<52>(_mm512_castpd_si512(field)))
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn inverse_power_of_two(k: __m512d) -> __m512d {
        let field = _mm512_sub_pd(_mm512_set1_pd(BIASED), k);
        _mm512_castsi512_pd(_mm512_slli_epi64::<52>(_mm512_castpd_si512(field)))
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn reciprocal(x: __m512d) -> __m512d {
        _mm512_div_pd(_mm512_set1_pd(1.0), x)
    }
}
