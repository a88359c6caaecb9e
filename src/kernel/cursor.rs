//! How one operand is loaded to registers and stored from them. Each layout is written once, here.

use core::mem::MaybeUninit;

use super::rows::{Padded, Row, Tight, store};
use crate::element::Float;
use crate::simd::{Lanes, MOST_LANES, Rows, Simd};
use crate::unrolled::for_each;
use crate::view::row;

/// How the vectors of an operand lie under its cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Three columns.
    Columns,
    /// Rows of three.
    Rows,
    /// Rows of four, of which the last is padding.
    Padded,
}

impl Form {
    /// The elements from vector to vector.
    pub(super) const fn stride(self) -> usize {
        match self {
            Self::Columns => 1,
            Self::Rows => 3,
            Self::Padded => 4,
        }
    }

    /// Where the components of `lanes` vectors are that lie side by side in a room.
    #[inline(always)]
    fn components<T>(self, room: *mut T, lanes: usize) -> [*mut T; 3] {
        match self {
            Self::Columns => [0, 1, 2].map(|k| room.wrapping_add(k * lanes)),
            Self::Rows | Self::Padded => row(room),
        }
    }
}

/// Where an operand begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<T> {
    pub(super) components: [*mut T; 3],
    pub(super) form: Form,
    /// Zero if a register's worth of vectors is all there is, to be loaded again and again; otherwise all ones.
    pub(super) mask: usize,
    /// Whether what is stored here may be streamed.
    pub(super) streams: bool,
    /// Where [the window](super::rows::Row::load) of rows begins, if it is not among them: nonzero for what is repeated.
    pub(super) window: usize,
}

impl<T: Float> Cursor<T> {
    pub(super) fn new(components: [*mut T; 3], form: Form) -> Self {
        debug_assert!(
            components.iter().all(|p| p.is_aligned()),
            "{components:?} are aligned"
        );
        Self {
            components,
            form,
            mask: usize::MAX,
            streams: true,
            window: 0,
        }
    }

    /// To have something to overwrite.
    pub(super) fn nowhere(form: Form) -> Self {
        Self {
            components: [core::ptr::null_mut(); 3],
            form,
            mask: 0,
            streams: true,
            window: 0,
        }
    }

    /// Moves on by so many elements.
    #[inline(always)]
    pub(super) fn move_by(&mut self, elements: isize) {
        self.components = self.components.map(|p| p.wrapping_offset(elements));
    }

    /// How many vectors lie before the first that starts a whole register, if the operand is so laid out that
    /// there is one.
    pub(super) fn head<S: Simd>(&self) -> usize {
        let lanes = T::Lanes::<S>::LEN;
        let missing = (self.components[0].addr() / size_of::<T>()).wrapping_neg() % lanes;
        match self.form {
            Form::Columns => missing,
            // 3 · 0xAA..AB = 1, modulo any power of two.
            Form::Rows => missing.wrapping_mul(usize::MAX / 3 * 2 + 1) % lanes,
            Form::Padded => 0,
        }
    }

    /// Where a register's worth of `lanes` vectors from `at` on would begin in the room, under the same indices.
    #[inline(always)]
    pub(super) fn in_room(self, room: &mut MaybeUninit<Room>, lanes: usize, at: usize) -> Self {
        let components = self.form.components(room.as_mut_ptr().cast::<T>(), lanes);
        let back = at.wrapping_mul(self.form.stride());
        Self {
            components: components.map(|p| p.wrapping_sub(back)),
            ..self
        }
    }

    #[inline(always)]
    pub(super) unsafe fn load_columns<S: Simd>(self, simd: S, i: usize) -> [T::Lanes<S>; 3] {
        let [x, y, z] = self.components;
        let (x, y, z) = (x.wrapping_add(i), y.wrapping_add(i), z.wrapping_add(i));
        // SAFETY: as granted by the caller.
        let x = unsafe { Lanes::load(simd, x) };
        // SAFETY: as granted by the caller.
        let y = unsafe { Lanes::load(simd, y) };
        // SAFETY: as granted by the caller.
        let z = unsafe { Lanes::load(simd, z) };
        [x, y, z]
    }

