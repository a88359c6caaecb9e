//! Tiles: columns in L1 for operands that are not columns in the caller's memory. Separate because it is
//! the only code that knows of strides; it does no arithmetic.

use core::mem::MaybeUninit;

use crate::view::{moved, row};

/// Bytes of one column of a tile. Nine columns (the cross product, nothing in place) are 4.5 KiB: well
/// inside any L1, and little enough for a small stack. Larger tiles won nothing in a cache and cost up to
/// twice the time from memory, where the processor likes its streams read in turn and not in long bursts.
/// The lengths in tests/agreement.rs follow from it.
const COLUMN_BYTES: usize = 512;

/// Three columns in L1.
#[repr(C, align(64))]
pub(super) struct Tile([[MaybeUninit<u8>; COLUMN_BYTES]; 3]);

impl Tile {
    /// How many vectors of `T` fit.
    pub(super) const fn capacity<T>() -> usize {
        COLUMN_BYTES / size_of::<T>()
    }

    fn columns<T>(tile: &mut MaybeUninit<Self>) -> [*mut T; 3] {
        let first = tile.as_mut_ptr().cast::<T>();
        [0, 1, 2].map(|k| first.wrapping_add(k * Self::capacity::<T>()))
    }
}

/// Where the vectors of one operand are: what a view knows, without its lifetime.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<T> {
    components: [*mut T; 3],
    stride: isize,
    len: usize,
}

impl<T: Copy> Place<T> {
    pub(super) fn new(components: [*mut T; 3], stride: isize, len: usize) -> Self {
        Self {
            components,
            stride,
            len,
        }
    }

    pub(super) fn components(&self) -> [*mut T; 3] {
        self.components
    }

    /// Whether each component is a column that needs no tile.
    #[inline(always)]
    pub(super) fn is_columns(&self) -> bool {
        is_columns(self.stride, self.len)
    }

    /// The columns that hold vectors `start..start + len`: the operand's own, or the tile, filled from it.
    ///
    /// # Safety
    /// Those vectors are valid for reads, and are no more than a tile's capacity unless `is_columns`.
    /// Of one operand the calls come in order from `start == 0`, the first has the greatest `len`, and
    /// all have the same tile.
    #[inline(always)]
    pub(super) unsafe fn gather(
        &self,
        start: usize,
        len: usize,
        tile: &mut MaybeUninit<Tile>,
    ) -> [*mut T; 3] {
        let columns = self.destination(start, tile);
        if self.is_columns() || (self.stride == 0 && start > 0) {
            return columns;
        }
        let from = self.from(start, len);
        match self.row_width() {
            // SAFETY: the vectors are valid for reads, and their copies fit into the tile.
            Some(3) => unsafe { copy(row(from[0]), 3, columns, 1, len) },
            // SAFETY: as above.
            Some(4) => unsafe { copy(row(from[0]), 4, columns, 1, len) },
            // SAFETY: as above.
            _ => unsafe { copy(from, self.stride, columns, 1, len) },
        }
        columns
    }

    /// The columns to write vectors from `start` on to: the operand's own, or the tile.
    #[inline(always)]
    pub(super) fn destination(&self, start: usize, tile: &mut MaybeUninit<Tile>) -> [*mut T; 3] {
        if self.is_columns() {
            self.components.map(|p| p.wrapping_add(start))
        } else {
            Tile::columns(tile)
        }
    }

    /// Vectors `start..start + len` are written from the columns that `destination` gave, unless they
    /// are the operand's own.
    ///
    /// # Safety
    /// Those vectors are valid for writes, and `columns` hold `len` values.
    #[inline(always)]
    pub(super) unsafe fn scatter(&self, start: usize, len: usize, columns: [*mut T; 3]) {
        if self.is_columns() {
            return;
        }
        let to = self.from(start, len);
        match self.row_width() {
            // SAFETY: the columns hold `len` vectors, and their places are valid for writes.
            Some(3) => unsafe { copy(columns, 1, row(to[0]), 3, len) },
            // SAFETY: as above.
            Some(4) => unsafe { copy(columns, 1, row(to[0]), 4, len) },
            // SAFETY: as above.
            _ => unsafe { copy(columns, 1, to, self.stride, len) },
        }
    }

    /// The components of vector `start`, the first of `len`.
    #[inline(always)]
    fn from(&self, start: usize, len: usize) -> [*mut T; 3] {
        debug_assert!(
            start + len <= self.len,
            "{len} vectors from {start} of {}",
            self.len
        );
        debug_assert!(len <= Tile::capacity::<T>(), "{len} vectors in a tile");
        self.components.map(|p| moved(p, start, self.stride))
    }

    /// The elements from vector to vector, if the components of each lie side by side.
    #[inline(always)]
    fn row_width(&self) -> Option<isize> {
        (self.components == row(self.components[0])).then_some(self.stride)
    }
}

/// Whether vectors so far apart need no tile: one vector is columns, whatever its stride.
#[inline(always)]
pub(super) fn is_columns(stride: isize, len: usize) -> bool {
    stride == 1 || len <= 1
}

/// Copies `len` vectors from one stride to another. Where the strides are constants and the components
/// lie side by side the compiler does it with shuffles, about twice as fast as one by one.
///
/// # Safety
/// The vectors `from` are valid for reads, those `to` for writes, and they do not overlap.
#[inline(always)]
unsafe fn copy<T: Copy>(
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
