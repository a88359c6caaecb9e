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
use crate::element::Float;
use crate::formula::{Corners, FaceFormula, Kind};
use crate::simd::{Lanes, Reals, Rows, Simd, Work};
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

    /// Orders the faces of a block by their number of corners.
    fn by_count(&self, order: &mut [u8; MOST_FACES]) {
        for (i, place) in order.iter_mut().enumerate() {
            *place = i as u8;
        }
        if matches!(self.begins, Begins::At { .. }) {
            order[..self.len()].sort_by_key(|i| self.count(*i));
        }
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
    fn cost<T: Float>(self, rank: usize) -> usize;

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

            fn cost<T: Float>(self, rank: usize) -> usize {
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

impl<T: Float, Op: FaceOperation> Work for EachFace<'_, T, Op> {
    #[inline(always)]
    fn fills<S: Simd>(&self) -> bool {
        true
    }

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Some(rest) = self.batch.faces() else {
            return;
        };
        let mut tiles = [const { MaybeUninit::<Tile>::uninit() }; TILES];
        let mut results = MaybeUninit::<Tile>::uninit();
        let (block, rest) = rest.split_at(0);
        let mut groups = Groups {
            simd,
            vertices: self.batch.inputs()[0],
            to: self.batch.outputs()[0],
            kind: Op::OUTPUT,
            block,
            rest,
            start: 0,
            order: [0; MOST_FACES],
            begin: 0,
            end: 0,
            corners: 0,
            tiles: tiles.each_mut().map(Tile::columns),
            results: Tile::longer_columns(&mut results),
        };
        loop {
            simd.vectorize(NextGroup(&mut groups));
            if groups.corners == 0 {
                return;
            }
            let mut done = 0;
            while done < groups.end - groups.begin {
                let normals = self.operation.of_face(OfRegister {
                    groups: &groups,
                    done,
                });
                for (lanes, column) in normals.into_iter().zip(groups.results) {
                    // SAFETY: a tile has a place for each face of a block, and for the rest of a register. What is there belongs to
                    // a group that is still to come.
                    unsafe { lanes.store(column.wrapping_add(groups.begin + done)) };
                }
                done += T::Lanes::<S>::LEN;
            }
        }
    }
}

/// The groups of equally many corners in a batch, whatever the formula: gathers the corners of each, and stores results.
struct Groups<'a, S, T> {
    simd: S,
    vertices: Place<T>,
    to: Place<T>,
    kind: Kind,
    /// The faces whose results are in the tile, or will be, and those that come after them.
    block: Faces<'a>,
    rest: Faces<'a>,
    /// Where the block begins.
    start: usize,
    /// The faces of the block, ordered by their number of corners.
    order: [u8; MOST_FACES],
    /// The group, in that order.
    begin: usize,
    end: usize,
    /// How many corners each face of the group has; none behind the last group.
    corners: usize,
    tiles: [[*mut T; 3]; TILES],
    results: [*mut T; 3],
}

/// Goes on to the next group. A piece of work, and so a function of its own at each level, which all formulas share. (The level is that
/// of the groups.)
struct NextGroup<'g, 'a, S, T>(&'g mut Groups<'a, S, T>);

