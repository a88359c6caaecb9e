//! The loop over a batch. Separate because everything about beginnings and ends is here and nowhere else.
//!
//! Cursors are passed by value: what is behind a reference the compiler loads again after every store. Builds with debug
//! assertions inline less, to need less of the stack and less time: there, functions that load and store are
//! compiled once and called.

use core::hint::black_box;
use core::mem::MaybeUninit;

use super::Operation;
use super::access::Access;
use super::cursor::{Cursor, Room};
use crate::element::Float;
use crate::formula::Kind;
use crate::simd::{Lanes, Simd, prefetch};
use crate::unrolled::for_each;

/// What a sweep goes over.
#[derive(Clone, Copy)]
pub(super) struct Range {
    /// Vectors before the first whole step, one register's worth at most.
    pub(super) head: usize,
    /// All vectors, one register's worth at least.
    pub(super) len: usize,
    /// Whether whole steps stream what they store.
    pub(super) stream: bool,
    /// Whether the first input is the first output.
    pub(super) in_place: bool,
}

/// Goes over vectors a register's worth at a time, from `head` on, all operands accessed as `A` says. What lies
/// before it and behind the last whole step is done by steps that overlap with others, the first register's worth and
/// the last: where they overwrite, they store the same again.
///
/// Operations that take no longer than their loads and stores are written seven times: the steps that overlap are in registers from the
/// beginning to the end, and steps are written out as [`Access::steps`] says. (Written once, the cross product took up to 1.5 times as
/// long in L1, and in place, where the ends are to be kept, up to twice as long: Zen 5.) All others are [swept by a loop that holds them
/// once](sweep_once).
///
/// # Safety
/// `len` vectors are valid in every operand, for reads or for writes; to `stream`, vector `head` starts a whole
/// register in every output. Outputs overlap no input, except that with `in_place` the first output is the first input, place by
/// place. That needs [`Operation::IN_PLACE`].
#[inline(always)]
pub(super) unsafe fn sweep<A, S, T, Op, const I: usize, const O: usize>(
    simd: S,
    operation: Op,
    from: [Cursor<T>; I],
    to: [Cursor<T>; O],
    range: Range,
) where
    A: Access,
    S: Simd,
    T: Float,
    Op: Operation<I, O>,
{
    let lanes = T::Lanes::<S>::LEN;
    let Range {
        head,
        len,
        stream,
        in_place,
    } = range;
    debug_assert!(
        head <= lanes && lanes <= len,
        "{head} vectors before {lanes} lanes, {len} in all"
    );
    debug_assert!(Op::IN_PLACE || !in_place, "what can be in place is known");
    if const { Op::LONG || T::ALWAYS_ROUNDED_ONCE || !Op::EVERY_FORM } {
        // SAFETY: as granted by the caller.
        return unsafe { sweep_once::<A, S, T, Op, I, O>(simd, operation, from, to, range) };
    }
    let last = len - lanes;
    let (cut, rest) = (head > 0, (len - head) % lanes > 0);
    // SAFETY: the first vectors are among the `len`.
    let before = cut.then(|| unsafe { compute::<A, S, T, Op, I, O>(simd, operation, from, 0) });
    // SAFETY: so are the last.
    let after = rest.then(|| unsafe { compute::<A, S, T, Op, I, O>(simd, operation, from, last) });
    // The compiler cannot see through this, and indexes all operands with one register. Otherwise it makes a
    // running pointer of each, more than there are registers for.
    let all = black_box(usize::MAX);
    let mut i = head;
    let steps = A::steps::<S, T>(false);
    while steps > 1 && i + (steps - 1) * lanes <= last {
        let at = i & all;
        // SAFETY: a register's worth from `last` or before, and whole steps from `head` on start whole registers.
        unsafe { two_steps::<A, S, T, Op, I, O>(simd, operation, from, to, at, stream) };
        if steps == 4 {
            // Not a loop: the compiler would keep it one.
            let at = at + 2 * lanes;
            // SAFETY: as above.
            unsafe { two_steps::<A, S, T, Op, I, O>(simd, operation, from, to, at, stream) };
        }
        i += steps * lanes;
    }
    while i <= last {
        let at = i & all;
        // SAFETY: as above.
        let results = unsafe { compute::<A, S, T, Op, I, O>(simd, operation, from, at) };
        // SAFETY: as above.
        unsafe { store::<A, S, T, O>(&Op::OUTPUTS, to, at, results, stream) };
        i += lanes;
    }
    if let Some(results) = before {
        // SAFETY: as for its `compute`.
        unsafe { store::<A, S, T, O>(&Op::OUTPUTS, to, 0, results, false) };
    }
    if let Some(results) = after {
        // SAFETY: as for its `compute`.
        unsafe { store::<A, S, T, O>(&Op::OUTPUTS, to, last, results, false) };
    }
}

