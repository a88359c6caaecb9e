//! What the instruction sets of x86-64 have in common.

use core::arch::asm;
use core::arch::x86_64::{
    __cpuid_count, __m128i, _MM_HINT_T0, _mm_cvtpd_ps, _mm_cvtps_pd, _mm_load_sd, _mm_load_ss,
    _mm_movehl_ps, _mm_movelh_ps, _mm_prefetch, _mm_sfence, _mm_shuffle_pd, _mm_shuffle_ps,
    _mm_store_sd, _mm_store_ss, _mm_stream_si64, _mm_stream_si128,
};

use bytemuck::{Pod, cast};
use wide::{f32x4, f64x2};

mod reals;
pub(super) use reals::{atan2, floats, scales};

/// Two lanes of the first and two of the second: see `shuffles::pick`.
#[inline(always)]
pub(super) fn shuffle_fours<const LANES: i32>(a: f32x4, b: f32x4) -> f32x4 {
    // SAFETY: every x86-64 has SSE2.
    cast(unsafe { _mm_shuffle_ps::<LANES>(cast(a), cast(b)) })
}

/// One lane of each: see `shuffles::pick_two`.
#[inline(always)]
pub(super) fn shuffle_twos<const LANES: i32>(a: f64x2, b: f64x2) -> f64x2 {
    // SAFETY: every x86-64 has SSE2.
    cast(unsafe { _mm_shuffle_pd::<LANES>(cast(a), cast(b)) })
}

/// Loads three elements, as two and one.
///
/// # Safety
/// Three elements at `from` are valid for reads.
#[inline]
pub(super) unsafe fn load_three(from: *const f32) -> f32x4 {
    // SAFETY: the first two; every x86-64 has SSE2.
    let xy = unsafe { _mm_load_sd(from.cast()) };
    // SAFETY: the third.
    let z = unsafe { _mm_load_ss(from.wrapping_add(2)) };
    // SAFETY: every x86-64 has SSE2.
    cast(unsafe { _mm_movelh_ps(cast(xy), z) })
}

/// Stores the first three lanes, as two and one.
///
/// # Safety
/// Three elements at `to` are valid for writes.
#[inline]
pub(super) unsafe fn store_three(row: f32x4, to: *mut f32) {
    // SAFETY: the first two; every x86-64 has SSE2.
    unsafe { _mm_store_sd(to.cast(), cast(row)) };
    // SAFETY: every x86-64 has SSE2.
    let z = unsafe { _mm_movehl_ps(cast(row), cast(row)) };
    // SAFETY: the third.
    unsafe { _mm_store_ss(to.wrapping_add(2), z) };
}

/// Asks for the cache line here, which loads will want in a while. Nothing is read that a program could see, so that it may be
/// anywhere.
#[inline]
pub(super) fn prefetch<T>(here: *const T) {
    // SAFETY: a hint, which never faults; every x86-64 has SSE.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(here.cast()) };
}

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

/// Two halves as `f64`.
#[inline(always)]
pub(super) fn widen(x: f32x4) -> [f64x2; 2] {
    // SAFETY: every x86-64 has SSE2.
    let low = unsafe { _mm_cvtps_pd(cast(x)) };
    // SAFETY: as above.
    let high = unsafe { _mm_movehl_ps(cast(x), cast(x)) };
    // SAFETY: as above.
    [cast(low), cast(unsafe { _mm_cvtps_pd(high) })]
}

/// Rounded to nearest even.
#[inline(always)]
pub(super) fn narrow([low, high]: [f64x2; 2]) -> f32x4 {
    // SAFETY: every x86-64 has SSE2.
    let low = unsafe { _mm_cvtpd_ps(cast(low)) };
    // SAFETY: as above.
    let high = unsafe { _mm_cvtpd_ps(cast(high)) };
    // SAFETY: as above.
    cast(unsafe { _mm_movelh_ps(low, high) })
}

/// What MXCSR says: how to round, which exceptions are masked, whether subnormals are zeros; and which exceptions
/// there have been.
pub(super) type Control = u32;

