//! Faces of meshes: a register's worth of polygons of equally many corners at a time. Separate because a face has no fixed number of
//! vectors: its corners are fetched one after the other while the formula asks for them.
//!
//! ```text
//! for each block of faces, ordered by their number of corners:
//!     for each group of equally many corners:
//!         copy their first corners to a tile, their second ones, and so on
//!         for each register's worth: formula, which loads corner 0, 1, 2 ...; results to a tile
//!     store the tile, each result where its face is
//! ```
//!
//! A lane computes what it would compute alone, so that no result depends on what else is in a block.

use core::mem::MaybeUninit;

use super::Batch;
use super::derived::{Accurately, Plainly};
use super::place::Place;
use super::tile::Tile;
use crate::Element;
use crate::formula::{Corners, FaceFormula, Kind};
use crate::simd::{Lanes, MOST_LANES, Reals, Rows, Simd, Work};
use crate::view::moved;

/// Which vectors are the corners of which face.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Faces<'a> {
    corners: &'a [u32],
    begins: Begins<'a>,
}

/// Where the corners of each face begin.
#[derive(Clone, Copy, Debug)]
enum Begins<'a> {
    /// All faces are triangles.
    Triangles,
    /// At these places; the last face ends at `end`.
    At { starts: &'a [usize], end: usize },
}

impl<'a> Faces<'a> {
    /// Triangles.
    pub(crate) fn triangles(faces: &'a [[u32; 3]]) -> Self {
        Self {
            corners: faces.as_flattened(),
            begins: Begins::Triangles,
        }
    }

    /// Polygons, which begin where `starts` says; it must have been checked to be no decreasing sequence of places in `corners`.
    pub(crate) fn polygons(corners: &'a [u32], starts: &'a [usize]) -> Self {
        let end = corners.len();
        Self {
            corners,
            begins: Begins::At { starts, end },
        }
    }

    /// How many faces there are.
    pub(crate) fn len(&self) -> usize {
        match self.begins {
            Begins::Triangles => self.corners.len() / 3,
            Begins::At { starts, .. } => starts.len(),
        }
    }

    /// The corners of each face, if all are triangles.
    #[inline]
    pub(crate) fn as_triangles(&self) -> Option<&'a [[u32; 3]]> {
        match self.begins {
            Begins::Triangles => Some(self.corners.as_chunks().0),
            Begins::At { .. } => None,
        }
    }

    /// The corners of face `i`.
    #[inline]
    pub(crate) fn get(&self, i: usize) -> &'a [u32] {
        match self.begins {
            Begins::Triangles => &self.corners[3 * i..][..3],
            Begins::At { starts, end } => {
                let next = starts.get(i + 1).copied().unwrap_or(end);
                &self.corners[starts[i]..next]
            }
        }
    }

    /// How many corners face `i` of a block has.
    #[inline(always)]
    fn count(&self, i: u8) -> usize {
        match self.begins {
            Begins::Triangles => 3,
            Begins::At { .. } => self.get(i.into()).len(),
        }
    }

    /// The faces of a block, ordered by their number of corners.
    fn by_count<'o>(&self, order: &'o mut [u8; MOST_FACES]) -> &'o [u8] {
        for (i, place) in order.iter_mut().enumerate() {
            *place = i as u8;
        }
        let order = &mut order[..self.len()];
        if matches!(self.begins, Begins::At { .. }) {
            order.sort_by_key(|i| self.count(*i));
        }
        order
    }

    /// The faces before `at`, and those from it on.
    pub(crate) fn split_at(self, at: usize) -> (Self, Self) {
        let with = |corners, begins| Self { corners, begins };
        match self.begins {
            Begins::Triangles => {
                let (head, tail) = self.corners.split_at(3 * at);
                (with(head, Begins::Triangles), with(tail, Begins::Triangles))
            }
            Begins::At { starts, end } => {
                let (head, tail) = starts.split_at(at);
                let middle = tail.first().copied().unwrap_or(end);
                let at = |starts, end| with(self.corners, Begins::At { starts, end });
                (at(head, middle), at(tail, end))
            }
        }
    }

    /// The corners of all faces.
    pub(crate) fn all_corners(&self) -> &'a [u32] {
        match self.begins {
            Begins::Triangles => self.corners,
            Begins::At { starts, end } => {
                &self.corners[starts.first().copied().unwrap_or(end)..end]
            }
        }
    }

    /// Where to divide faces, so that those before it have `part` of `parts` of all corners, or as many as possible below that.
    pub(crate) fn middle(&self, part: usize, parts: usize) -> usize {
        match self.begins {
            Begins::Triangles => self.len() / parts * part,
            Begins::At { starts, end } => {
                let first = starts.first().copied().unwrap_or(end);
                let share = (end - first) / parts * part;
                let middle = starts.partition_point(|start| start - first <= share);
                // A face that is larger than its share is alone.
                middle.saturating_sub(1).max(1).min(starts.len())
            }
        }
    }
}

