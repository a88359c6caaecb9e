//! Where an operand is in the caller's memory, and in which of the layouts that the kernels know.

use core::mem::MaybeUninit;

use super::cursor::{Cursor, Form, repeat};
use super::tile::{LINE, Tile, gather, scatter, stream_columns};
use super::way::Way;
use crate::element::Float;
use crate::formula::Kind;
use crate::simd::{Lanes, Simd};
use crate::view::{Flat, FlatMut, moved, row};

/// What a view knows, without its lifetime.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<T> {
    pub(super) components: [*mut T; 3],
    pub(super) stride: isize,
}

/// How the vectors of an operand lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// As registers can be loaded from and stored to.
    Direct(Form),
    /// All in one place: an operand that is repeated.
    Repeated,
    /// At any other stride.
    Strided,
}

impl<T: Float> Place<T> {
    /// To have something to overwrite.
    pub(super) const NONE: Self = Self {
        components: [core::ptr::null_mut(); 3],
        stride: 0,
    };

    #[inline(always)]
    pub(super) fn of(view: &Flat<'_, T>) -> Self {
        Self {
            components: view.components().map(<*const T>::cast_mut),
            stride: view.stride(),
        }
    }

    #[inline(always)]
    pub(super) fn of_mut(view: &FlatMut<'_, T>) -> Self {
        Self {
            components: view.components(),
            stride: view.stride(),
        }
    }

    /// Moves on by so many elements.
    #[inline(always)]
    pub(super) fn move_by(&mut self, elements: isize) {
        self.components = self.components.map(|p| p.wrapping_offset(elements));
    }

    #[inline(always)]
    pub(super) fn layout(&self) -> Layout {
        match self.stride {
            1 => Layout::Direct(Form::Columns),
            0 => Layout::Repeated,
            3 if self.is_row() => Layout::Direct(Form::Rows),
            4 if self.is_row() => Layout::Direct(Form::Padded),
            _ => Layout::Strided,
        }
    }

    /// Whether the operand is of this form, or one vector, which can be brought into it.
    #[inline(always)]
    pub(super) fn is(&self, form: Form) -> bool {
        match self.stride {
            0 => true,
            stride => stride == form.stride() as isize && (form == Form::Columns || self.is_row()),
        }
    }

    /// Whether the components of each vector lie side by side.
    #[inline(always)]
    fn is_row(&self) -> bool {
        self.components == row(self.components[0])
    }

    /// Whether the three columns start cache lines at the same vectors.
    pub(super) fn is_in_step(&self) -> bool {
        let [x, y, z] = self.components.map(|p| p.addr() % LINE);
        x == y && y == z
    }

    /// How many vectors lie before the first that starts whole registers, if the operand can be streamed to.
    #[inline(always)]
    pub(super) fn head<S: Simd>(&self) -> Option<usize> {
        match self.layout() {
            Layout::Direct(Form::Columns) if !self.is_in_step() => None,
            Layout::Direct(form @ (Form::Columns | Form::Rows)) => {
                Some(Cursor::new(self.components, form).head::<S>())
            }
            _ => None,
        }
    }

    /// Whether the operand can be streamed to from its first vector on.
    #[inline(always)]
    pub(super) fn starts_registers<S: Simd>(&self) -> bool {
        let starts = |p: &*mut T| {
            let register = T::Lanes::<S>::LEN * size_of::<T>();
            p.addr().is_multiple_of(register)
        };
        match self.layout() {
            Layout::Direct(Form::Columns) => self.components.iter().all(starts),
            Layout::Direct(Form::Rows) => starts(&self.components[0]),
            _ => false,
        }
    }

    /// Whether results go through a tile.
    #[inline(always)]
    pub(super) fn needs_tile(&self, way: Way) -> bool {
        match self.layout() {
            Layout::Direct(Form::Columns) => way == Way::StreamedFromTiles,
            Layout::Direct(_) => false,
            Layout::Repeated | Layout::Strided => true,
        }
    }

    /// Where vectors from `start` on are loaded from: the operand itself, or a tile that holds `len` of them.
    ///
    /// # Safety
    /// Those vectors are valid for reads, and no more than a tile's capacity where the stride needs one. Of
    /// one operand all calls have the same tile, and they come in order from `start == 0`.
    #[inline(always)]
    pub(super) unsafe fn source<S: Simd>(
        &self,
        simd: S,
        start: usize,
        len: usize,
        tile: &mut MaybeUninit<Tile>,
    ) -> Cursor<T> {
        let columns = Tile::columns(tile);
        match self.layout() {
            Layout::Direct(form) => self.cursor(form, start),
            // SAFETY: there is a vector, and a tile is larger than any four registers.
            Layout::Repeated => unsafe { repeat(simd, self.components, columns[0], Form::Columns) },
            Layout::Strided => {
                debug_assert!(len <= Tile::capacity::<T>(), "{len} vectors in a tile");
                // SAFETY: the vectors are valid for reads, and their copies fit into the tile.
                unsafe { gather(simd, self.moved(start), self.stride, columns, len) };
                Cursor::new(columns, Form::Columns)
            }
        }
    }

