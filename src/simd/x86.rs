//! What AVX2 and AVX-512 lanes have in common: everything but the names of the instructions.

/// Declares lanes in one vendor register. The four functions are the instruction set's own.
macro_rules! lanes {
    (
        $(#[$doc:meta])* $name:ident($register:ty) of $element:ty, $simd:ty;
        mul $mul:ident, sub $sub:ident, load_first $load_first:ident, store_first $store_first:ident
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $name($register);

        impl core::ops::Mul for $name {
            type Output = Self;
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                // SAFETY: lanes are made by loads only, and a load takes the token that
                // exists only where the instruction set was detected.
                Self(unsafe { $mul(self.0, other.0) })
            }
        }

        impl core::ops::Sub for $name {
            type Output = Self;
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                // SAFETY: lanes prove the instruction set, as in `mul`.
                Self(unsafe { $sub(self.0, other.0) })
            }
        }

        impl $crate::simd::Lanes for $name {
            type Element = $element;
            type Simd = $simd;
            const LEN: usize = size_of::<$register>() / size_of::<$element>();

            #[inline(always)]
            unsafe fn load(_: $simd, from: *const $element) -> Self {
                // SAFETY: the caller grants `LEN` elements, which is one register.
                Self(unsafe { from.cast::<$register>().read_unaligned() })
            }

            #[inline(always)]
            unsafe fn load_first(_: $simd, from: *const $element, count: usize) -> Self {
                debug_assert!(count <= Self::LEN, "{count} lanes of {}", Self::LEN);
                // SAFETY: the token proves the instruction set, the caller grants `count` elements.
                Self(unsafe { $load_first(from, count) })
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut $element) {
                // SAFETY: the caller grants `LEN` elements, which is one register.
                unsafe { to.cast::<$register>().write_unaligned(self.0) };
            }

            #[inline(always)]
            unsafe fn store_first(self, to: *mut $element, count: usize) {
                debug_assert!(count <= Self::LEN, "{count} lanes of {}", Self::LEN);
                // SAFETY: lanes prove the instruction set, the caller grants `count` elements.
                unsafe { $store_first(to, count, self.0) };
            }
        }
    };
}
pub(super) use lanes;