/// A formula of faces, with how its numbers are rounded.
pub(crate) trait FaceOperation: Copy + Send + Sync {
    /// What the output holds.
    const OUTPUT: Kind;

    /// What the formula says of a face with so many corners in each lane; must be `#[inline(always)]`.
    fn of_face<L: Rows>(self, corners: impl Corners<L>) -> [L; 3];

    /// What one of the triangles costs that a face is the sum of, as [`super::Operation::cost`].
    fn cost<T: Element>(self, rank: usize) -> usize;

    /// As [`super::Operation::rounds_once`].
    const ROUNDS_ONCE: bool;
}

macro_rules! operation {
    ($name:ident, $evaluate:ident; cost $cost:expr, environment $environment:expr) => {
        impl<F: FaceFormula> FaceOperation for $name<F> {
            const OUTPUT: Kind = F::OUTPUT;
            const ROUNDS_ONCE: bool = $environment;

            #[inline(always)]
            fn of_face<L: Rows>(self, corners: impl Corners<L>) -> [L; 3] {
                let [x, y, z] = L::Numbers::$evaluate(self.0, corners.map(L::numbers));
                [L::from_numbers(x), L::from_numbers(y), L::from_numbers(z)]
            }

            fn cost<T: Element>(self, rank: usize) -> usize {
                20 * $cost(rank)
            }
        }
    };
}
operation! { Plainly, plainly_of_face; cost |_| T::DIFFERENCE_COST, environment false }
operation! { Accurately, accurately_of_face; cost |rank: usize| T::ROUNDED_COST[rank], environment true }

/// An operation on the faces of a batch, whose input are the vertices and whose output has a place for each face.
#[derive(Debug)]
pub(crate) struct EachFace<'a, T, Op> {
    pub(crate) operation: Op,
    pub(crate) batch: &'a Batch<'a, T, 1, 1>,
}

/// Corners of faces that have no more are copied to tiles before they are worked on. Of others each is fetched when it is asked for.
const TILES: usize = 8;

/// No tile holds more.
const MOST_FACES: usize = Tile::capacity::<f32>();

impl<T: Element, Op: FaceOperation> Work for EachFace<'_, T, Op> {
    #[inline(always)]
    fn fills<S: Simd>(&self) -> bool {
        true
    }

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Some(mut rest) = self.batch.faces() else {
            return;
        };
        let (vertices, to) = (self.batch.inputs()[0], self.batch.outputs()[0]);
        let total = self.batch.len();
        let mut tiles = [const { MaybeUninit::<Tile>::uninit() }; TILES];
        let mut results = MaybeUninit::<Tile>::uninit();
        let results = Tile::columns::<T>(&mut results);
        let mut start = 0;
        while start < total {
            let (block, tail) = rest.split_at(Tile::capacity::<T>().min(total - start));
            let len = block.len();
            let mut order = [0; MOST_FACES];
            let order = block.by_count(&mut order);
            let mut done = 0;
            for group in order.chunk_by(|i, j| block.count(*i) == block.count(*j)) {
                let results = results.map(|column| column.wrapping_add(done));
                // SAFETY: the indices of faces were checked, and a tile has a place for each face of a block.
                unsafe { self.group(simd, vertices, block, group, &mut tiles, results) };
                done += group.len();
            }
            // SAFETY: every place of the tile up to `len` was written, and the output is valid for writes.
            unsafe { to.store_in_order(simd, Op::OUTPUT, start, order, results) };
            (rest, start) = (tail, start + len);
        }
    }
}

impl<T: Element, Op: FaceOperation> EachFace<'_, T, Op> {
    /// Computes faces of equally many corners to columns.
    ///
    /// # Safety
    /// Their corners are vertices, there are no more than a tile holds, and the columns are valid for writes of as many results.
    #[inline(always)]
    unsafe fn group<S: Simd>(
        &self,
        simd: S,
        vertices: Place<T>,
        block: Faces<'_>,
        group: &[u8],
        tiles: &mut [MaybeUninit<Tile>; TILES],
        results: [*mut T; 3],
    ) {
        let (corners, lanes) = (block.count(group[0]), T::Lanes::<S>::LEN);
        debug_assert!(group.len() <= Tile::capacity::<T>(), "faces in a tile");
        if corners < 3 {
            for column in results {
                for i in 0..group.len() {
                    // SAFETY: as granted by the caller.
                    unsafe { column.wrapping_add(i).write(T::default()) };
                }
            }
            return;
        }
        let tiles = tiles.each_mut().map(Tile::columns::<T>);
        if corners <= TILES {
            for (k, tile) in tiles[..corners].iter().enumerate() {
                // SAFETY: as granted by the caller.
                unsafe { gather_corners(simd, vertices, block, group, k, *tile) };
            }
        }
        for (i, faces) in group.chunks(lanes).enumerate() {
            let begin = i * lanes;
            let normals = self.operation.of_face(OfRegister {
                simd,
                vertices,
                block,
                faces,
                tiles: &tiles,
                begin,
            });
            for (lanes, column) in normals.into_iter().zip(results) {
                // SAFETY: as granted by the caller.
                unsafe { store_some(lanes, column.wrapping_add(begin), faces.len()) };
            }
        }
    }
}

