//! Where an operand is in the caller's memory, and in which of the layouts that the kernels know.

use core::mem::MaybeUninit;

use super::cursor::{Cursor, Form, repeat};
use super::tile::{LINE, Tile, gather, scatter, stream_columns};
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
    fn head<S: Simd>(&self) -> Option<usize> {
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
    fn starts_registers<S: Simd>(&self) -> bool {
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

/// How results get to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Through the caches.
    Cached,
    /// Past them, all outputs in one loop.
    Streamed,
    /// Past them, each column by itself, because they do not start cache lines at the same vectors.
    StreamedFromTiles,
}

impl Way {
    /// The way for the outputs of a batch, if they should be streamed or not, and where to begin with it.
    #[inline(always)]
    pub(super) fn out<S: Simd, T: Float>(outputs: Outputs<'_, T>, stream: bool) -> (Self, usize) {
        if !stream {
            return (Self::Cached, 0);
        }
        let Outputs {
            places,
            reread,
            len,
            rows,
        } = outputs;
        if let Some(rows) = rows {
            // All columns of all rows begin and end with whole registers, or none is streamed.
            let whole = |n: usize| n.is_multiple_of(T::Lanes::<S>::LEN);
            let mut stored = places
                .iter()
                .zip(rows)
                .zip(reread)
                .filter(|(_, reread)| !**reread);
            let all = stored.all(|((place, row), _)| {
                whole(row.unsigned_abs()) && place.starts_registers::<S>()
            });
            return match all && whole(len) {
                true => (Self::Streamed, 0),
                false => (Self::Cached, 0),
            };
        }
        let mut stored = places.iter().zip(reread);
        let columns = stored.any(|(place, reread)| !reread && place.stride == 1);
        let head = |place: &Place<T>| place.head::<S>();
        let mut stored = places.iter().zip(reread).filter(|(_, reread)| !**reread);
        let first = stored.next().and_then(|(place, _)| head(place));
        match first.filter(|_| stored.all(|(place, _)| head(place) == first)) {
            Some(head) => (Self::Streamed, head),
            None if columns => (Self::StreamedFromTiles, 0),
            None => (Self::Cached, 0),
        }
    }
}

/// What there is to know of the outputs of a batch before one is stored to.
#[derive(Clone, Copy)]
pub(super) struct Outputs<'a, T> {
    pub(super) places: &'a [Place<T>],
    /// Which of them are read again at once, and so are not streamed.
    pub(super) reread: &'a [bool],
    /// The length of a row.
    pub(super) len: usize,
    /// How far apart rows are, if there are several.
    pub(super) rows: Option<&'a [isize]>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::Baseline;
    use crate::{Soa, VectorsMut};

    /// The way of an output with these strides that begins `first` elements of `f32` behind a cache line.
    fn way(first: usize, component_stride: isize, stride: isize, stream: bool) -> (Way, usize) {
        way_of_rows(first, component_stride, stride, 50, None, stream)
    }

    /// The same of rows.
    fn way_of_rows(
        first: usize,
        component_stride: isize,
        stride: isize,
        len: usize,
        rows: Option<isize>,
        stream: bool,
    ) -> (Way, usize) {
        let mut memory = Soa::<f32>::zeros(1000);
        let [x, ..] = memory.columns_mut();
        let out = VectorsMut::strided(x, first, component_stride, stride, len).expect("inside");
        let outputs = Outputs {
            places: &[Place::of_mut(&out.into_flat())],
            reread: &[false],
            len,
            rows: rows.as_ref().map(core::slice::from_ref),
        };
        Way::out::<Baseline, f32>(outputs, stream)
    }

    #[test]
    fn what_can_be_streamed_is_from_the_first_vector_that_starts_a_register() {
        for (first, component_stride, stride, expected) in [
            // Columns; 4 elements of f32 are a register of the baseline, 16 a line.
            (0, 64, 1, (Way::Streamed, 0)),
            (3, 64, 1, (Way::Streamed, 1)),
            (1, 64, 1, (Way::Streamed, 3)),
            (0, 65, 1, (Way::StreamedFromTiles, 0)),
            (0, 68, 1, (Way::StreamedFromTiles, 0)),
            // Rows: 3 elements further each.
            (0, 1, 3, (Way::Streamed, 0)),
            (1, 1, 3, (Way::Streamed, 1)),
            (2, 1, 3, (Way::Streamed, 2)),
            (3, 1, 3, (Way::Streamed, 3)),
            // A register would overwrite what lies between.
            (0, 1, 4, (Way::Cached, 0)),
            (0, 64, 3, (Way::Cached, 0)),
            (900, 1, -3, (Way::Cached, 0)),
        ] {
            let place = (first, component_stride, stride);
            assert_eq!(
                way(first, component_stride, stride, true),
                expected,
                "{place:?}"
            );
            let cached = way(first, component_stride, stride, false);
            assert_eq!(cached, (Way::Cached, 0), "{place:?}");
        }
    }

    #[test]
    fn rows_are_streamed_where_all_are_whole_registers() {
        for (first, len, row, expected) in [
            (0, 8, 24, Way::Streamed),
            (0, 4, 12, Way::Streamed),
            (0, 8, -24, Way::Streamed),
            (4, 8, 24, Way::Streamed),
            (1, 8, 24, Way::Cached),
            (0, 7, 24, Way::Cached),
            (0, 8, 25, Way::Cached),
        ] {
            let got = way_of_rows(first, 8, 1, len, Some(row), true);
            assert_eq!(got, (expected, 0), "{first}, {len}, {row}");
        }
    }

    #[test]
    fn several_outputs_are_streamed_in_one_loop_or_each_column_by_itself() {
        let (mut one, mut other) = (Soa::<f32>::zeros(100), Soa::<f32>::zeros(100));
        let mut of = |first: [usize; 2], reread: bool| {
            let places = [(&mut one, first[0]), (&mut other, first[1])].map(|(soa, i)| {
                let mut view = soa.view_mut().into_flat();
                if i == usize::MAX {
                    // Backwards, which cannot be streamed.
                    view.reverse();
                    return Place::of_mut(&view);
                }
                Place::of_mut(&view.split_off(i))
            });
            let outputs = Outputs {
                places: &places,
                reread: &[false, reread],
                len: 50,
                rows: None,
            };
            Way::out::<Baseline, f32>(outputs, true)
        };
        assert_eq!(of([0, 0], false), (Way::Streamed, 0));
        assert_eq!(of([3, 7], false), (Way::Streamed, 1));
        assert_eq!(of([3, 2], false), (Way::StreamedFromTiles, 0));
        // What is read again has no say.
        assert_eq!(of([3, 2], true), (Way::Streamed, 1));
        // And it is no reason to stream.
        assert_eq!(of([usize::MAX, 2], true), (Way::Cached, 0));
    }
}
