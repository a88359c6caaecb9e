//! Sums over a batch: what an output receives that is one place for all vectors, the gradient of an operand that was one vector
//! for all.
//!
//! The bits of a sum depend on its order, so the order is a fixed tree by index, whatever the level, the layout and the threads:
//! leaves of [`leaf`] vectors are folded in halves (i and i + n/2), and leaves, from the first on, in pairs, pairs of pairs, and so
//! on. What is missing at the end counts as −0, which changes nothing that it is added to.

use super::tile::Tile;
use crate::Element;
use crate::simd::{Simd, Work};

/// The vectors of a leaf: half of a tile, so that the last, shorter one can be together with the one before it.
pub(super) const fn leaf<T>() -> usize {
    Tile::capacity::<T>() / 2
}

/// No leaf is longer.
const LONGEST: usize = 128;

/// No piece of a batch that is summed is longer: see [`crate::threads`].
pub(crate) const PIECE: usize = 1 << 15;

/// Sums of 2^k leaves, one of each at most.
#[derive(Clone, Copy)]
pub(super) struct Tree<T> {
    sums: [[T; 3]; LEVELS],
    leaves: usize,
}

/// A leaf has 16 vectors or more.
const LEVELS: usize = (PIECE / 16).ilog2() as usize + 1;

impl<T: Element> Tree<T> {
    #[inline(always)]
    pub(super) fn new() -> Self {
        Self {
            sums: [[T::default(); 3]; LEVELS],
            leaves: 0,
        }
    }

    /// Adds `len` vectors in columns, whole leaves but the last.
    ///
    /// # Safety
    /// `len` elements from each of these places on are valid for reads.
    pub(super) unsafe fn add<S: Simd>(&mut self, simd: S, columns: [*mut T; 3], len: usize) {
        let tree = self;
        simd.vectorize(Leaves { tree, columns, len });
    }

    /// # Safety
    /// As [`Tree::add`].
    #[inline(always)]
    unsafe fn add_leaves(&mut self, columns: [*mut T; 3], len: usize) {
        for start in (0..len).step_by(leaf::<T>()) {
            let n = leaf::<T>().min(len - start);
            let mut sum = [T::default(); 3];
            for (sum, column) in sum.iter_mut().zip(columns) {
                // SAFETY: as granted by the caller.
                *sum = unsafe { fold(column.wrapping_add(start), n) };
            }
            self.push(sum);
        }
    }

    #[inline(always)]
    fn push(&mut self, mut sum: [T; 3]) {
        // As in counting: what carries is added.
        let carries = self.leaves.trailing_ones() as usize;
        for level in &self.sums[..carries] {
            sum = plus(*level, sum);
        }
        self.sums[carries] = sum;
        self.leaves += 1;
    }

    /// The sum of all; there must be a leaf.
    #[inline(always)]
    pub(super) fn total(&self) -> [T; 3] {
        let first = self.leaves.trailing_zeros() as usize;
        let mut total = self.sums[first];
        for k in first + 1..LEVELS {
            if self.leaves >> k & 1 == 1 {
                total = plus(self.sums[k], total);
            }
        }
        total
    }
}

/// What is added to a tree. A piece of work, and so a function of its own at each level.
struct Leaves<'a, T> {
    tree: &'a mut Tree<T>,
    columns: [*mut T; 3],
    len: usize,
}

impl<T: Element> Work for Leaves<'_, T> {
    fn fills<S: Simd>(&self) -> bool {
        true
    }

    #[inline(always)]
    fn run<S: Simd>(self, _: S) {
        // SAFETY: as granted to `Tree::add`, which made this.
        unsafe { self.tree.add_leaves(self.columns, self.len) };
    }
}

/// x + y.
pub(crate) fn plus<T: Element>(x: [T; 3], y: [T; 3]) -> [T; 3] {
    [x[0] + y[0], x[1] + y[1], x[2] + y[2]]
}

/// The sum of up to a leaf.
///
/// # Safety
/// `len` elements from here on are valid for reads.
#[inline(always)]
unsafe fn fold<T: Element>(from: *const T, len: usize) -> T {
    let mut numbers = [T::from_bits(T::SIGN); LONGEST];
    for (i, number) in numbers[..len].iter_mut().enumerate() {
        // SAFETY: as granted by the caller.
        *number = unsafe { from.wrapping_add(i).read() };
    }
    let mut half = leaf::<T>() / 2;
    while half > 0 {
        let (first, second) = numbers[..2 * half].split_at_mut(half);
        for (x, y) in first.iter_mut().zip(second) {
            *x = *x + *y;
        }
        half /= 2;
    }
    numbers[0]
}
