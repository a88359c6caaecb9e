//! The one loop over a batch. Separate because everything about beginnings and ends is here and nowhere else.
//!
//! Cursors are passed by value: what is behind a reference the compiler loads again after every store. Builds with debug
//! assertions inline less, to need less of the stack.

use core::hint::black_box;
use core::mem::MaybeUninit;

use super::Operation;
use super::access::Access;
use super::cursor::{Cursor, Ends};
use crate::Element;
use crate::formula::Kind;
use crate::simd::{Lanes, Simd};
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
/// before it and behind the last whole step is done last, by steps that overlap with others: the first register's worth, and
/// the last. Where they overwrite, they store the same again; where the output is the input, what was there is restored before.
///
/// The operation is written once, and twice or four times more where [`Access::steps`] says so: all that is here is
/// compiled for every operation, level, type and form.
///
/// # Safety
/// `len` vectors are valid in every operand, for reads or for writes; to `stream`, vector `head` starts a whole
/// register in every output. Outputs overlap no input, but that the first output can be the first input, place by place, which
/// must be said.
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
    T: Element,
    Op: Operation<I, O>,
{
    let lanes = T::Lanes::<S>::LEN;
    let Range { head, len, .. } = range;
    debug_assert!(
        head <= lanes && lanes <= len,
        "{head} vectors before {lanes} lanes, {len} in all"
    );
    let last = len - lanes;
    let (mut cut, mut rest) = (head > 0, (len - head) % lanes > 0);
    let mut rooms = MaybeUninit::<Ends>::uninit();
    if range.in_place && (cut || rest) {
        for at in [0, last] {
            // SAFETY: the first vectors are among the `len`, and so are the last.
            unsafe { from[0].save(simd, at, &mut rooms) };
        }
    }
    // The compiler cannot see through this, and indexes all operands with one register. Otherwise it makes a
    // running pointer of each, more than there are registers for.
    let all = black_box(usize::MAX);
    let mut stream = range.stream;
    let mut i = head;
    let steps = if Op::LONG { 1 } else { A::steps::<S, T>() };
    let all_of_them = last.checked_sub((steps - 1) * lanes);
    if let Some(stop) = all_of_them.filter(|_| steps > 1) {
        while i <= stop {
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
    }
    let mut stop = last;
    loop {
        while i <= stop {
            let at = i & all;
            // SAFETY: as above, or one of the ends.
            let results = unsafe { compute::<A, S, T, Op, I, O>(simd, operation, from, at) };
            // SAFETY: as above.
            unsafe { store::<A, S, T, Op, I, O>(to, at, results, stream) };
            i += lanes;
        }
        if cut {
            (cut, i, stop) = (false, 0, 0);
        } else if rest {
            (rest, i, stop) = (false, last, last);
        } else {
            return;
        }
        stream = false;
        if range.in_place {
            // SAFETY: saved above, and the input is an output, and so is valid for writes.
            unsafe { from[0].restore(simd, i, &rooms) };
        }
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
    T: Element,
    Op: Operation<I, O>,
{
    debug_assert!(Op::OUTPUTS[0] == Kind::Vector, "numbers are swept one step at a time");
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
    for_each! { k of O {
        let (cursor, registers) = (to[k], results[k]);
        let stream = stream && (!Op::SUMS || cursor.streams);
        match Op::OUTPUTS[k] {
            // SAFETY: as granted by the caller.
            Kind::Vector => unsafe { A::store::<S, T>(cursor, i, registers, stream) },
            // SAFETY: as granted by the caller.
            Kind::Scalar => unsafe { A::store_first::<S, T>(cursor, i, registers, stream) },
        }
    }}
}