impl<T: Float, P: Simd> Work for NextGroup<'_, '_, P, T> {
    fn fills<S: Simd>(&self) -> bool {
        true
    }

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let groups = self.0;
        loop {
            let len = groups.block.len();
            if groups.end == len {
                let order = &groups.order[..len];
                let (to, results) = (groups.to, groups.results);
                // SAFETY: every place of the tile up to `len` was written, and the output is valid for writes.
                unsafe {
                    to.store_in_order(groups.simd, groups.kind, groups.start, order, results)
                };
                groups.start += len;
                let next = Tile::capacity::<T>().min(groups.rest.len());
                (groups.block, groups.rest) = groups.rest.split_at(next);
                if next == 0 {
                    groups.corners = 0;
                    return;
                }
                groups.block.by_count(&mut groups.order);
                groups.end = 0;
            }
            groups.begin = groups.end;
            let order = &groups.order[groups.begin..groups.block.len()];
            let corners = groups.block.count(order[0]);
            let equal = |i: &&u8| groups.block.count(**i) == corners;
            groups.end += order.iter().take_while(equal).count();
            groups.corners = corners;
            if corners >= 3 {
                break;
            }
            for column in groups.results {
                for i in groups.begin..groups.end {
                    // SAFETY: a tile has a place for each face of a block.
                    unsafe { column.wrapping_add(i).write(T::default()) };
                }
            }
        }
        if groups.corners <= TILES {
            for (k, tile) in groups.tiles[..groups.corners].iter().enumerate() {
                // SAFETY: the indices of faces were checked, and a tile has a place for each face of a block.
                unsafe { groups.gather_corners(groups.group(), k, *tile) };
            }
        }
    }
}

impl<S: Simd, T: Float> Groups<'_, S, T> {
    #[inline(always)]
    fn group(&self) -> &[u8] {
        &self.order[self.begin..self.end]
    }

    /// Copies corner `k` of each of these faces of the group to a tile, and the last once more until a register is full.
    ///
    /// # Safety
    /// The corners are vertices, and the tile holds as many faces, rounded up to whole registers.
    unsafe fn gather_corners(&self, faces: &[u8], k: usize, tile: [*mut T; 3]) {
        self.simd.vectorize(Gather {
            vertices: self.vertices,
            block: self.block,
            group: faces,
            k,
            tile,
        });
    }
}

/// The corners of a register's worth of faces, or of fewer, which have equally many. Made in [`EachFace`] only, of faces whose corners are
/// vertices; if they have no more than [`TILES`], these are in the tiles.
struct OfRegister<'g, 'a, S, T> {
    groups: &'g Groups<'a, S, T>,
    /// How many faces of the group are done.
    done: usize,
}

impl<S, T> Clone for OfRegister<'_, '_, S, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S, T> Copy for OfRegister<'_, '_, S, T> {}

impl<S: Simd, T: Float> Corners<T::Lanes<S>> for OfRegister<'_, '_, S, T> {
    #[inline(always)]
    fn len(self) -> usize {
        self.groups.corners
    }

    #[inline(always)]
    fn get(self, k: usize) -> [T::Lanes<S>; 3] {
        debug_assert!(k < self.len(), "corner {k} of {}", self.len());
        let (groups, lanes) = (self.groups, T::Lanes::<S>::LEN);
        let [x, y, z] = if self.len() <= TILES {
            groups.tiles[k].map(|column| column.wrapping_add(self.done))
        } else {
            let (faces, tile) = (&groups.group()[self.done..], groups.tiles[0]);
            let faces = &faces[..lanes.min(faces.len())];
            // SAFETY: the corners are vertices, and a tile holds a register's worth.
            unsafe { groups.gather_corners(faces, k, tile) };
            tile
        };
        // SAFETY: the tile holds corner k of all faces, filled up to whole registers.
        let x = unsafe { T::Lanes::<S>::load(groups.simd, x) };
        // SAFETY: as above.
        let y = unsafe { T::Lanes::<S>::load(groups.simd, y) };
        // SAFETY: as above.
        let z = unsafe { T::Lanes::<S>::load(groups.simd, z) };
        [x, y, z]
    }
}

/// What [`Groups::gather_corners`] does. A piece of work, and so a function of its own at each level, which all formulas share.
struct Gather<'a, T> {
    vertices: Place<T>,
    block: Faces<'a>,
    group: &'a [u8],
    k: usize,
    tile: [*mut T; 3],
}

impl<T: Float> Work for Gather<'_, T> {
    fn fills<S: Simd>(&self) -> bool {
        true
    }

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        let copy = |i: usize, vertex: u32| {
            for (from, to) in self.vertices.components.into_iter().zip(self.tile) {
                let from = moved(from, vertex as usize, self.vertices.stride);
                // SAFETY: as granted to `Groups::gather_corners`, which made this.
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
