//! Tiles: columns in L1 for operands that no register can be loaded from or stored to as they lie. Separate
//! because it is the only code that knows of arbitrary strides; it does no arithmetic.

use core::mem::MaybeUninit;

use crate::Element;
use crate::simd::{Lanes, Simd};
use crate::view::moved;

/// Bytes of one column of a tile. Nine columns (the cross product, nothing in place) are 5 KiB: well
/// inside any L1, and little enough for a small stack. Larger tiles won nothing in a cache and cost up to
/// twice the time from memory, where the processor likes its streams read in turn and not in long bursts.
/// The lengths in tests/agreement.rs follow from it.
const COLUMN_BYTES: usize = 512;

/// A cache line, and no less than a register.
pub(super) const LINE: usize = 64;

/// Three columns in L1, and one cache line before each.
#[repr(C, align(64))]
pub(super) struct Tile([[MaybeUninit<u8>; LINE + COLUMN_BYTES]; 3]);

impl Tile {
    /// How many vectors of `T` fit.
    pub(super) const fn capacity<T>() -> usize {
        COLUMN_BYTES / size_of::<T>()
    }

    /// Where the columns begin.
    pub(super) fn columns<T>(tile: &mut MaybeUninit<Self>) -> [*mut T; 3] {
        let first = tile.as_mut_ptr().cast::<u8>();
        [0, 1, 2].map(|k| {
            first
                .wrapping_add(k * (LINE + COLUMN_BYTES) + LINE)
                .cast::<T>()
        })
    }
}

/// Copies `len` vectors from one stride to another.
///
/// # Safety
/// The vectors `from` are valid for reads, those `to` for writes, and they do not overlap.
#[inline(always)]
pub(super) unsafe fn copy<T: Copy>(
    from: [*mut T; 3],
    from_stride: isize,
    to: [*mut T; 3],
    to_stride: isize,
    len: usize,
) {
    for i in 0..len {
        let [x, y, z] = from.map(|p| moved(p, i, from_stride));
        // SAFETY: as granted by the caller.
        let vector = [unsafe { x.read() }, unsafe { y.read() }, unsafe {
            z.read()
        }];
        for (component, p) in vector.into_iter().zip(to) {
            // SAFETY: as granted by the caller.
            unsafe { moved(p, i, to_stride).write(component) };
        }
    }
}

/// Streams the columns of a tile to columns that do not start cache lines at the same vectors. Each gets
/// whole lines, all that the block completes; what is left of the last line stays in the line before the
/// tile, where the next block finds it.
///
/// # Safety
/// `tile` points behind one cache line that is valid for writes, and holds the vectors `start..start + len` of
/// `total`; these are a line or more, or the last. The line before is as the last call has left it, unless
/// `start` is zero. The columns `to` are valid for writes of `total` elements.
#[inline(always)]
pub(super) unsafe fn stream_columns<S: Simd, T: Element>(
    simd: S,
    tile: [*mut T; 3],
    to: [*mut T; 3],
    start: usize,
    len: usize,
    total: usize,
) {
    let (line, end) = (LINE / size_of::<T>(), start + len);
    for (tile, to) in tile.into_iter().zip(to) {
        let vector = |i: usize| tile.wrapping_add(i).wrapping_sub(start);
        // The column begins so many elements behind the start of a line.
        let phase = to.addr() / size_of::<T>() % line;
        let line_of = |i: usize| ((i + phase) / line * line).saturating_sub(phase);
        let mut i = line_of(start);
        if start == 0 {
            let first = ((line - phase) % line).min(end);
            while i < first {
                // SAFETY: in the tile.
                let element = unsafe { vector(i).read() };
                // SAFETY: in the column.
                unsafe { to.wrapping_add(i).write(element) };
                i += 1;
            }
        }
        while i + line <= end {
            for _ in 0..line / T::Lanes::<S>::LEN {
                // SAFETY: in the tile, or in the line before it.
                let register: T::Lanes<S> = unsafe { Lanes::load(simd, vector(i)) };
                // SAFETY: in the column, at the start of a line or whole registers behind it.
                unsafe { register.stream(to.wrapping_add(i)) };
                i += T::Lanes::<S>::LEN;
            }
        }
        if end == total {
            while i < end {
                // SAFETY: in the tile or in the line before it.
                let element = unsafe { vector(i).read() };
                // SAFETY: in the column.
                unsafe { to.wrapping_add(i).write(element) };
                i += 1;
            }
        } else {
            for k in (0..line).step_by(T::Lanes::<S>::LEN) {
                // SAFETY: of the last line of the block, which is a line or more.
                let register: T::Lanes<S> = unsafe { Lanes::load(simd, vector(end - line + k)) };
                // SAFETY: in the line before the tile.
                unsafe { register.store(tile.wrapping_sub(line).wrapping_add(k)) };
            }
        }
    }
}