/// To nearest even, all exceptions masked, subnormals kept.
pub(super) const DEFAULT: Control = 0x1f80;

/// The exceptions: invalid, subnormal, divide by zero, overflow, underflow, inexact.
const FLAGS: Control = 0x3f;

/// The flags of invalid operations, divisions by zero, overflow and underflow.
pub(super) const EACH: [u32; 4] = [0x01, 0x04, 0x08, 0x10];

/// All of these.
pub(super) const NAMED: u32 = EACH[0] | EACH[1] | EACH[2] | EACH[3];

pub(super) fn is_default(control: Control) -> bool {
    control & !FLAGS == DEFAULT
}

/// The exceptions that there have been.
pub(super) fn flags(control: Control) -> u32 {
    control & FLAGS
}

/// The same with these exceptions and no others. (One that is not masked traps when it is met the next time, not when this is written.)
pub(super) fn with_flags(control: Control, flags: u32) -> Control {
    control & !FLAGS | flags
}

pub(super) fn read() -> Control {
    let mut control: Control = 0;
    // SAFETY: every x86-64 has the register; it is written to a place of its size.
    unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut control, options(nostack, preserves_flags)) };
    control
}

/// Sets the default, or what the caller of this crate had set before.
pub(super) fn write(control: Control) {
    // SAFETY: the default environment is what Rust expects; another is the caller's own, and valid, as it was read.
    unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const control, options(nostack, preserves_flags)) };
}

/// The bytes of the L3 that this core shares with its neighbours, on processors of AMD's; `None` on others.
#[allow(
    unused_unsafe,
    reason = "safe in newer Rust, where a target without it cannot be"
)]
pub(super) fn amd_l3() -> Option<usize> {
    // SAFETY: every x86-64 has the instruction.
    let cpuid = |leaf, subleaf| unsafe { __cpuid_count(leaf, subleaf) };
    let vendor = cpuid(0, 0);
    let vendor = [vendor.ebx, vendor.edx, vendor.ecx].map(u32::to_le_bytes);
    let is_amd = [b"AuthenticAMD", b"HygonGenuine"].contains(&bytemuck::cast_ref(&vendor));
    // Which caches there are, one a subleaf, behind the last one of type 0 (or that one only, where the CPU does not tell).
    const CACHES: u32 = 0x8000_001d;
    if !is_amd || cpuid(0x8000_0000, 0).eax < CACHES {
        return None;
    }
    let caches = (0..8).map(|subleaf| cpuid(CACHES, subleaf));
    let mut caches = caches.take_while(|cache| cache.eax & 0b1_1111 != 0);
    let l3 = caches.find(|cache| cache.eax >> 5 & 0b111 == 3)?;
    let (line, partitions, ways) = (l3.ebx & 0xfff, l3.ebx >> 12 & 0x3ff, l3.ebx >> 22);
    let factors = [line, partitions, ways, l3.ecx].map(|less_one| less_one as usize + 1);
    factors.into_iter().try_fold(1, usize::checked_mul)
}

