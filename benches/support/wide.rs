//! ultraviolet's `Vec3x8` as the blocks of eight that it is in memory.
//!
//! Separate because two benches compare with ultraviolet on its own data, and because this cast is unsafe.

use ultraviolet::Vec3x8;

/// As blocks: `Vec3x8` is three times eight numbers, and not `Pod`.
pub(crate) fn as_blocks(v: &[Vec3x8]) -> &[[[f32; 8]; 3]] {
    const { assert!(size_of::<Vec3x8>() == 96, "nothing but its numbers") };
    // SAFETY: `repr(C)`, of three arrays of numbers in all but name, which are aligned to more than a number.
    unsafe { std::slice::from_raw_parts(v.as_ptr().cast(), v.len()) }
}

/// The same, to be written.
pub(crate) fn as_blocks_mut(v: &mut [Vec3x8]) -> &mut [[[f32; 8]; 3]] {
    // SAFETY: as for `as_blocks`; all bits are numbers.
    unsafe { std::slice::from_raw_parts_mut(v.as_mut_ptr().cast(), v.len()) }
}
