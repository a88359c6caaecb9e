//! The one loop over a batch. Separate because everything about beginnings and ends is here and nowhere else.
//!
//! Cursors are passed by value: what is behind a reference the compiler loads again after every store. Builds with debug
//! assertions inline less, to need less of the stack.

use core::hint::black_box;

use super::Operation;
use super::access::Access;
use super::cursor::Cursor;
use crate::Element;
use crate::formula::Kind;
use crate::simd::{Lanes, Simd};

/// What a sweep goes over.
#[derive(Clone, Copy)]
pub(super) struct Range {
    /// Vectors before the first whole step, one register's worth at most.
    head: usize,
    /// All vectors, one register's worth at least.
    len: usize,
    /// Whether whole steps stream what they store.
    stream: bool,
}

impl Range {
    #[inline(always)]
    pub(super) fn cached(head: usize, len: usize) -> Self {
        let stream = false;
        Self { head, len, stream }
    }

    #[inline(always)]
    pub(super) fn streamed(head: usize, len: usize) -> Self {
        let stream = true;
        Self { head, len, stream }
    }
}

/// Goes over vectors a register's worth at a time, from `head` on, all operands accessed as `A` says. What lies
/// before it and behind the last whole step is done by steps that overlap with others: they load before and
/// store after all others, so that an output may be an input; where they overwrite, they store the same again.
///
/// # Safety
/// `len` vectors are valid in every operand, for reads or for writes; to `stream`, vector `head` starts a whole
/// register in every output. An output is an input, place by place, or does not overlap any.
#[inline(always)]
pub(super) unsafe fn sweep<A, S, T, Op, const I: usize, const O: usize>(
    simd: S,
    operation: Op,
    from: [Cursor<T>; I],
    to: [Cursor<T>; O],
    Range { head, len, stream }: Range,
) where
    A: Access,
    S: Simd,
    T: Element,
    Op: Operation<I, O>,
{
    let lanes = T::Lanes::<S>::LEN;
    debug_assert!(
        head <= lanes && lanes <= len,
        "{head} vectors before {lanes} lanes, {len} in all"
    );
    if !Op::EVERY_FORM {
        let range = Range { head, len, stream };
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
    let steps = A::steps::<S, T>();
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
        unsafe { store::<A, S, T, Op, I, O>(to, at, results, stream) };
        i += lanes;
    }
    if let Some(results) = before {
        // SAFETY: as for its `compute`.
        unsafe { store::<A, S, T, Op, I, O>(to, 0, results, false) };
    }
    if let Some(results) = after {
        // SAFETY: as for its `compute`.
        unsafe { store::<A, S, T, Op, I, O>(to, last, results, false) };
    }
}

/// The same with the operation written once, where it is so long that the compiler would take minutes over seven of it, and a
/// step so long that nothing is won by two in a row. What the next step loads is loaded before this one stores: the last two
/// may overlap.
///
/// # Safety
/// As [`sweep`]; `head` is 0 where an output is an input, because three steps could overlap.
#[inline(always)]
unsafe fn sweep_once<A, S, T, Op, const I: usize, const O: usize>(
    simd: S,
    operation: Op,
    from: [Cursor<T>; I],
    to: [Cursor<T>; O],
    Range { head, len, stream }: Range,
) where
    A: Access,
    S: Simd,
    T: Element,
    Op: Operation<I, O>,
{
    let lanes = T::Lanes::<S>::LEN;
    let last = len - lanes;
    let all = black_box(usize::MAX); // as in `sweep`
    let (mut i, mut whole) = (0, head == 0);
    // SAFETY: the first vectors are among the `len`.
    let mut inputs = unsafe { load::<A, S, T, Op, I, O>(simd, from, 0) };
    loop {
        let results = A::operate::<S, T, Op, I, O>(operation, inputs);
        let next = match i {
            0 if head > 0 => head,
            _ => i + lanes,
        };
        let done = i >= last;
        let at = i & all;
        let next = next.min(last);
        if !done {
            // SAFETY: a register's worth from `last` or before.
            inputs = unsafe { load::<A, S, T, Op, I, O>(simd, from, next & all) };
        }
        // SAFETY: as above, and whole steps from `head` on start whole registers.
        unsafe { store::<A, S, T, Op, I, O>(to, at, results, stream && whole) };
        if done {
            return;
        }
        whole = next == i + lanes || (i == 0 && next == head);
        i = next;
    }
}

/// Two steps, in which what lies side by side is stored one after the other: that is how the processor likes to
/// write its cache lines. (Of vectors: numbers are [swept once](sweep_once).)
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
    T: Element,
    Op: Operation<I, O>,
{
    debug_assert!(Op::OUTPUTS[0] == Kind::Vector, "numbers are swept once");
    let next = i + T::Lanes::<S>::LEN;
    // SAFETY: as granted by the caller.
    let first = unsafe { compute::<A, S, T, Op, I, O>(simd, operation, from, i) };
    // SAFETY: as granted by the caller.
    let second = unsafe { compute::<A, S, T, Op, I, O>(simd, operation, from, next) };
    for ((first, second), cursor) in first.into_iter().zip(second).zip(to) {
        // SAFETY: as granted by the caller.
        unsafe { A::store_two::<S, T>(cursor, i, first, second, stream) };
    }
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
    T: Element,
    Op: Operation<I, O>,
{
    // SAFETY: as granted by the caller.
    let inputs = unsafe { load::<A, S, T, Op, I, O>(simd, from, i) };
    A::operate::<S, T, Op, I, O>(operation, inputs)
}

/// Loads the inputs from vector `i` on.
///
/// # Safety
/// As [`compute`].
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn load<A, S, T, Op, const I: usize, const O: usize>(
    simd: S,
    from: [Cursor<T>; I],
    i: usize,
) -> [A::Registers<S, T>; I]
where
    A: Access,
    S: Simd,
    T: Element,
    Op: Operation<I, O>,
{
    if Op::LONG {
        for cursor in from {
            A::prefetch::<S, T>(cursor, i);
        }
    }
    // SAFETY: as granted by the caller.
    let any = unsafe { A::load::<S, T>(from[0], simd, i) };
    let mut inputs = [any; I]; // to have something to overwrite; the compiler drops it
    for (input, cursor) in inputs.iter_mut().zip(from) {
        // SAFETY: as granted by the caller.
        *input = unsafe { A::load::<S, T>(cursor, simd, i) };
    }
    inputs
}

/// Stores the outputs from vector `i` on.
///
/// # Safety
/// One register's worth of vectors from `i` on is valid for writes in every output; to `stream`, they start whole
/// registers.
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn store<A, S, T, Op, const I: usize, const O: usize>(
    to: [Cursor<T>; O],
    i: usize,
    results: [A::Registers<S, T>; O],
    stream: bool,
) where
    A: Access,
    S: Simd,
    T: Element,
    Op: Operation<I, O>,
{
    for ((registers, cursor), kind) in results.into_iter().zip(to).zip(Op::OUTPUTS) {
        let stream = stream && (!Op::SUMS || cursor.streams);
        match kind {
            // SAFETY: as granted by the caller.
            Kind::Vector => unsafe { A::store::<S, T>(cursor, i, registers, stream) },
            // SAFETY: as granted by the caller.
            Kind::Scalar => unsafe { A::store_first::<S, T>(cursor, i, registers, stream) },
        }
    }
}