/// Declares lanes in one vendor register.
macro_rules! lanes {
    (
        $(#[$doc:meta])* $name:ident($register:ty) of $element:ty, $simd:ty;
        mul $mul:ident, sub $sub:ident, rounded $rounded:ident, stream $stream:ident
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $name($register);

        impl $crate::simd::Lanes for $name {
            type Element = $element;
            type Simd = $simd;
            const LEN: usize = size_of::<$register>() / size_of::<$element>();

            #[inline]
            fn proof(self) -> $simd {
                <$simd>::seen()
            }

            #[inline]
            fn difference_of_products(a: Self, b: Self, c: Self, d: Self) -> Self {
                // SAFETY: lanes are made by loads only, and a load takes the token that
                // exists only where the instruction set was detected.
                let (ab, cd) = (unsafe { $mul(a.0, b.0) }, unsafe { $mul(c.0, d.0) });
                // SAFETY: as above.
                Self(unsafe { $sub(ab, cd) })
            }

            #[inline(always)]
            fn rounded_differences_of_products<const N: usize>(factors: [[Self; N]; 4]) -> [Self; N] {
                $crate::simd::rounded::$rounded(factors)
            }

            #[inline]
            unsafe fn load(_: $simd, from: *const $element) -> Self {
                // SAFETY: the caller grants `LEN` elements, which is one register.
                Self(unsafe { from.cast::<$register>().read_unaligned() })
            }

            #[inline]
            unsafe fn store(self, to: *mut $element) {
                // SAFETY: the caller grants `LEN` elements, which is one register.
                unsafe { to.cast::<$register>().write_unaligned(self.0) };
            }

            #[inline]
            unsafe fn stream(self, to: *mut $element) {
                debug_assert!(to.addr().is_multiple_of(size_of::<$register>()), "{to:?} is aligned");
                // SAFETY: the caller grants `LEN` elements, which is one register, and their alignment.
                unsafe { $stream(to, self.0) };
            }
        }
    };
}
pub(super) use lanes;

/// Declares what half types need of lanes of `f32`, from a module `narrow` that has the arithmetic.
#[cfg(feature = "half")]
macro_rules! halves {
    (
        $name:ident of $simd:ident from $bits:ty;
        widen $widen:ident, round $round:ident, stream $stream:ident
    ) => {
        impl $crate::simd::half::Halves for $name {
            #[inline(always)]
            fn differences_to_odd<const RANGE: bool, const N: usize>(
                operands: [[Self; N]; 4],
            ) -> ([Self; N], bool) {
                let mut registers = [[operands[0][0].0; N]; 4];
                $crate::unrolled::for_each! { k of 4 {
                    $crate::unrolled::for_each! { i of N {
                        registers[k][i] = operands[k][i].0;
                    }}
                }}
                // SAFETY: lanes are made by loads only, and a load takes the token that
                // exists only where the instruction set was detected.
                let (odd, doubtful) = unsafe { narrow::differences_to_odd::<RANGE, N>(registers) };
                let mut results = operands[0];
                $crate::unrolled::for_each! { i of N {
                    results[i].0 = odd[i];
                }}
                (results, doubtful)
            }

            #[inline(always)]
            unsafe fn load_f16(_: $simd, from: *const half::f16) -> Self {
                // SAFETY: the caller grants `LEN` elements, which is this many bits.
                let bits = unsafe { from.cast::<$bits>().read_unaligned() };
                // SAFETY: the token proves the instruction set.
                Self(unsafe { $widen(bits) })
            }

            #[inline(always)]
            unsafe fn load_bf16(_: $simd, from: *const half::bf16) -> Self {
                // SAFETY: as above.
                let bits = unsafe { from.cast::<$bits>().read_unaligned() };
                // SAFETY: the token proves the instruction set.
                Self(unsafe { narrow::widen_bf16(bits) })
            }

            #[inline(always)]
            unsafe fn store_f16<const STREAM: bool>(self, to: *mut half::f16) {
                // SAFETY: lanes prove the instruction set.
                let bits = unsafe { $round::<_MM_FROUND_TO_NEAREST_INT>(self.0) };
                // SAFETY: as granted by the caller.
                unsafe { store_bits::<STREAM>(to.cast(), bits) };
            }

            #[inline(always)]
            unsafe fn store_bf16<const STREAM: bool>(self, to: *mut half::bf16) {
                // SAFETY: lanes prove the instruction set.
                let bits = unsafe { narrow::to_bf16(self.0) };
                // SAFETY: as granted by the caller.
                unsafe { store_bits::<STREAM>(to.cast(), bits) };
            }
        }

        /// # Safety
        /// The instruction set, and `to` is valid for the write of these bits; to stream, aligned to them.
        #[inline(always)]
        unsafe fn store_bits<const STREAM: bool>(to: *mut $bits, bits: $bits) {
            if STREAM {
                // SAFETY: as granted by the caller.
                unsafe { $stream(to, bits) };
            } else {
                // SAFETY: as granted by the caller.
                unsafe { to.write_unaligned(bits) };
            }
        }
    };
}
#[cfg(feature = "half")]
pub(super) use halves;

/// Declares what correct rounding needs of lanes of `f64`, from a module `double` that has the arithmetic.
macro_rules! doubles {
    (
        $name:ident($register:ty), mask $bits:ty;
        own $($own:ident),+; $($sorts:tt)*
    ) => {
        /// Some of the lanes; made from lanes only.
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct Mask($bits);

        impl $crate::simd::rounded::Arithmetic for $name {
            $crate::simd::x86::doubles! { $name of (self, y) plus }
            $crate::simd::x86::doubles! { $name of (self, y) minus }
            $crate::simd::x86::doubles! { $name of (self, y) times }
            $($crate::simd::x86::doubles! { $name of (self, y) $own })+
            $crate::simd::x86::doubles! { $name of (a, b) minus_product }
            $crate::simd::x86::doubles! { $name of (a, b, p) error_of_product }
            $crate::simd::x86::doubles! { $name of (a, b, p) error_of_minus_product }
            $($sorts)*
        }

        impl $crate::simd::rounded::Doubles for $name {
            type Mask = Mask;

            $crate::simd::x86::doubles! { $name of (self, y) lesser_magnitude }
            $crate::simd::x86::doubles! { $name of (self) canonical }
            $crate::simd::x86::doubles! { mask of $name, is_small }
            $crate::simd::x86::doubles! { mask of $name, is_not_finite }
            $crate::simd::x86::doubles! { mask of $name, is_zero_or_nan }

            #[inline]
            fn select(mask: Mask, yes: Self, no: Self) -> Self {
                // SAFETY: lanes prove the instruction set.
                Self(unsafe { double::select(mask.0, yes.0, no.0) })
            }

            #[inline]
            fn either(x: Mask, y: Mask) -> Mask {
                // SAFETY: masks are made from lanes, which prove the instruction set.
                Mask(unsafe { double::either(x.0, y.0) })
            }

            #[inline]
            fn bits(mask: Mask) -> u32 {
                // SAFETY: as in `either`.
                unsafe { double::bits(mask.0) }
            }
        }
    };
    ($name:ident of (self $(, $x:ident)*) $method:ident) => {
        #[inline]
        fn $method(self $(, $x: Self)*) -> Self {
            // SAFETY: lanes are made from others or by loads only, and a load takes the token that exists only where
            // the instruction set was detected.
            Self(unsafe { double::$method(self.0 $(, $x.0)*) })
        }
    };
    ($name:ident of ($($x:ident),+) $method:ident) => {
        #[inline]
        fn $method($($x: Self),+) -> Self {
            // SAFETY: lanes are made from others or by loads only, and a load takes the token that exists only where
            // the instruction set was detected.
            Self(unsafe { double::$method($($x.0),+) })
        }
    };
    (mask of $name:ident, $method:ident) => {
        #[inline]
        fn $method(self) -> Mask {
            // SAFETY: lanes are made from others or by loads only, and a load takes the token that exists only where
            // the instruction set was detected.
            Mask(unsafe { double::$method(self.0) })
        }
    };
}
pub(super) use doubles;

/// Declares what correct rounding needs of lanes of `f32`, from a module `single` that has the arithmetic.
macro_rules! singles {
    ($name:ident as $doubles:ident) => {
        impl $crate::simd::rounded::Singles for $name {
            type Doubles = $doubles;

            #[inline(always)]
            fn widen(self) -> [$doubles; 2] {
                // SAFETY: lanes are made from others or by loads only, and a load takes the token that exists only where
                // the instruction set was detected.
                let [low, high] = unsafe { single::widen(self.0) };
                [$doubles(low), $doubles(high)]
            }

            #[inline(always)]
            fn narrow([low, high]: [$doubles; 2]) -> Self {
                // SAFETY: as in `widen`.
                Self(unsafe { single::narrow([low.0, high.0]) })
            }
        }
    };
}
pub(super) use singles;
