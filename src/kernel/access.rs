//! How the loop reaches its operands: kinds of access, which differ in what they know of all operands before it begins.
//! Separate from the cursors, which know one operand each and how its layout is loaded and stored.

use core::marker::PhantomData;

use super::Operation;
use super::cursor::{Cursor, Form};
use super::rows::{Padded, Row, Tight, store};
use super::tile::LINE;
use crate::element::Float;
use crate::simd::{Lanes, MOST_LANES, Rows, Simd, prefetch};
use crate::unrolled::for_each;

/// What is known of all operands, as a type.
pub(crate) trait Access: Copy {
    /// A register's worth of vectors.
    type Registers<S: Simd, T: Float>: Copy;

    /// Loads the vectors from `i` on.
    ///
    /// # Safety
    /// One register's worth of vectors from `i` on is valid for reads, and of the form that the type knows.
    unsafe fn load<S: Simd, T: Float>(
        cursor: Cursor<T>,
        simd: S,
        i: usize,
    ) -> Self::Registers<S, T>;

    /// The same, or what is repeated.
    ///
    /// # Safety
    /// As [`Access::load`], or `repeat` has made the cursor.
    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn load_or_one<S: Simd, T: Float>(
        cursor: Cursor<T>,
        simd: S,
        i: usize,
    ) -> Self::Registers<S, T> {
        // SAFETY: as granted by the caller; what is repeated has a register's worth of vectors from 0 on.
        unsafe { Self::load(cursor, simd, i & cursor.mask) }
    }

    /// Stores vectors from `i` on.
    ///
    /// # Safety
    /// As [`Access::load`], for writes; to `stream`, vector `i` starts a whole register.
    unsafe fn store<S: Simd, T: Float>(
        cursor: Cursor<T>,
        i: usize,
        registers: Self::Registers<S, T>,
        stream: bool,
    );

    /// Stores the first components of vectors from `i` on, as numbers side by side. What has numbers goes through [`Any`].
    ///
    /// # Safety
    /// As [`Access::store`], for numbers.
    unsafe fn store_first<S: Simd, T: Float>(
        _: Cursor<T>,
        _: usize,
        _: Self::Registers<S, T>,
        _: bool,
    ) {
        unreachable!("numbers are not stored as vectors alone");
    }

    /// Stores two registers' worth of vectors from `i` on.
    ///
    /// # Safety
    /// As [`Access::store`], for both.
    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn store_two<S: Simd, T: Float>(
        cursor: Cursor<T>,
        i: usize,
        first: Self::Registers<S, T>,
        second: Self::Registers<S, T>,
        stream: bool,
    ) {
        // SAFETY: as granted by the caller.
        unsafe { Self::store::<S, T>(cursor, i, first, stream) };
        // SAFETY: as granted by the caller.
        unsafe { Self::store::<S, T>(cursor, i + T::Lanes::<S>::LEN, second, stream) };
    }

    fn operate<S: Simd, T: Float, Op: Operation<I, O>, const I: usize, const O: usize>(
        operation: Op,
        inputs: [Self::Registers<S, T>; I],
    ) -> [Self::Registers<S, T>; O];

    /// Asks for what loads of vectors well behind `i` will want, where that is worth the while.
    #[inline(always)]
    fn prefetch<S: Simd, T: Float>(_cursor: Cursor<T>, _i: usize) {}

    /// How many steps are written out in a row, of an operation that takes long or of another: 1, 2 or 4, of which the long ones take
    /// two at most.
    fn steps<S: Simd, T: Float>(_long: bool) -> usize {
        1
    }
}

/// An access that knows the form of all operands.
pub(crate) trait Uniform: Access + Send + Sync {
    const FORM: Form;
}

/// The same access, where some of the inputs are one vector repeated.
#[derive(Clone, Copy, Debug)]
pub(super) struct Repeating<A>(PhantomData<A>);

