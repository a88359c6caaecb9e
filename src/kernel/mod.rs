//! The algorithms, written once over lanes, for every instruction set, layout and element type.
//!
//! # How a batch is worked on
//!
//! An [`Operation`] says what happens to lanes: for the cross product, six registers in, three out.
//! It knows nothing of memory. This module carries lanes between memory and operation:
//!
//! ```text
//! for each block of the batch:
//!     columns of each input   = the caller's own columns, where the stride is 1
//!                             | a tile in L1, gathered from any other stride
//!     for each register's worth of vectors in the block:
//!         load inputs, operate, store outputs                 <- the one hot loop
//!     an output that is not columns is scattered from its tile
//! ```
//!
//! So a layout costs one way in and one way out, an operation costs one function, and they add. When
//! every operand is columns ([`Direct`]) the block is the whole batch and nothing is copied; the other
//! way ([`Tiled`]) is a function of its own, because its stack frame would cost a small batch more time
//! than the batch itself.
//!
//! 1. The tail of a column is done with partial loads and stores: nothing behind the last element is
//!    touched, and a batch shorter than a register needs no other code.
//! 2. One vector is columns, whatever its stride, and needs no tile.
//! 3. A broadcast operand fills its tile once per batch, not once per block.
//! 4. In each step the loads come before the stores, and the tiles are filled before their block is
//!    written, so an output may be one of the inputs, place by place.

use core::mem::MaybeUninit;
use core::ptr;

use crate::Element;
use crate::simd::{Lanes, Simd, Work};

mod batch;
mod cross;
mod tile;

pub(crate) use batch::Batch;
pub(crate) use cross::Cross;
use tile::Tile;

/// What happens to one register's worth of vectors: `I` vectors in, `O` vectors out.
pub(crate) trait Operation<const I: usize, const O: usize>: Copy + Send + Sync {
    /// The operation on the lanes of x, y and z of each operand; must be `#[inline(always)]`.
    fn lanes<L: Lanes>(self, inputs: [[L; 3]; I]) -> [[L; 3]; O];
}

/// An operation on a batch whose operands all are columns.
#[derive(Debug)]
pub(crate) struct Direct<'a, T, Op, const I: usize, const O: usize> {
    operation: Op,
    batch: &'a Batch<'a, T, I, O>,
}

impl<'a, T: Element, Op, const I: usize, const O: usize> Direct<'a, T, Op, I, O> {
    /// `None` if an operand is not columns.
    pub(crate) fn new(operation: Op, batch: &'a Batch<'a, T, I, O>) -> Option<Self> {
        batch.is_columns().then_some(Self { operation, batch })
    }
}

impl<T: Element, Op: Operation<I, O>, const I: usize, const O: usize> Work
    for Direct<'_, T, Op, I, O>
{
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let from = self.batch.inputs().map(|input| input.components());
        let to = self.batch.outputs().map(|output| output.components());
        // SAFETY: `new` has seen that these are columns, the views say that they are valid, and outputs
        // meet inputs place by place or not at all, as a batch guarantees.
        unsafe { columns::<S, T, Op, I, O>(simd, self.operation, from, to, self.batch.len()) };
    }
}

/// An operation on a batch in any layout.
#[derive(Debug)]
pub(crate) struct Tiled<'a, T, Op, const I: usize, const O: usize> {
    pub(crate) operation: Op,
    pub(crate) batch: &'a Batch<'a, T, I, O>,
}

impl<T: Element, Op: Operation<I, O>, const I: usize, const O: usize> Work
    for Tiled<'_, T, Op, I, O>
{
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (inputs, outputs) = (self.batch.inputs(), self.batch.outputs());
        let mut in_tiles = [const { MaybeUninit::<Tile>::uninit() }; I];
        let mut out_tiles = [const { MaybeUninit::<Tile>::uninit() }; O];
        let (mut from, mut to) = ([[ptr::null_mut(); 3]; I], [[ptr::null_mut(); 3]; O]);
        let total = self.batch.len();
        let mut start = 0;
        while start < total {
            let len = Tile::capacity::<T>().min(total - start);
            for ((from, input), tile) in from.iter_mut().zip(&inputs).zip(&mut in_tiles) {
                // SAFETY: the views say that vectors from `start` on are valid, `len` of them fit into a
                // tile, and blocks come in order, the longest first.
                *from = unsafe { input.gather(start, len, tile) };
            }
            for ((to, output), tile) in to.iter_mut().zip(&outputs).zip(&mut out_tiles) {
                *to = output.destination(start, tile);
            }
            // SAFETY: these are columns of `len` elements, in the batch or in a tile, and those in `from`
            // hold values. Outputs meet inputs place by place or not at all, as a batch guarantees.
            unsafe { columns::<S, T, Op, I, O>(simd, self.operation, from, to, len) };
            for (output, to) in outputs.iter().zip(to) {
                // SAFETY: as for `gather`, and `columns` has filled the tile.
                unsafe { output.scatter(start, len, to) };
            }
            start += len;
        }
    }
}

