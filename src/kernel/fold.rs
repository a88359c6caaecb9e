//! The order of additions, and the columns in which it is done. Separate because the bits of a sum depend on it alone, and not on how the
//! vectors to be added come about.
//!
//! It is a fixed tree by index, whatever the level, the layout and the threads. The vectors to be added are counted in C order of the
//! axes that are summed. Leaves of [`leaf`] vectors are folded in halves (i and i + n/2); leaves, from the first on, are added in pairs,
//! pairs of pairs, and so on. What is missing at the end counts as −0, which changes nothing that it is added to.

use core::mem::MaybeUninit;

use crate::Element;
use crate::element::Float;
use crate::formula::Kind;
use crate::simd::{Simd, Work};

/// The vectors of a leaf: half a tile.
pub(super) const fn leaf<T>() -> usize {
    256 / size_of::<T>()
}

/// How many vectors columns hold.
pub(super) const fn most<T>() -> usize {
    COLUMN_BYTES / size_of::<T>()
}

const COLUMN_BYTES: usize = 4096;

/// Vectors to be added, in columns: a stack's worth of L1.
#[repr(C, align(64))]
pub(super) struct Columns([[MaybeUninit<u8>; COLUMN_BYTES]; 3]);

impl Columns {
    /// Where they go on from element `i`.
    pub(super) fn from<T>(columns: &mut MaybeUninit<Self>, i: usize) -> [*mut T; 3] {
        let first = columns.as_mut_ptr().cast::<u8>();
        [0, 1, 2].map(|k| {
            first
                .wrapping_add(k * COLUMN_BYTES)
                .cast::<T>()
                .wrapping_add(i)
        })
    }

    /// Vector `i`, or number `i` three times.
    ///
    /// # Safety
    /// It has been written.
    pub(super) unsafe fn read<T>(columns: &mut MaybeUninit<Self>, kind: Kind, i: usize) -> [T; 3] {
        let mut places: [*mut T; 3] = Self::from(columns, i);
        if kind == Kind::Scalar {
            places = [places[0]; 3];
        }
        // SAFETY: as granted by the caller.
        places.map(|p| unsafe { p.read() })
    }
}

/// Adds up what is in columns: all three for vectors, the first for numbers. A column has `blocks` blocks, one after the other. In each block,
/// `len` rows of `width` elements are added to its first row. A piece of work, and so a function of its own at each level.
#[derive(Debug)]
pub(crate) struct Fold<T> {
    pub(super) columns: [*mut T; 3],
    pub(super) kind: Kind,
    pub(super) blocks: usize,
    pub(super) len: usize,
    pub(super) width: usize,
}

impl<T: Float> Work for Fold<T> {
    fn fills<S: Simd>(&self) -> bool {
        true
    }

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let elements = self.len * self.width;
        let count = match self.kind {
            Kind::Vector => 3,
            Kind::Scalar => 1,
        };
        for &column in &self.columns[..count] {
            for block in 0..self.blocks {
                let first = column.wrapping_add(block * elements);
                // SAFETY: the columns hold so many elements, all of which were written.
                let rows = unsafe { core::slice::from_raw_parts_mut(first, elements) };
                fold(rows, self.width);
            }
        }
    }
}

/// Adds up rows of so many elements, to the first row.
#[inline(always)]
fn fold<T: Float>(rows: &mut [T], width: usize) {
    let leaf = leaf::<T>() * width;
    for rows in rows.chunks_mut(leaf) {
        let (mut half, mut len) = (leaf / 2, rows.len());
        while half >= width {
            if len > half {
                add(&mut rows[..len], half);
                len = half;
            }
            half /= 2;
        }
    }
    // In pairs, and pairs of pairs.
    let mut step = leaf;
    while step < rows.len() {
        for pair in rows.chunks_mut(2 * step) {
            if pair.len() > step {
                add(&mut pair[..(step + width)], step);
            }
        }
        step *= 2;
    }
}

/// Adds what lies from `at` on to what lies from the beginning on.
#[inline(always)]
fn add<T: Float>(elements: &mut [T], at: usize) {
    let (first, second) = elements.split_at_mut(at);
    for (x, y) in first.iter_mut().zip(second) {
        *x = *x + *y;
    }
}

/// x + y.
pub(crate) fn plus<T: Element>(x: [T; 3], y: [T; 3]) -> [T; 3] {
    [x[0] + y[0], x[1] + y[1], x[2] + y[2]]
}