impl<A: Access> Access for Repeating<A> {
    type Registers<S: Simd, T: Float> = A::Registers<S, T>;

    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn load<S: Simd, T: Float>(cursor: Cursor<T>, simd: S, i: usize) -> A::Registers<S, T> {
        // SAFETY: as granted by the caller.
        unsafe { A::load_or_one(cursor, simd, i) }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn store<S: Simd, T: Float>(
        cursor: Cursor<T>,
        i: usize,
        registers: A::Registers<S, T>,
        stream: bool,
    ) {
        // SAFETY: as granted by the caller.
        unsafe { A::store::<S, T>(cursor, i, registers, stream) };
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn store_first<S: Simd, T: Float>(
        cursor: Cursor<T>,
        i: usize,
        registers: A::Registers<S, T>,
        stream: bool,
    ) {
        // SAFETY: as granted by the caller.
        unsafe { A::store_first::<S, T>(cursor, i, registers, stream) };
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn operate<S: Simd, T: Float, Op: Operation<I, O>, const I: usize, const O: usize>(
        operation: Op,
        inputs: [A::Registers<S, T>; I],
    ) -> [A::Registers<S, T>; O] {
        A::operate::<S, T, Op, I, O>(operation, inputs)
    }

    #[inline(always)]
    fn prefetch<S: Simd, T: Float>(cursor: Cursor<T>, i: usize) {
        A::prefetch::<S, T>(cursor, i & cursor.mask);
    }
}

/// All operands are columns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns;

impl Uniform for Columns {
    const FORM: Form = Form::Columns;
}

impl Access for Columns {
    type Registers<S: Simd, T: Float> = [T::Lanes<S>; 3];

    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn load<S: Simd, T: Float>(cursor: Cursor<T>, simd: S, i: usize) -> [T::Lanes<S>; 3] {
        // SAFETY: as granted by the caller.
        unsafe { cursor.load_columns(simd, i) }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn store<S: Simd, T: Float>(
        cursor: Cursor<T>,
        i: usize,
        columns: [T::Lanes<S>; 3],
        stream: bool,
    ) {
        // SAFETY: as granted by the caller.
        unsafe { cursor.store_columns(i, columns, stream) };
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn operate<S: Simd, T: Float, Op: Operation<I, O>, const I: usize, const O: usize>(
        operation: Op,
        inputs: [[T::Lanes<S>; 3]; I],
    ) -> [[T::Lanes<S>; 3]; O] {
        operation.lanes(inputs)
    }

    #[inline(always)]
    fn prefetch<S: Simd, T: Float>(cursor: Cursor<T>, i: usize) {
        /// Eight cache lines: see `simd::rounded`.
        const AHEAD: usize = 512;
        for_each! { k of 3 {
            prefetch(cursor.components[k].wrapping_add(i).wrapping_byte_add(AHEAD));
        }}
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn store_two<S: Simd, T: Float>(
        cursor: Cursor<T>,
        i: usize,
        first: [T::Lanes<S>; 3],
        second: [T::Lanes<S>; 3],
        stream: bool,
    ) {
        for_each! { k of 3 {
            let p = cursor.components[k].wrapping_add(i);
            // SAFETY: as granted by the caller.
            unsafe { store(first[k], p, stream) };
            // SAFETY: as granted by the caller.
            unsafe { store(second[k], p.wrapping_add(T::Lanes::<S>::LEN), stream) };
        }}
    }

    /// As many as it takes to a whole cache line of each column, two at least and four at most. Of two steps the loads come
    /// before the stores, which is kinder to columns whose addresses agree modulo 4 KiB: where an output was a line ahead of an
    /// input, 256 vectors took 340 ns instead of 80 (AVX-512 on Zen 4), and take 220; all others take 1.04 times as long.
    #[inline(always)]
    fn steps<S: Simd, T: Float>(_long: bool) -> usize {
        (LINE / size_of::<T>() / T::Lanes::<S>::LEN).clamp(2, 4)
    }
}

/// A kind of rows.
pub(crate) trait Kind: Copy + Send + Sync {
    const FORM: Form;
    type Row<L: Rows>: Row<L>;
}

/// Rows of three.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OfThree;

impl Kind for OfThree {
    const FORM: Form = Form::Rows;
    type Row<L: Rows> = Tight<L>;
}

/// Rows of four, of which the last is padding.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OfFour;

impl Kind for OfFour {
    const FORM: Form = Form::Padded;
    type Row<L: Rows> = Padded<L>;
}

/// All operands are rows of one kind.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AllRows<K>(PhantomData<K>);

impl<K: Kind> Uniform for AllRows<K> {
    const FORM: Form = K::FORM;
}

impl<K: Kind> Access for AllRows<K> {
    type Registers<S: Simd, T: Float> = K::Row<T::Lanes<S>>;

    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn load<S: Simd, T: Float>(cursor: Cursor<T>, simd: S, i: usize) -> K::Row<T::Lanes<S>> {
        // SAFETY: as granted by the caller.
        unsafe { cursor.load_rows(simd, i) }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn load_or_one<S: Simd, T: Float>(
        cursor: Cursor<T>,
        simd: S,
        i: usize,
    ) -> K::Row<T::Lanes<S>> {
        // SAFETY: as granted by the caller.
        unsafe { cursor.load_rows_or_one(simd, i) }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn store<S: Simd, T: Float>(
        cursor: Cursor<T>,
        i: usize,
        rows: K::Row<T::Lanes<S>>,
        stream: bool,
    ) {
        // SAFETY: as granted by the caller.
        unsafe { cursor.store_rows(i, rows, stream) };
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn operate<S: Simd, T: Float, Op: Operation<I, O>, const I: usize, const O: usize>(
        operation: Op,
        inputs: [K::Row<T::Lanes<S>>; I],
    ) -> [K::Row<T::Lanes<S>>; O] {
        if K::Row::<T::Lanes<S>>::ROTATES
            && let Some(outputs) = operation.rows(inputs)
        {
            return outputs;
        }
        let mut columns = [inputs[0].to_columns(); I];
        for_each! { k of I {
            columns[k] = inputs[k].to_columns();
        }}
        let columns = operation.lanes(columns);
        let mut outputs = [K::Row::from_columns(columns[0]); O];
        for_each! { k of O {
            outputs[k] = K::Row::from_columns(columns[k]);
        }}
        outputs
    }

    /// Small registers leave little to do in a step, and so does `f32` in the widest for one that takes long: two take 0.9 of the time
    /// (Zen 5).
    #[inline(always)]
    fn steps<S: Simd, T: Float>(long: bool) -> usize {
        let lanes = T::Lanes::<S>::LEN;
        let small = size_of::<T>() * lanes == 16;
        if small || long && lanes == MOST_LANES && size_of::<T>() == size_of::<f32>() {
            2
        } else {
            1
        }
    }
}

/// Each operand is in a form of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Any;

impl Access for Any {
    type Registers<S: Simd, T: Float> = [T::Lanes<S>; 3];

    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn load<S: Simd, T: Float>(cursor: Cursor<T>, simd: S, i: usize) -> [T::Lanes<S>; 3] {
        match cursor.form {
            // SAFETY: as granted by the caller.
            Form::Columns => unsafe { cursor.load_columns(simd, i) },
            // SAFETY: as granted by the caller.
            Form::Rows => unsafe { cursor.load_rows::<_, Tight<_>>(simd, i) }.to_columns(),
            // SAFETY: as granted by the caller.
            Form::Padded => unsafe { cursor.load_rows::<_, Padded<_>>(simd, i) }.to_columns(),
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn store<S: Simd, T: Float>(
        cursor: Cursor<T>,
        i: usize,
        columns: [T::Lanes<S>; 3],
        stream: bool,
    ) {
        match cursor.form {
            // SAFETY: as granted by the caller.
            Form::Columns => unsafe { cursor.store_columns(i, columns, stream) },
            Form::Rows => {
                // SAFETY: as granted by the caller.
                unsafe { cursor.store_rows(i, Tight::from_columns(columns), stream) };
            }
            Form::Padded => {
                // SAFETY: as granted by the caller.
                unsafe { cursor.store_rows(i, Padded::from_columns(columns), false) };
            }
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    unsafe fn store_first<S: Simd, T: Float>(
        cursor: Cursor<T>,
        i: usize,
        [first, ..]: [T::Lanes<S>; 3],
        stream: bool,
    ) {
        // SAFETY: as granted by the caller.
        unsafe { store(first, cursor.components[0].wrapping_add(i), stream) };
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn operate<S: Simd, T: Float, Op: Operation<I, O>, const I: usize, const O: usize>(
        operation: Op,
        inputs: [[T::Lanes<S>; 3]; I],
    ) -> [[T::Lanes<S>; 3]; O] {
        operation.lanes(inputs)
    }

    #[inline(always)]
    fn prefetch<S: Simd, T: Float>(cursor: Cursor<T>, i: usize) {
        if cursor.form == Form::Columns {
            Columns::prefetch::<S, T>(cursor, i);
        }
    }
}