/// The hot loop: `len` vectors from columns to columns.
///
/// # Safety
/// Each pointer of `from` is valid for reads of `len` elements and each of `to` for writes; where one of
/// `to` overlaps one of `from`, they are equal.
#[inline(always)]
unsafe fn columns<S: Simd, T: Element, Op: Operation<I, O>, const I: usize, const O: usize>(
    simd: S,
    operation: Op,
    from: [[*mut T; 3]; I],
    to: [[*mut T; 3]; O],
    len: usize,
) {
    debug_assert!(
        from.as_flattened()
            .iter()
            .chain(to.as_flattened())
            .all(|column| len == 0 || column.is_aligned()),
        "columns {from:?} and {to:?} are aligned"
    );
    let lanes = T::Lanes::<S>::LEN;
    let whole = len - len % lanes;
    let mut i = 0;
    while i < whole {
        // SAFETY: the `LEN` elements from `i` on are among the `len`.
        unsafe { step::<S, T, Op, I, O>(simd, operation, from, to, i, None) };
        i += lanes;
    }
    if i < len {
        // SAFETY: fewer than `LEN` elements are left from `i` on, and no more are asked for.
        unsafe { step::<S, T, Op, I, O>(simd, operation, from, to, i, Some(len - i)) };
    }
}

/// One register's worth of vectors from index `i` on, or the `first` of them.
///
/// # Safety
/// As [`columns`], for `LEN` (or `first`, at most `LEN`) elements from index `i` on.
#[inline(always)]
unsafe fn step<S: Simd, T: Element, Op: Operation<I, O>, const I: usize, const O: usize>(
    simd: S,
    operation: Op,
    from: [[*mut T; 3]; I],
    to: [[*mut T; 3]; O],
    i: usize,
    first: Option<usize>,
) {
    // SAFETY: as granted by the caller.
    let any = unsafe { load::<S, T>(simd, from[0][0].wrapping_add(i), first) };
    let mut inputs = [[any; 3]; I]; // to have something to overwrite; the compiler drops it
    for (lanes, columns) in inputs.iter_mut().zip(from) {
        for (lanes, column) in lanes.iter_mut().zip(columns) {
            // SAFETY: as granted by the caller.
            *lanes = unsafe { load::<S, T>(simd, column.wrapping_add(i), first) };
        }
    }
    let outputs = operation.lanes(inputs);
    for (lanes, columns) in outputs.into_iter().zip(to) {
        for (lanes, column) in lanes.into_iter().zip(columns) {
            // SAFETY: as granted by the caller.
            unsafe { store::<S, T>(lanes, column.wrapping_add(i), first) };
        }
    }
}

/// One register, or the `first` lanes of it.
///
/// # Safety
/// As [`Lanes::load`] or [`Lanes::load_first`].
#[inline(always)]
unsafe fn load<S: Simd, T: Element>(simd: S, from: *const T, first: Option<usize>) -> T::Lanes<S> {
    match first {
        // SAFETY: as granted by the caller.
        None => unsafe { Lanes::load(simd, from) },
        // SAFETY: as granted by the caller.
        Some(count) => unsafe { Lanes::load_first(simd, from, count) },
    }
}

/// One register, or the `first` lanes of it.
///
/// # Safety
/// As [`Lanes::store`] or [`Lanes::store_first`].
#[inline(always)]
unsafe fn store<S: Simd, T: Element>(lanes: T::Lanes<S>, to: *mut T, first: Option<usize>) {
    match first {
        // SAFETY: as granted by the caller.
        None => unsafe { lanes.store(to) },
        // SAFETY: as granted by the caller.
        Some(count) => unsafe { lanes.store_first(to, count) },
    }
}
