//! Half types in 512-bit lanes: conversions, and the difference rounded to odd.
//!
//! Separate from the other lanes because it is the only arithmetic of more than one instruction.

use core::arch::x86_64::*;

use super::{Avx512, F32x16};
use crate::simd::x86::halves;

halves! {
    F32x16 of Avx512 from __m256i;
    widen _mm512_cvtph_ps, round _mm512_cvtps_ph, stream _mm256_stream_si256
}

/// Functions of several instructions. They have the target feature, so that each instruction is safe; the
/// compiler inlines them into an entry, which has it too.
mod narrow {
    use core::arch::x86_64::*;

    const UP: i32 = _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC;
    /// For `_mm512_range_ps`: the lesser magnitude, with the sign of the first, and without a sign.
    const LESS: i32 = 0b00_10;
    const LEAST: i32 = 0b10_10;
    /// For `_mm512_fpclass_ps_mask`: quiet NaN, signalling NaN, and either infinity.
    const NOT_FINITE: i32 = 0x81 | 0x18;

    #[target_feature(enable = "avx512f,avx512bw,avx512dq")]
    #[inline]
    pub(super) fn differences_to_odd<const RANGE: bool, const N: usize>(
        [a, b, c, d]: [[__m512; N]; 4],
    ) -> ([__m512; N], bool) {
        let (mut odd, mut products) = (a, a);
        let mut sum = _mm512_setzero_ps(); // not finite if anything is not
        for i in 0..N {
            let q = _mm512_mul_ps(c[i], d[i]);
            // Rounded up, and rounded down with the other sign: the lesser is rounded towards zero, and where they
            // are two neighbours and not the same, one of the two is odd.
            let up = _mm512_fmsub_round_ps::<UP>(a[i], b[i], q);
            let down = _mm512_fnmadd_round_ps::<UP>(a[i], b[i], q);
            let less = _mm512_range_ps::<LESS>(up, down);
            let (up, down) = (_mm512_castps_si512(up), _mm512_castps_si512(down));
            const EITHER_AND: i32 = 0b1010_1000;
            let last = _mm512_ternarylogic_epi32::<EITHER_AND>(up, down, _mm512_set1_epi32(1));
            odd[i] = _mm512_castsi512_ps(_mm512_or_si512(_mm512_castps_si512(less), last));
            products[i] = q;
            sum = if i == 0 {
                less
            } else {
                _mm512_add_ps(sum, less)
            };
        }
        let mut doubtful = _mm512_fpclass_ps_mask::<NOT_FINITE>(sum);
        if RANGE {
            let mut least = _mm512_abs_ps(products[N - 1]);
            for q in &products[..N - 1] {
                least = _mm512_range_ps::<LEAST>(least, *q);
            }
            let normal = _mm512_set1_ps(f32::MIN_POSITIVE);
            if _mm512_cmp_ps_mask::<_CMP_NGE_UQ>(least, normal) != 0 {
                let zero = _mm512_setzero_ps();
                for i in 0..N {
                    let q = _mm512_abs_ps(products[i]);
                    let small = _mm512_cmp_ps_mask::<_CMP_NGE_UQ>(q, normal);
                    let small = _mm512_mask_cmp_ps_mask::<_CMP_NEQ_UQ>(small, c[i], zero);
                    doubtful |= _mm512_mask_cmp_ps_mask::<_CMP_NEQ_UQ>(small, d[i], zero);
                }
            }
        }
        (odd, doubtful != 0)
    }

    /// Where each 16 bits of wide lanes come from, and the other way.
    const WIDE: [i16; 32] = indices(1, 2);
    const NARROW: [i16; 32] = indices(2, 1);

    const fn indices(times: i16, over: i16) -> [i16; 32] {
        let (mut indices, mut i) = ([0; 32], 0);
        while i < 32 {
            indices[i as usize] = (i * times / over + (times - 1)) % 32;
            i += 1;
        }
        indices
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    #[inline]
    pub(super) fn widen_bf16(bits: __m256i) -> __m512 {
        // SAFETY: any bits are indices.
        let wide = unsafe { WIDE.as_ptr().cast::<__m512i>().read_unaligned() };
        let bits = _mm512_castsi256_si512(bits);
        _mm512_castsi512_ps(_mm512_maskz_permutexvar_epi16(0xaaaa_aaaa, wide, bits))
    }

    #[target_feature(enable = "avx512f,avx512bw")]
    #[inline]
    pub(super) fn to_bf16(numbers: __m512) -> __m256i {
        let bits = _mm512_castps_si512(numbers);
        let last = _mm512_test_epi32_mask(bits, _mm512_set1_epi32(1 << 16));
        let less = _mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff));
        let half = _mm512_mask_sub_epi32(less, last, less, _mm512_set1_epi32(-1));
        // SAFETY: any bits are indices.
        let narrow = unsafe { NARROW.as_ptr().cast::<__m512i>().read_unaligned() };
        _mm512_castsi512_si256(_mm512_permutexvar_epi16(narrow, half))
    }
}
