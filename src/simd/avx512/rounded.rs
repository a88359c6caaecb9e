//! What correct rounding needs of 512-bit lanes.
//!
//! An instruction that carries its own rounding mode rounds down; where that ends in an even number, another rounds up. If
//! there is a difference the upper number is the odd one, and if there is none it does not matter.

use core::arch::x86_64::*;

use super::{F32x16, F64x8};
use crate::simd::x86::{doubles, singles};

doubles! {
    F64x8(__m512d), mask __mmask8;
    own one_times_plus, one_times_minus, sum_to_odd, difference_to_odd;

    #[inline(always)]
    fn sorted(self, y: Self) -> Option<(Self, Self)> {
        // SAFETY: lanes prove the instruction set.
        let (greater, lesser) = unsafe { double::sorted(self.0, y.0) };
        Some((Self(greater), Self(lesser)))
    }
}
singles! { F32x16 as F64x8 }

/// Functions of several instructions. They have the target feature, so that each instruction is safe; the
/// compiler inlines them into an entry, which has it too.
mod double {
    use core::arch::x86_64::*;

    use crate::simd::rounded::LEAST;

    /// The rounding mode that is set anyway; but where none is named, the compiler turns x·1 + y into x + y.
    const NEAREST: i32 = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
    const DOWN: i32 = _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC;
    const UP: i32 = _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC;
    /// For `_mm512_range_pd`: the greater and the lesser magnitude, with its sign; the lesser without a sign.
    const GREATER: i32 = 0b01_11;
    const LESSER: i32 = 0b01_10;
    const LEAST_MAGNITUDE: i32 = 0b10_10;
    /// For `_mm512_fpclass_pd_mask`: quiet NaN, signalling NaN, and either infinity.
    const NOT_FINITE: i32 = 0x81 | 0x18;

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn plus(x: __m512d, y: __m512d) -> __m512d {
        _mm512_add_pd(x, y)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn minus(x: __m512d, y: __m512d) -> __m512d {
        _mm512_sub_pd(x, y)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn one_times_plus(x: __m512d, y: __m512d) -> __m512d {
        _mm512_fmadd_round_pd::<NEAREST>(x, _mm512_set1_pd(1.0), y)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn one_times_minus(x: __m512d, y: __m512d) -> __m512d {
        _mm512_fmsub_round_pd::<NEAREST>(x, _mm512_set1_pd(1.0), y)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn times(x: __m512d, y: __m512d) -> __m512d {
        _mm512_mul_pd(x, y)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn error_of_product(a: __m512d, b: __m512d, p: __m512d) -> __m512d {
        _mm512_fmsub_pd(a, b, p)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn minus_product(a: __m512d, b: __m512d) -> __m512d {
        _mm512_fnmadd_pd(a, b, _mm512_setzero_pd())
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn error_of_minus_product(a: __m512d, b: __m512d, p: __m512d) -> __m512d {
        _mm512_fnmsub_pd(a, b, p)
    }

    /// Of two numbers that differ in sign only, one is the greater, the other the lesser.
    #[target_feature(enable = "avx512dq")]
    #[inline]
    pub(super) fn sorted(x: __m512d, y: __m512d) -> (__m512d, __m512d) {
        let greater = _mm512_range_pd::<GREATER>(x, y);
        (greater, _mm512_range_pd::<LESSER>(x, y))
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn sum_to_odd(x: __m512d, y: __m512d) -> __m512d {
        let down = _mm512_add_round_pd::<DOWN>(x, y);
        _mm512_mask_add_round_pd::<UP>(down, is_even(down), x, y)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn difference_to_odd(x: __m512d, y: __m512d) -> __m512d {
        let down = _mm512_sub_round_pd::<DOWN>(x, y);
        _mm512_mask_sub_round_pd::<UP>(down, is_even(down), x, y)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    fn is_even(x: __m512d) -> __mmask8 {
        _mm512_testn_epi64_mask(_mm512_castpd_si512(x), _mm512_set1_epi64(1))
    }

    #[target_feature(enable = "avx512dq")]
    #[inline]
    pub(super) fn lesser_magnitude(x: __m512d, y: __m512d) -> __m512d {
        _mm512_range_pd::<LEAST_MAGNITUDE>(x, y)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn is_small(x: __m512d) -> __mmask8 {
        _mm512_cmp_pd_mask::<_CMP_NGE_UQ>(x, _mm512_set1_pd(LEAST))
    }

    #[target_feature(enable = "avx512dq")]
    #[inline]
    pub(super) fn is_not_finite(x: __m512d) -> __mmask8 {
        _mm512_fpclass_pd_mask::<NOT_FINITE>(x)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn is_zero_or_nan(x: __m512d) -> __mmask8 {
        _mm512_cmp_pd_mask::<_CMP_EQ_UQ>(x, _mm512_setzero_pd())
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn canonical(x: __m512d) -> __m512d {
        let nan = _mm512_cmp_pd_mask::<_CMP_UNORD_Q>(x, x);
        _mm512_mask_mov_pd(x, nan, _mm512_set1_pd(f64::NAN))
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn either(x: __mmask8, y: __mmask8) -> __mmask8 {
        x | y
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn select(mask: __mmask8, yes: __m512d, no: __m512d) -> __m512d {
        _mm512_mask_mov_pd(no, mask, yes)
    }

    #[target_feature(enable = "avx512f")]
    #[inline]
    pub(super) fn bits(mask: __mmask8) -> u32 {
        mask.into()
    }
}

mod single {
    use core::arch::x86_64::*;

    #[target_feature(enable = "avx512f,avx512dq")]
    #[inline]
    pub(super) fn widen(x: __m512) -> [__m512d; 2] {
        let [low, high] = [_mm512_castps512_ps256(x), _mm512_extractf32x8_ps::<1>(x)];
        [_mm512_cvtps_pd(low), _mm512_cvtps_pd(high)]
    }

    #[target_feature(enable = "avx512f,avx512dq")]
    #[inline]
    pub(super) fn narrow([low, high]: [__m512d; 2]) -> __m512 {
        /// Of each class of numbers, what becomes of it: NaN is replaced by the other number.
        const NAN: i32 = 0x1111_1100;
        let low = _mm512_castps256_ps512(_mm512_cvtpd_ps(low));
        let x = _mm512_insertf32x8::<1>(low, _mm512_cvtpd_ps(high));
        _mm512_fixupimm_ps::<0>(_mm512_set1_ps(f32::NAN), x, _mm512_set1_epi32(NAN))
    }
}
