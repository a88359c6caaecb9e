//! Several rows of a batch whose operands all are of one form: features of networks (N, 3, F), blocks of 8, one vector for each row. Separate from
//! [`Direct`](super::Direct) because a call takes as long as a row of 64 vectors, and a long row should not pay for what short ones need.

use core::marker::PhantomData;
use core::mem::MaybeUninit;

use super::access::{Repeating, Uniform};
use super::cursor::{Cursor, Form, Room, repeat};
use super::place::Place;
use super::sweep::{Range, sweep, sweep_rows};
use super::way::{Outputs, Way};
use super::{Operation, Task};
use crate::broadcast::SHORT;
use crate::element::Float;
use crate::simd::{Baseline, Lanes, Simd, Work, fence};
use crate::unrolled::for_each;

/// A task whose operands all are of one form, and which has several rows.
#[derive(Debug)]
pub(crate) struct Grid<'a, K, T, Op, const I: usize, const O: usize> {
    task: Task<'a, T, Op, I, O>,
    access: PhantomData<K>,
}

impl<'a, K, T, Op, const I: usize, const O: usize> Grid<'a, K, T, Op, I, O> {
    /// Of rows that are not [short](super::Batch::is_short).
    pub(super) fn new(task: Task<'a, T, Op, I, O>) -> Self
    where
        T: Float,
    {
        const {
            assert!(
                <T::Lanes<Baseline> as Lanes>::LEN <= SHORT,
                "such rows fill a register of the baseline"
            );
        }
        assert!(!task.batch.is_short(), "rows fill a register");
        Self {
            task,
            access: PhantomData,
        }
    }
}

impl<K: Uniform, T: Float, Op: Operation<I, O>, const I: usize, const O: usize> Work
    for Grid<'_, K, T, Op, I, O>
{
    #[inline(always)]
    fn fills<S: Simd>(&self) -> bool {
        self.task.fills::<S>()
    }

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Task { batch, stream, .. } = self.task;
        let len = batch.len();
        let outputs = Outputs {
            places: &batch.outputs(),
            reread: &batch.reread,
            len,
            rows: Some(&batch.row.strides[I..I + O]),
        };
        let (way, _) = Way::out::<S, T>(outputs, stream);
        let stream = way == Way::Streamed;
        // (What is always false is not compiled.)
        if const { Op::LONG } {
            // Once for everything: a step takes longer than what it asks.
            self.row_by_row(simd, stream);
        } else if const { matches!(K::FORM, Form::Columns) }
            && let Some(row) = self.row_of_registers::<S>()
        {
            match stream {
                true => self.in_step(simd, row, true),
                false => self.in_step(simd, row, false),
            }
        } else {
            match stream {
                true => self.row_by_row(simd, true),
                false => self.row_by_row(simd, false),
            }
        }
        if stream && batch.fences {
            fence();
        }
    }
}

impl<K: Uniform, T: Float, Op: Operation<I, O>, const I: usize, const O: usize>
    Grid<'_, K, T, Op, I, O>
{
    /// The first row.
    #[inline(always)]
    fn operands(&self) -> ([Cursor<T>; I], [Cursor<T>; O]) {
        let batch = self.task.batch;
        let (mut from, mut to) = ([Cursor::nowhere(K::FORM); I], [Cursor::nowhere(K::FORM); O]);
        for_each! { k of I {
            from[k] = Cursor::new(Place::of(&batch.inputs[k]).components, K::FORM);
        }}
        for_each! { k of O {
            to[k] = Cursor::new(batch.outputs[k].components(), K::FORM);
        }}
        (from, to)
    }

    /// How far apart rows are, if they are whole registers, in step in every operand, and none of these is repeated.
    #[inline(always)]
    fn row_of_registers<S: Simd>(&self) -> Option<usize> {
        let batch = self.task.batch;
        let mut all = batch.len().is_multiple_of(T::Lanes::<S>::LEN);
        for_each! { k of I {
            all = all && batch.inputs[k].stride() != 0;
        }}
        batch.rows_in_step().filter(|_| all)
    }

    /// Rows of whole registers that are `row` elements apart in every operand, none of which is repeated.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn in_step<S: Simd>(&self, simd: S, row: usize, stream: bool) {
        let Task {
            operation, batch, ..
        } = self.task;
        let (from, to) = self.operands();
        let (rows, ahead) = ((batch.rows, row, batch.len()), rows_ahead::<T>(row));
        // SAFETY: the views say that the operands are valid, and they are of this form; a batch has outputs that
        // meet inputs as it says, `in_place` or not at all, and its rows fill a register: that of this level, which `fills`
        // was asked, or of the baseline, which `new` was.
        unsafe {
            sweep_rows::<K, S, T, Op, I, O>(simd, operation, from, to, rows, ahead, stream);
        }
    }

    /// Whatever the strides and the length are.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn row_by_row<S: Simd>(&self, simd: S, stream: bool) {
        let Task {
            operation, batch, ..
        } = self.task;
        let mut rooms = [const { MaybeUninit::<Room>::uninit() }; I];
        let (mut inputs, row) = (batch.inputs(), *batch.row);
        let (mut from, mut to) = self.operands();
        let range = Range {
            head: 0,
            len: batch.len(),
            stream,
            in_place: batch.is_in_place(),
        };
        let mut left = batch.rows;
        let mut first = true;
        loop {
            for_each! { k of I {
                // What is one vector for all rows is repeated once.
                if inputs[k].stride == 0 && (first || row.strides[k] != 0) {
                    let (vector, room) = (inputs[k].components, rooms[k].as_mut_ptr().cast());
                    // SAFETY: rows are not empty, so that there is a vector, and any register's worth of
                    // vectors fits into the room.
                    from[k] = unsafe { repeat(simd, vector, room, K::FORM) };
                }
            }}
            first = false;
            // SAFETY: as in `in_step`.
            unsafe {
                sweep::<Repeating<K>, S, T, Op, I, O>(simd, operation, from, to, range);
            }
            left -= 1;
            if left == 0 {
                return;
            }
            for_each! { k of I {
                inputs[k].move_by(row.strides[k]);
                from[k].move_by(if inputs[k].stride == 0 { 0 } else { row.strides[k] });
            }}
            for_each! { k of O {
                to[k].move_by(row.strides[I + k]);
            }}
        }
    }
}

/// How far ahead the row is that is prefetched, in elements: some 4 KiB. In rows of less than half a KiB the processor finds its way by itself.
/// (Rows of 64 and 128 vectors of `f32` from memory take 0.5 to 0.8 of the time, Zen 5.)
#[inline(always)]
fn rows_ahead<T>(row: usize) -> usize {
    const DISTANCE: usize = 4096;
    const LEAST: usize = 512;
    match row.saturating_mul(size_of::<T>()) {
        ..LEAST => 0,
        bytes => row * (DISTANCE / bytes).max(1),
    }
}