/// The loop with the operation written once, or three times where two steps in a row are worth it: everything in it is compiled for
/// every operation, level and type.
///
/// # Safety
/// As [`sweep`].
#[inline(always)]
unsafe fn sweep_once<A, S, T, Op, const I: usize, const O: usize>(
    simd: S,
    operation: Op,
    from: [Cursor<T>; I],
    to: [Cursor<T>; O],
    range: Range,
) where
    A: Access,
    S: Simd,
    T: Float,
    Op: Operation<I, O>,
{
    let lanes = T::Lanes::<S>::LEN;
    let Range { len, in_place, .. } = range;
    // In place there is no first step by itself: it comes last, and would load what others have stored. Aligned stores
    // gain little here.
    let head = if in_place { 0 } else { range.head };
    let last = len - lanes;
    let (mut cut, mut rest) = (head > 0, (len - head) % lanes > 0);
    // In place, earlier steps overwrite what the last step needs: its first input is saved.
    let mut room = MaybeUninit::<Room>::uninit();
    let (mut inputs, mut saved) = (from, from[0]);
    if const { Op::IN_PLACE } && in_place && rest {
        // SAFETY: the last vectors are among the `len`.
        let vectors = unsafe { A::load::<S, T>(saved, simd, last) };
        saved = saved.in_room(&mut room, lanes, last);
        // SAFETY: the room is for a register's worth.
        unsafe { A::store::<S, T>(saved, last, vectors, false) };
    }
    let all = black_box(usize::MAX); // as in `sweep`
    let (mut i, mut stop, mut stream) = (head, last, range.stream);
    if const { Op::EVERY_FORM }
        && A::steps::<S, T>(true) > 1
        && let Some(stop) = last.checked_sub(lanes)
    {
        while i <= stop {
            // SAFETY: two registers' worth up to `last` or before.
            unsafe { two_steps::<A, S, T, Op, I, O>(simd, operation, from, to, i & all, stream) };
            i += 2 * lanes;
        }
    }
    loop {
        while i <= stop {
            let at = i & all;
            // SAFETY: a register's worth from `last` or before; or, of the first input, what was saved of it.
            let results = unsafe { compute::<A, S, T, Op, I, O>(simd, operation, inputs, at) };
            // SAFETY: as above, and whole steps from `head` on start whole registers.
            unsafe { store::<A, S, T, O>(&Op::OUTPUTS, to, at, results, stream) };
            i += lanes;
        }
        if rest {
            (rest, i, stop) = (false, last, last);
            if const { Op::IN_PLACE } {
                inputs[0].components = saved.components;
            }
        } else if cut {
            (cut, i, stop) = (false, 0, 0);
        } else {
            return;
        }
        stream = false;
    }
}

/// Goes over rows of whole registers, whose vectors have the same index in every operand, as if it were one row with gaps. Short rows leave
/// no time for anything else. What is streamed comes from memory: loads are prefetched `ahead` elements before they are made.
///
/// # Safety
/// As [`sweep`], for every row of `len` vectors; the first begins at index 0, and the next ones are `row` apart.
#[inline(always)]
pub(super) unsafe fn sweep_rows<A, S, T, Op, const I: usize, const O: usize>(
    simd: S,
    operation: Op,
    from: [Cursor<T>; I],
    to: [Cursor<T>; O],
    (rows, row, len): (usize, usize, usize),
    ahead: usize,
    stream: bool,
) where
    A: Access,
    S: Simd,
    T: Float,
    Op: Operation<I, O>,
{
    let lanes = T::Lanes::<S>::LEN;
    debug_assert!(len > 0 && len % lanes == 0, "{len} is whole registers");
    let all = black_box(usize::MAX); // as in `sweep`
    let mut first = 0;
    for _ in 0..rows {
        let (mut i, end) = (first, first + len);
        while i < end {
            let at = i & all;
            if stream {
                for_each! { k of I {
                    for_each! { j of 3 {
                        prefetch(from[k].components[j].wrapping_add(at).wrapping_add(ahead));
                    }}
                }}
            }
            // SAFETY: as granted by the caller.
            let results = unsafe { compute::<A, S, T, Op, I, O>(simd, operation, from, at) };
            // SAFETY: as granted by the caller.
            unsafe { store::<A, S, T, O>(&Op::OUTPUTS, to, at, results, stream) };
            i += lanes;
        }
        first += row;
    }
}

