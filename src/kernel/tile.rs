//! Tiles: columns in L1 for operands that are not columns in the caller's memory. Separate because it is
//! the only code that knows of strides; it does no arithmetic.

use core::mem::MaybeUninit;

/// Bytes of one column of a tile. Nine columns (the cross product, nothing in place) are 9 KiB: well
/// inside any L1, and little enough for a small stack.
const COLUMN_BYTES: usize = 1024;

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
        self.stride == 1 || self.len <= 1
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
        debug_assert!(
            len <= Tile::capacity::<T>(),
            "{len} vectors in a tile of {}",
            Tile::capacity::<T>()
        );
        for (k, column) in columns.into_iter().enumerate() {
            for i in 0..len {
                // SAFETY: vector `start + i` is valid for reads.
                let component = unsafe { self.at(k, start + i).read() };
                // SAFETY: `i` is within the capacity of the tile.
                unsafe { column.wrapping_add(i).write(component) };
            }
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
        for (k, column) in columns.into_iter().enumerate() {
            for i in 0..len {
                // SAFETY: the columns hold `len` values.
                let component = unsafe { column.wrapping_add(i).read() };
                // SAFETY: vector `start + i` is valid for writes.
                unsafe { self.at(k, start + i).write(component) };
            }
        }
    }

    /// Component `k` of vector `i`, which must be one of the operand's.
    #[inline(always)]
    fn at(&self, k: usize, i: usize) -> *mut T {
        debug_assert!(i < self.len, "vector {i} of {}", self.len);
        self.components[k].wrapping_offset(i as isize * self.stride)
    }
}
