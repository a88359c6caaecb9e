//! The algorithms, written once over lanes, for every instruction set, layout and element type.
//!
//! # How a batch is worked on
//!
//! An [`Operation`] says what happens to lanes: for the cross product, six registers in, three out.
//! It knows nothing of memory. Between memory and operation there is one loop, in `sweep`:
//!
//! ```text
//! for each register's worth of vectors:
//!     load every input    columns as they are; rows through shuffles; one vector repeated from L1
//!     operate
//!     store every output  the same ways
//! ```
//!
//! A layout is written once, in `cursor`, an operation once, as [`Operation::lanes`], and a way to the end of a batch
//! once, in `sweep`: they add. A new operation has every layout, type, level, kind of stores and number of
//! threads as soon as it says what it does to lanes. What the compiler makes of the loop depends on what it
//! knows of the operands, so there is one instance for each [`Shape`] where that is worth it ([`Operation::EVERY_FORM`]): [`Direct`] for columns, for rows
//! and for padded rows, [`Mixed`] for everything else, which asks each operand for its form as it goes. Several rows, the two
//! fastest axes of what has any rank, are gone along inside: by [`Grid`] where all operands are columns or rows that fill a register of the
//! baseline, by [`Mixed`] otherwise. Slabs of rows are taken one after the other. No kernel sums: what is to be added is computed to columns in L1, and added from there (`sum`).
//!
//! 1. The loop overlaps itself where the length is no multiple of a register: nothing is done by halves, nothing
//!    behind the last element is touched. What does not fill one register goes to a level with narrower ones,
//!    down to one lane, or, of operations that have one loop only, is filled up in tiles.
//! 2. Operations that know how ([`Operation::rows`]) work on rows as they lie, where that takes fewer shuffles
//!    than to make columns and rows again.
//! 3. Other strides are gathered to a tile in L1 and scattered from it, block by block: rows of any distance four at a time
//!    through 128-bit registers, columns that run backwards as vectors, what is left element by element.
//! 4. In each step loads come before stores, and steps that overlap others load first and store last, or load what was saved
//!    for them, so an output may be one of the inputs, place by place.
//! 5. Streamed stores go to whole registers of the output. Columns that are out of step (NumPy's (3, N), N
//!    odd) go through a tile, from which each column gets its own whole lines.
//!
//! # What was tried
//!
//! Measured on a cloud Xeon (Emerald Rapids) or EPYC (Zen 4), as medians of interleaved runs.
//!
//! - Prefetching the inputs 0.5 to 4 KiB ahead (Zen 4): nothing for columns and padded rows, 1.1 to 1.4 times as long for
//!   rows. Kept for masked loads with AVX2, behind which the processor does not prefetch by itself, and for columns of
//!   operations that take long ([`Operation::LONG`]).
//! - Huge pages, which are the caller's to ask for (`GLIBC_TUNABLES=glibc.malloc.hugetlb=1`): rows from memory 1.2 to 1.4 times
//!   as fast (Zen 4), columns up to 1.1 times.
//! - Tiles of 256 to 2048 bytes a column: 512 is the best from memory; 1024 took up to twice as long.
//! - Steps written out two or four times for rows, one or two times for columns: nothing, except what is said at
//!   `Access::steps`; stores of one column one after the other win a third from L2 (Xeon).
//! - Columns whose addresses agree modulo 4 KiB: see `Soa`, which avoids it.
//!
//! # What it costs to compile
//!
//! Whoever links the crate pays for it. `cargo build --release -p crosslane` took 95 s of CPU and 2.3 GB, and takes 36 s and 1.04 GB,
//! of which batches of any rank are 7 s (EPYC, Zen 5, Rust 1.95, 2 cores). Seconds that LLVM spends, by what is compiled, before there were
//! such batches (`-Zllvm-time-trace` of a nightly compiler):
//!
//! | part | functions | before | now |
//! |---|---|---|---|
//! | cross product, rounded: operands of one form | 24 | 17.6 | 3.3 |
//! | cross product, plain: operands of one form | 24 | 3.7 | 1.6 |
//! | cross product: other batches | 16 | 2.6 | 0.5 |
//! | derived operations, accurate | 84 | 15.7 | 4.2 |
//! | derived operations, plain | 84 | 10.5 | 2.1 |
//! | faces | 36 | 4.5 | 1.7 |
//! | functions of a few instructions, before they are inlined, tiles, threads, standard library | | 6.0 | 5.8 |
//! | inlining what is `#[inline(always)]` | | 9.8 | 2.3 |
//!
//! 1. A loop holds a long operation once, or three times, instead of seven times (`sweep`).
//! 2. Around the loop, what differs by layout and not by operation is one function for each level and type (`mixed`, `faces`): it
//!    was most of every derived operation, which now takes 0.5 to 1.0 of its time in L1 besides.
//! 3. Loops over operands and components are written out by a macro (`crate::unrolled`): the compiler took them through a dozen passes
//!    before it wrote them out itself.
//! 4. Functions of a few instructions are `#[inline]` and not `#[inline(always)]` (`simd`).
//! 5. Only what a level and type does with an operation knows the operation; what decides about pieces, streams and sums has it behind
//!    one call (`engine::runner`).
//! 6. Without optimisation a loop is compiled faster than what it would be written out to (`crate::unrolled`), and loads and stores are
//!    the same functions for all operations (`sweep`): a debug build takes 5.1 s of 7.4.
//!
//! What was tried and is not here: one loop for cached and for streamed stores, 2 s less, rounded cross products up to 1.1 times as
//! slow; the second look at doubtful lanes out of line, 1 s less, 1.4 times as slow where data are full of zeros (integers alone are out of
//! line); the plain cross product written once, 2 s less, up to 1.5 times as slow in L1, and twice in place; gathering inlined into
//! `mixed` once more, strided batches 1.1 times as slow. `tests/machine_code.rs` counts what is compiled.

