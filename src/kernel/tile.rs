//! Tiles: columns in L1 for operands that no register can be loaded from or stored to as they lie. Separate
//! because it is the only code that knows of arbitrary strides; it does no arithmetic.

use core::mem::MaybeUninit;

use crate::element::Float;
use crate::simd::{Baseline, Lanes, Rows, Simd, Work};
use crate::view::{moved, row};

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

    /// Copies the last of the first `len` vectors to the places up to `lanes`.
    ///
    /// # Safety
    /// There are `len` vectors, one or more, and `lanes` fit.
    #[inline(always)]
    pub(super) unsafe fn fill_up<T: Copy>(columns: [*mut T; 3], len: usize, lanes: usize) {
        for column in columns {
            // SAFETY: as granted by the caller.
            let last = unsafe { column.wrapping_add(len - 1).read() };
            for i in len..lanes {
                // SAFETY: as granted by the caller.
                unsafe { column.wrapping_add(i).write(last) };
            }
        }
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

    /// The same with the line before each, so that there is room for the rest of a register behind a whole tile.
    pub(super) fn longer_columns<T>(tile: &mut MaybeUninit<Self>) -> [*mut T; 3] {
        Self::columns(tile).map(|column: *mut T| column.wrapping_byte_sub(LINE))
    }
}

/// What fills a tile, or empties it. A piece of work, and so a function of its own at each level: inlined wherever it is called, strided
/// batches took up to 1.2 times as long (Zen 5).
enum Transfer<T> {
    /// As [`gather`].
    Gather([*mut T; 3], isize, [*mut T; 3], usize),
    /// As [`scatter`].
    Scatter([*mut T; 3], [*mut T; 3], isize, usize),
    /// As [`stream_columns`].
    Stream([*mut T; 3], [*mut T; 3], usize, usize, usize),
}

impl<T: Float> Work for Transfer<T> {
    fn fills<S: Simd>(&self) -> bool {
        true
    }

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match self {
            // SAFETY: as granted to the function that made it.
            Self::Gather(from, stride, to, len) => unsafe { copy_in(from, stride, to, len) },
            // SAFETY: as above.
            Self::Scatter(from, to, stride, len) => unsafe { copy_out(from, to, stride, len) },
            // SAFETY: as above.
            Self::Stream(tile, to, start, len, total) => unsafe {
                stream_lines(simd, tile, to, start, len, total);
            },
        }
    }
}

/// Copies `len` vectors from any stride to the columns of a tile.
///
/// # Safety
/// The vectors `from` are valid for reads, those `to` for writes, and they do not overlap.
pub(super) unsafe fn gather<S: Simd, T: Float>(
    simd: S,
    from: [*mut T; 3],
    stride: isize,
    to: [*mut T; 3],
    len: usize,
) {
    simd.vectorize(Transfer::Gather(from, stride, to, len));
}

/// Copies `len` vectors from the columns of a tile to any stride.
///
/// # Safety
/// As [`gather`].
pub(super) unsafe fn scatter<S: Simd, T: Float>(
    simd: S,
    from: [*mut T; 3],
    to: [*mut T; 3],
    stride: isize,
    len: usize,
) {
    simd.vectorize(Transfer::Scatter(from, to, stride, len));
}

/// Streams the columns of a tile to columns that do not start cache lines at the same vectors. Each gets
/// whole lines, all that the block completes; what is left of the last line stays in the line before the
/// tile, where the next block finds it.
///
/// # Safety
/// `tile` points behind one cache line that is valid for writes, and holds the vectors `start..start + len` of
/// `total`; these are a line or more, or the last. The line before is as the last call has left it, unless
/// `start` is zero. The columns `to` are valid for writes of `total` elements.
pub(super) unsafe fn stream_columns<S: Simd, T: Float>(
    simd: S,
    tile: [*mut T; 3],
    to: [*mut T; 3],
    start: usize,
    len: usize,
    total: usize,
) {
    simd.vectorize(Transfer::Stream(tile, to, start, len, total));
}

/// # Safety
/// As [`gather`].
#[inline(always)]
unsafe fn copy_in<T: Float>(from: [*mut T; 3], stride: isize, to: [*mut T; 3], len: usize) {
    let lanes = T::Lanes::<Baseline>::LEN;
    if from == row(from[0]) && in_registers::<T>() && len >= lanes {
        for i in overlapping(len, lanes) {
            // SAFETY: as granted by the caller.
            let rows =
                unsafe { T::Lanes::load_spread(Baseline, moved(from[0], i, stride), stride) };
            for (lanes, to) in T::Lanes::padded_to_columns(rows).into_iter().zip(to) {
                // SAFETY: as granted by the caller.
                unsafe { lanes.store(to.wrapping_add(i)) };
            }
        }
    } else if stride == -1 {
        // Column by column at a stride that the compiler knows and makes vectors of. (Of a stride of two it makes gathers,
        // which take four times as long.)
        for (from, to) in from.into_iter().zip(to) {
            for i in 0..len {
                // SAFETY: as granted by the caller.
                let element = unsafe { from.wrapping_sub(i).read() };
                // SAFETY: as granted by the caller.
                unsafe { to.wrapping_add(i).write(element) };
            }
        }
    } else {
        // SAFETY: as granted by the caller.
        unsafe { copy(from, stride, to, 1, len) };
    }
}

/// # Safety
/// As [`gather`].
#[inline(always)]
unsafe fn copy_out<T: Float>(from: [*mut T; 3], to: [*mut T; 3], stride: isize, len: usize) {
    let lanes = T::Lanes::<Baseline>::LEN;
    if to == row(to[0]) && in_registers::<T>() && len >= lanes {
        for i in overlapping(len, lanes) {
            let [x, y, z] = from.map(|p| p.wrapping_add(i));
            // SAFETY: as granted by the caller.
            let x = unsafe { T::Lanes::load(Baseline, x) };
            // SAFETY: as granted by the caller.
            let y = unsafe { T::Lanes::load(Baseline, y) };
            // SAFETY: as granted by the caller.
            let z = unsafe { T::Lanes::load(Baseline, z) };
            let rows = T::Lanes::columns_to_padded([x, y, z]);
            // SAFETY: as granted by the caller.
            unsafe { T::Lanes::store_spread(rows, moved(to[0], i, stride), stride) };
        }
    } else {
        // SAFETY: as granted by the caller.
        unsafe { copy(from, 1, to, stride, len) };
    }
}

/// Whether lanes hold elements as they are: others would be converted on the way.
const fn in_registers<T: Float>() -> bool {
    T::Lanes::<Baseline>::LEN * size_of::<T>() == 16
}

/// Where steps of `lanes` vectors begin that together are `len`, the last of which may overlap the one before.
fn overlapping(len: usize, lanes: usize) -> impl Iterator<Item = usize> {
    (0..len.div_ceil(lanes)).map(move |k| (k * lanes).min(len - lanes))
}

/// Copies `len` vectors from one stride to another.
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

/// # Safety
/// As [`stream_columns`].
#[inline(always)]
unsafe fn stream_lines<S: Simd, T: Float>(
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