    /// Where the first `len` vectors are loaded from if they are filled up with copies of the last to a register's worth: a tile.
    ///
    /// # Safety
    /// They are valid for reads, there is one or more, and no more than `lanes`, which a tile holds.
    #[inline(always)]
    pub(super) unsafe fn filled_up<S: Simd>(
        &self,
        simd: S,
        len: usize,
        lanes: usize,
        tile: &mut MaybeUninit<Tile>,
    ) -> Cursor<T> {
        let columns = Tile::columns(tile);
        // SAFETY: as granted by the caller.
        unsafe { gather(simd, self.components, self.stride, columns, len) };
        // SAFETY: as granted by the caller.
        unsafe { Tile::fill_up(columns, len, lanes) };
        Cursor::new(columns, Form::Columns)
    }

    /// Brings the first `len` vectors, or scalars, from the tile to where they belong.
    ///
    /// # Safety
    /// The operand is valid for writes, and the tile holds them.
    #[inline(always)]
    pub(super) unsafe fn empty<S: Simd>(
        &self,
        simd: S,
        kind: Kind,
        len: usize,
        tile: &mut MaybeUninit<Tile>,
    ) {
        // SAFETY: as granted by the caller.
        unsafe { self.store_columns(simd, kind, 0, len, Tile::columns(tile)) };
    }

    /// Where vectors from `start` on are stored to: the operand itself, or a tile.
    #[inline(always)]
    pub(super) fn target(&self, start: usize, tile: &mut MaybeUninit<Tile>, way: Way) -> Cursor<T> {
        match self.layout() {
            Layout::Direct(form) if !self.needs_tile(way) => self.cursor(form, start),
            _ => Cursor::new(Tile::columns(tile), Form::Columns),
        }
    }

    /// Brings the vectors or scalars `start..start + len` of `total` from the tile, if `target` gave it, to where they belong.
    ///
    /// # Safety
    /// The operand is valid for writes, and the tile holds the vectors, no more than its capacity. Of one
    /// operand all calls have the same tile and `way`, and they come in order from `start == 0`.
    #[inline(always)]
    pub(super) unsafe fn finish<S: Simd>(
        &self,
        simd: S,
        kind: Kind,
        (start, len, total): (usize, usize, usize),
        tile: &mut MaybeUninit<Tile>,
        way: Way,
    ) {
        if !self.needs_tile(way) {
            return;
        }
        debug_assert!(len <= Tile::capacity::<T>(), "{len} vectors in a tile");
        let columns = Tile::columns(tile);
        if way == Way::StreamedFromTiles && self.stride == 1 && kind == Kind::Vector {
            // SAFETY: as granted by the caller; a tile begins with a line before its columns, and blocks but the
            // last are a line or more.
            unsafe { stream_columns(simd, columns, self.components, start, len, total) };
        } else {
            // SAFETY: as granted by the caller.
            unsafe { self.store_columns(simd, kind, start, len, columns) };
        }
    }

    /// Stores `len` vectors or scalars, from `start` on, that are in columns.
    ///
    /// # Safety
    /// They are valid for writes, and the columns hold them.
    #[inline(always)]
    pub(super) unsafe fn store_columns<S: Simd>(
        &self,
        simd: S,
        kind: Kind,
        start: usize,
        len: usize,
        mut columns: [*mut T; 3],
    ) {
        if kind == Kind::Scalar {
            // All three components are in one place, and only the first counts.
            columns = [columns[0]; 3];
        }
        // SAFETY: as granted by the caller.
        unsafe { scatter(simd, columns, self.moved(start), self.stride, len) };
    }

    /// Stores vectors or scalars that are in columns: the first at place `start + order[0]`, and so on.
    ///
    /// # Safety
    /// `order` has each of the numbers from 0 on once, all places are valid for writes, and the columns hold as many.
    #[inline(always)]
    pub(super) unsafe fn store_in_order<S: Simd>(
        &self,
        simd: S,
        kind: Kind,
        start: usize,
        order: &[u8],
        columns: [*mut T; 3],
    ) {
        debug_assert!(order.len() <= Tile::capacity::<T>(), "results in a tile");
        if (0..order.len()).all(|i| usize::from(order[i]) == i) {
            // SAFETY: as granted by the caller.
            return unsafe { self.store_columns(simd, kind, start, order.len(), columns) };
        }
        let components = if kind == Kind::Scalar { 1 } else { 3 };
        for (i, place) in order.iter().enumerate() {
            let to = self.moved(start + usize::from(*place));
            for (column, to) in columns.into_iter().zip(to).take(components) {
                // SAFETY: as granted by the caller.
                let result = unsafe { column.wrapping_add(i).read() };
                // SAFETY: as granted by the caller.
                unsafe { to.write(result) };
            }
        }
    }

    #[inline(always)]
    fn cursor(&self, form: Form, start: usize) -> Cursor<T> {
        Cursor::new(self.moved(start), form)
    }

    /// The components of vector `start`.
    #[inline(always)]
    fn moved(&self, start: usize) -> [*mut T; 3] {
        self.components.map(|p| moved(p, start, self.stride))
    }
}