use core::marker::PhantomData;
use core::mem::MaybeUninit;

use crate::element::Float;
use crate::formula::Kind;
use crate::simd::{Lanes, Rows, Simd, Work, fence};

mod access;
mod batch;
mod cross;
mod cursor;
mod derived;
mod faces;
mod fold;
mod grid;
mod mixed;
mod place;
mod rows;
mod shape;
mod sum;
mod sweep;
mod tile;
mod way;
mod whole;

use access::{Access, Repeating, Uniform};
pub(crate) use access::{AllRows, Columns, OfFour, OfThree};
pub(crate) use batch::{Batch, in_place};
pub(crate) use cross::{Cross, RoundedCross};
use cursor::{Cursor, Room, repeat};
pub(crate) use derived::{Accurately, Plainly};
pub(crate) use faces::{EachFace, FaceOperation, Faces};
pub(crate) use fold::plus;
pub(crate) use grid::Grid;
pub(crate) use mixed::Mixed;
use place::Place;
use rows::Rotate;
pub(crate) use shape::Shape;
pub(crate) use sum::{Role, Run, Sums};
use sweep::{Range, sweep};
use way::{Outputs, Way};
pub(crate) use whole::{multiply_each, multiply_rows};

/// What happens to one register's worth of vectors: `I` vectors in, `O` vectors out.
pub(crate) trait Operation<const I: usize, const O: usize>: Copy + Send + Sync {
    /// What the outputs hold.
    const OUTPUTS: [Kind; O] = [Kind::Vector; O];

    /// Whether it is worth a loop for each form that all operands can have: columns, rows, padded rows, each with and without one vector
    /// repeated. If not, there is one loop for everything.
    const EVERY_FORM: bool = true;

    /// Whether it takes so long that the processor does not see the next loads coming: columns are then prefetched, and the loop has it
    /// written out once, or three times where two steps in a row are worth it.
    const LONG: bool = false;

    /// Whether the first output may be the first input. Where it may not, it must not be.
    const IN_PLACE: bool = false;

    /// The operation on the lanes of x, y and z of each operand; must be `#[inline(always)]`.
    fn lanes<L: Rows>(self, inputs: [[L; 3]; I]) -> [[L; 3]; O];

    /// What one vector costs if all its operands are in L1: the bytes that could be moved from memory meanwhile, at the
    /// level of this rank.
    fn cost<T: Float>(self, rank: usize) -> usize;

    /// Whether exact results are rounded once, which takes the default floating-point environment.
    fn rounds_once<T: Float>(self) -> bool;

    /// The same on vectors as they lie in rows, if the operation can be said so; must be `#[inline(always)]`.
    #[inline(always)]
    fn rows<R: Rotate>(self, _inputs: [R; I]) -> Option<[R; O]> {
        None
    }
}

/// An operation, a batch, and whether to stream what is stored.
#[derive(Debug)]
pub(crate) struct Task<'a, T, Op, const I: usize, const O: usize> {
    pub(crate) operation: Op,
    pub(crate) batch: &'a Batch<'a, T, I, O>,
    pub(crate) stream: bool,
}