/// The corners of a register's worth of faces, or of fewer, which have equally many. Made in [`EachFace::group`] only, of faces whose corners are
/// vertices; if they have no more than [`TILES`], these are in the tiles.
#[derive(Clone, Copy)]
struct OfRegister<'a, S, T> {
    simd: S,
    vertices: Place<T>,
    block: Faces<'a>,
    faces: &'a [u8],
    tiles: &'a [[*mut T; 3]; TILES],
    /// Where the faces begin in a tile.
    begin: usize,
}

impl<S: Simd, T: Element> Corners<T::Lanes<S>> for OfRegister<'_, S, T> {
    #[inline(always)]
    fn len(self) -> usize {
        self.block.count(self.faces[0])
    }

    #[inline(always)]
    fn get(self, k: usize) -> [T::Lanes<S>; 3] {
        debug_assert!(k < self.len(), "corner {k} of {}", self.len());
        let [x, y, z] = if self.len() <= TILES {
            self.tiles[k].map(|column| column.wrapping_add(self.begin))
        } else {
            let (vertices, tile) = (self.vertices, self.tiles[0]);
            // SAFETY: the corners are vertices, and a tile holds a register's worth.
            unsafe { gather_corners(self.simd, vertices, self.block, self.faces, k, tile) };
            tile
        };
        // SAFETY: the tile holds corner k of all faces, filled up to whole registers.
        let x = unsafe { T::Lanes::<S>::load(self.simd, x) };
        // SAFETY: as above.
        let y = unsafe { T::Lanes::<S>::load(self.simd, y) };
        // SAFETY: as above.
        let z = unsafe { T::Lanes::<S>::load(self.simd, z) };
        [x, y, z]
    }
}

/// Stores the first `len` lanes.
///
/// # Safety
/// As many elements are valid for writes.
#[inline(always)]
unsafe fn store_some<L: Lanes>(lanes: L, to: *mut L::Element, len: usize) {
    if len == L::LEN {
        // SAFETY: as granted by the caller.
        return unsafe { lanes.store(to) };
    }
    let mut elements = [bytemuck::Zeroable::zeroed(); MOST_LANES];
    // SAFETY: no level has more lanes.
    unsafe { lanes.store(elements.as_mut_ptr()) };
    for (i, element) in elements[..len].iter().enumerate() {
        // SAFETY: as granted by the caller.
        unsafe { to.wrapping_add(i).write(*element) };
    }
}

/// Copies corner `k` of each face of the group to a tile, and the last once more until a register is full.
///
/// # Safety
/// The corners are vertices, and the tile holds as many faces, rounded up to whole registers.
unsafe fn gather_corners<S: Simd, T: Element>(
    simd: S,
    vertices: Place<T>,
    block: Faces<'_>,
    group: &[u8],
    k: usize,
    tile: [*mut T; 3],
) {
    simd.vectorize(Gather {
        vertices,
        block,
        group,
        k,
        tile,
    });
}

/// What [`gather_corners`] does. A piece of work, and so a function of its own at each level, which all formulas share.
struct Gather<'a, T> {
    vertices: Place<T>,
    block: Faces<'a>,
    group: &'a [u8],
    k: usize,
    tile: [*mut T; 3],
}

impl<T: Element> Work for Gather<'_, T> {
    fn fills<S: Simd>(&self) -> bool {
        true
    }

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let copy = |i: usize, vertex: u32| {
            for (from, to) in self.vertices.components.into_iter().zip(self.tile) {
                let from = moved(from, vertex as usize, self.vertices.stride);
                // SAFETY: as granted to `gather_corners`, which made this.
                let component = unsafe { from.read() };
                // SAFETY: as above.
                unsafe { to.wrapping_add(i).write(component) };
            }
        };
        if let Some(triangles) = self.block.as_triangles() {
            // In their order, all of them.
            for (i, face) in triangles.iter().enumerate() {
                copy(i, face[self.k]);
            }
        } else {
            for (i, face) in self.group.iter().enumerate() {
                copy(i, self.block.get(usize::from(*face))[self.k]);
            }
        }
        let (len, lanes) = (self.group.len(), T::Lanes::<S>::LEN);
        // SAFETY: there is a face, and the capacity of a tile is a number of whole registers.
        unsafe { Tile::fill_up(self.tile, len, len.next_multiple_of(lanes)) };
    }
}