    #[inline(always)]
    pub(super) unsafe fn store_columns<L: Lanes<Element = T>>(
        self,
        i: usize,
        columns: [L; 3],
        stream: bool,
    ) {
        for_each! { k of 3 {
            // SAFETY: as granted by the caller.
            unsafe { store(columns[k], self.components[k].wrapping_add(i), stream) };
        }}
    }

    #[inline(always)]
    pub(super) unsafe fn load_rows<L: Rows<Element = T>, R: Row<L>>(
        self,
        simd: L::Simd,
        i: usize,
    ) -> R {
        let from = self.components[0].wrapping_add(R::WIDTH * i);
        // SAFETY: as granted by the caller; `LEN + 1` and `LEN` more are no more than `3 * LEN`.
        unsafe { R::load(simd, from, L::LEN + 1) }
    }

    /// The same of rows, some of which are repeated.
    #[inline(always)]
    pub(super) unsafe fn load_rows_or_one<L: Rows<Element = T>, R: Row<L>>(
        self,
        simd: L::Simd,
        i: usize,
    ) -> R {
        let from = self.components[0].wrapping_add(R::WIDTH * (i & self.mask));
        // SAFETY: as granted by the caller; `repeat` has stored the window behind the rows.
        unsafe { R::load(simd, from, L::LEN + 1 + self.window) }
    }

    #[inline(always)]
    pub(super) unsafe fn store_rows<L: Rows<Element = T>, R: Row<L>>(
        self,
        i: usize,
        rows: R,
        stream: bool,
    ) {
        let to = self.components[0].wrapping_add(R::WIDTH * i);
        // SAFETY: as granted by the caller.
        unsafe { rows.store(to, stream) };
    }
}

/// Room for one register's worth of vectors of any type and form.
#[repr(C, align(64))]
pub(super) struct Room([u8; 256]);

/// Writes the vector at `from` into the places of a register's worth of vectors of that form at `room`.
///
/// # Safety
/// The three components are valid for reads, and four registers at `room` for writes.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(super) unsafe fn repeat<S: Simd, T: Float>(
    simd: S,
    from: [*mut T; 3],
    room: *mut T,
    form: Form,
) -> Cursor<T> {
    let lanes = T::Lanes::<S>::LEN;
    let cursor = Cursor::new(form.components(room, lanes), form);
    // In registers: what is stored element by element is not there yet when the registers are loaded.
    // SAFETY: as granted by the caller.
    let mut columns = [unsafe { splat::<S, T>(simd, from[0]) }; 3];
    for_each! { k of 3 {
        // SAFETY: as granted by the caller.
        columns[k] = unsafe { splat::<S, T>(simd, from[k]) };
    }}
    match form {
        // SAFETY: as granted by the caller.
        Form::Columns => unsafe { cursor.store_columns(0, columns, false) },
        Form::Rows => {
            let rows = Tight::from_columns(columns);
            // SAFETY: as above.
            unsafe { cursor.store_rows(0, rows, false) };
            // Behind the rows, so that it is found as it was stored.
            // SAFETY: as above.
            unsafe { store(rows.window(), room.wrapping_add(3 * lanes), false) };
        }
        // SAFETY: as above.
        Form::Padded => unsafe { cursor.store_rows(0, Padded::from_columns(columns), false) },
    }
    Cursor {
        mask: 0,
        window: 2 * lanes - 1,
        ..cursor
    }
}

/// One element in all lanes.
///
/// # Safety
/// It is valid for reads.
#[inline(always)]
unsafe fn splat<S: Simd, T: Float>(simd: S, from: *const T) -> T::Lanes<S> {
    // SAFETY: as granted by the caller.
    let all = [unsafe { from.read() }; MOST_LANES];
    // SAFETY: no register has more lanes.
    unsafe { T::Lanes::<S>::load(simd, all.as_ptr()) }
}