/// A task whose operands all are of one form.
#[derive(Debug)]
pub(crate) struct Direct<'a, K, T, Op, const I: usize, const O: usize> {
    task: Task<'a, T, Op, I, O>,
    access: PhantomData<K>,
}

impl<'a, T: Float, Op, const I: usize, const O: usize> Task<'a, T, Op, I, O> {
    /// With what the operands are known to have in common: the batch must have that shape.
    pub(crate) fn direct<K: Uniform>(self) -> Direct<'a, K, T, Op, I, O> {
        debug_assert!(
            self.batch.len() <= 1 || self.batch.is(K::FORM),
            "operands are of one form"
        );
        Direct {
            task: self,
            access: PhantomData,
        }
    }

    /// The same for several rows.
    pub(crate) fn grid<K: Uniform>(self) -> Grid<'a, K, T, Op, I, O> {
        Grid::new(self)
    }

    /// With nothing known of the operands.
    pub(crate) fn mixed(self) -> Mixed<'a, T, Op, I, O> {
        Mixed(self)
    }

    fn fills<S: Simd>(&self) -> bool {
        self.batch.len() >= T::Lanes::<S>::LEN
    }
}

impl<K: Uniform, T: Float, Op: Operation<I, O>, const I: usize, const O: usize> Work
    for Direct<'_, K, T, Op, I, O>
{
    #[inline(always)]
    fn fills<S: Simd>(&self) -> bool {
        self.task.fills::<S>()
    }

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Task { batch, stream, .. } = self.task;
        let mut rooms = [const { MaybeUninit::<Room>::uninit() }; I];
        let (mut from, mut to) = ([Cursor::nowhere(K::FORM); I], [Cursor::nowhere(K::FORM); O]);
        let mut repeats = false;
        for ((cursor, view), room) in from.iter_mut().zip(&batch.inputs).zip(&mut rooms) {
            let place = Place::of(view);
            *cursor = Cursor::new(place.components, K::FORM);
            if place.stride == 0 {
                let room = room.as_mut_ptr().cast();
                // SAFETY: the batch is not empty, so that there is a vector, and any register's worth of
                // vectors fits into the room.
                *cursor = unsafe { repeat(simd, place.components, room, K::FORM) };
                repeats = true;
            }
        }
        for (cursor, view) in to.iter_mut().zip(&batch.outputs) {
            *cursor = Cursor::new(view.components(), K::FORM);
        }
        let len = batch.len();
        let outputs = Outputs {
            places: &batch.outputs(),
            reread: &batch.reread,
            len,
            rows: None,
        };
        let (way, mut head) = Way::out::<S, T>(outputs, stream);
        let stream = way == Way::Streamed;
        if !stream {
            let aligned = len >= ALIGNED * T::Lanes::<S>::LEN;
            head = if aligned { to[0].head::<S>() } else { 0 };
        }
        let range = Range {
            head,
            len,
            stream,
            in_place: batch.is_in_place(),
        };
        let of = |stream| Range { stream, ..range };
        // A loop for each: what asks in every step takes up to 1.1 times as long (rounded, Zen 5).
        match (repeats, stream) {
            // SAFETY: the views say that the operands are valid, and they are of this form; a batch has outputs that
            // meet inputs as it says, `in_place` or not at all, and it `fills` a register.
            (false, false) => unsafe { self.sweep::<K, S>(simd, from, to, of(false)) },
            // SAFETY: as above.
            (false, true) => unsafe { self.sweep::<K, S>(simd, from, to, of(true)) },
            // SAFETY: as above.
            (true, false) => unsafe { self.sweep::<Repeating<K>, S>(simd, from, to, of(false)) },
            // SAFETY: as above.
            (true, true) => unsafe { self.sweep::<Repeating<K>, S>(simd, from, to, of(true)) },
        }
        if stream && batch.fences {
            fence();
        }
    }
}

impl<K: Uniform, T: Float, Op: Operation<I, O>, const I: usize, const O: usize>
    Direct<'_, K, T, Op, I, O>
{
    /// # Safety
    /// As [`sweep()`].
    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn sweep<A: Access, S: Simd>(
        &self,
        simd: S,
        from: [Cursor<T>; I],
        to: [Cursor<T>; O],
        range: Range,
    ) {
        // SAFETY: as granted by the caller.
        unsafe { sweep::<A, S, T, Op, I, O>(simd, self.task.operation, from, to, range) };
    }
}

/// From so many registers' worth of vectors up, a step is spent on whole registers of the output: what is
/// stored across cache lines costs more.
const ALIGNED: usize = 16;
