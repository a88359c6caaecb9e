//! What the instruction sets of x86-64 have in common.

use core::arch::x86_64::{__m128i, _mm_sfence, _mm_stream_si64, _mm_stream_si128};

use bytemuck::Pod;

/// Stores 128 or 64 bits past the caches; what is smaller, as ever.
///
/// # Safety
/// `to` is valid for the write of one `V`, and aligned to its size.
#[inline(always)]
pub(super) unsafe fn stream<V: Pod>(to: *mut V, lanes: V) {
    debug_assert!(
        to.addr().is_multiple_of(size_of::<V>()),
        "{to:?} is aligned"
    );
    if let Ok(lanes) = bytemuck::try_cast::<V, __m128i>(lanes) {
        // SAFETY: as granted by the caller; every x86-64 has SSE2.
        unsafe { _mm_stream_si128(to.cast(), lanes) };
    } else if let Ok(lanes) = bytemuck::try_cast::<V, i64>(lanes) {
        // SAFETY: as above.
        unsafe { _mm_stream_si64(to.cast(), lanes) };
    } else {
        // SAFETY: as granted by the caller.
        unsafe { to.write(lanes) };
    }
}

/// Makes streamed stores of this thread visible to others before whatever it does next.
#[inline(always)]
pub(super) fn fence() {
    // SAFETY: every x86-64 has SSE.
    unsafe { _mm_sfence() };
}

/// Declares lanes in one vendor register.
macro_rules! lanes {
    (
        $(#[$doc:meta])* $name:ident($register:ty) of $element:ty, $simd:ty;
        mul $mul:ident, sub $sub:ident, stream $stream:ident
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $name($register);

        impl $crate::simd::Lanes for $name {
            type Element = $element;
            type Simd = $simd;
            const LEN: usize = size_of::<$register>() / size_of::<$element>();

            #[cfg(feature = "half")]
            #[inline(always)]
            fn proof(self) -> $simd {
                <$simd>::seen()
            }

            #[inline(always)]
            fn difference_of_products(a: Self, b: Self, c: Self, d: Self) -> Self {
                // SAFETY: lanes are made by loads only, and a load takes the token that
                // exists only where the instruction set was detected.
                let (ab, cd) = (unsafe { $mul(a.0, b.0) }, unsafe { $mul(c.0, d.0) });
                // SAFETY: as above.
                Self(unsafe { $sub(ab, cd) })
            }

            #[inline(always)]
            unsafe fn load(_: $simd, from: *const $element) -> Self {
                // SAFETY: the caller grants `LEN` elements, which is one register.
                Self(unsafe { from.cast::<$register>().read_unaligned() })
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut $element) {
                // SAFETY: the caller grants `LEN` elements, which is one register.
                unsafe { to.cast::<$register>().write_unaligned(self.0) };
            }

            #[inline(always)]
            unsafe fn stream(self, to: *mut $element) {
                debug_assert!(to.addr().is_multiple_of(size_of::<$register>()), "{to:?} is aligned");
                // SAFETY: the caller grants `LEN` elements, which is one register, and their alignment.
                unsafe { $stream(to, self.0) };
            }
        }
    };
}
pub(super) use lanes;