/// Two steps, in which what lies side by side is stored one after the other: that is how the processor likes to
/// write its cache lines. (Of vectors: what has numbers takes one step at a time.)
///
/// # Safety
/// As [`compute`] and [`store`], for two registers' worth.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn two_steps<A, S, T, Op, const I: usize, const O: usize>(
    simd: S,
    operation: Op,
    from: [Cursor<T>; I],
    to: [Cursor<T>; O],
    i: usize,
    stream: bool,
) where
    A: Access,
    S: Simd,
    T: Float,
    Op: Operation<I, O>,
{
    debug_assert!(
        Op::OUTPUTS[0] == Kind::Vector,
        "numbers are swept one step at a time"
    );
    let next = i + T::Lanes::<S>::LEN;
    // SAFETY: as granted by the caller.
    let first = unsafe { compute::<A, S, T, Op, I, O>(simd, operation, from, i) };
    // SAFETY: as granted by the caller.
    let second = unsafe { compute::<A, S, T, Op, I, O>(simd, operation, from, next) };
    for_each! { k of O {
        // SAFETY: as granted by the caller.
        unsafe { A::store_two::<S, T>(to[k], i, first[k], second[k], stream) };
    }}
}

/// Loads the inputs from vector `i` on, and operates.
///
/// # Safety
/// One register's worth of vectors from `i` on is valid for reads in every input.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn compute<A, S, T, Op, const I: usize, const O: usize>(
    simd: S,
    operation: Op,
    from: [Cursor<T>; I],
    i: usize,
) -> [A::Registers<S, T>; O]
where
    A: Access,
    S: Simd,
    T: Float,
    Op: Operation<I, O>,
{
    // SAFETY: as granted by the caller.
    let inputs = unsafe { load::<A, S, T, I>(simd, from, i, const { Op::LONG }) };
    A::operate::<S, T, Op, I, O>(operation, inputs)
}

/// Loads the inputs from vector `i` on, of an operation that is [long](Operation::LONG) or not.
///
/// # Safety
/// As [`compute`].
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn load<A: Access, S: Simd, T: Float, const I: usize>(
    simd: S,
    from: [Cursor<T>; I],
    i: usize,
    long: bool,
) -> [A::Registers<S, T>; I] {
    if long {
        for_each! { k of I {
            A::prefetch::<S, T>(from[k], i);
        }}
    }
    // SAFETY: as granted by the caller.
    let any = unsafe { A::load::<S, T>(from[0], simd, i) };
    let mut inputs = [any; I]; // to have something to overwrite
    for_each! { k of I {
        if k > 0 {
            // SAFETY: as granted by the caller.
            inputs[k] = unsafe { A::load::<S, T>(from[k], simd, i) };
        }
    }}
    inputs
}

/// Stores the outputs, of these kinds, from vector `i` on.
///
/// # Safety
/// One register's worth of vectors from `i` on is valid for writes in every output; to `stream`, they start whole
/// registers.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn store<A: Access, S: Simd, T: Float, const O: usize>(
    kinds: &[Kind; O],
    to: [Cursor<T>; O],
    i: usize,
    results: [A::Registers<S, T>; O],
    stream: bool,
) {
    for_each! { k of O {
        let (cursor, registers) = (to[k], results[k]);
        let stream = stream && (O == 1 || cursor.streams);
        match kinds[k] {
            // SAFETY: as granted by the caller.
            Kind::Vector => unsafe { A::store::<S, T>(cursor, i, registers, stream) },
            // SAFETY: as granted by the caller.
            Kind::Scalar => unsafe { A::store_first::<S, T>(cursor, i, registers, stream) },
        }
    }}
}
