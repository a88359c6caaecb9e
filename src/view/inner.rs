//! Views that a caller could not make: of numbers, and of one place for a sum.

use super::{Vectors, VectorsMut, moved};
use crate::Element;

impl<'a, T: Element> Vectors<'a, T> {
    /// Numbers, as vectors whose three components are in one place.
    pub(crate) fn scalars(numbers: &'a [T]) -> Self {
        Self::new([numbers.as_ptr(); 3], 1, numbers.len())
    }

    /// Whether these can only be scalars, or vectors that are read as if they were.
    pub(crate) fn is_scalars(&self) -> bool {
        let [x, y, z] = self.components;
        x == y && y == z
    }
}

impl<'a, T: Element> VectorsMut<'a, T> {
    /// Numbers, as vectors whose three components are in one place, of which only the first is ever written: not a view that a
    /// caller could make.
    pub(crate) fn scalars(numbers: &'a mut [T]) -> Self {
        Self::new([numbers.as_mut_ptr(); 3], 1, numbers.len())
    }

    /// Whether these are scalars.
    pub(crate) fn is_scalars(&self) -> bool {
        let [x, y, z] = self.components;
        x == y && y == z
    }

    /// One place for the sum of `len` vectors.
    pub(crate) fn summed(sum: &'a mut [T; 3], len: usize) -> Self {
        Self::rows(sum, 0, len)
    }

    /// The same one place for the sum of `len` vectors. There must be a vector, and only one.
    pub(crate) fn into_sum(self, len: usize) -> Self {
        assert_eq!(self.len, 1, "the length is checked before");
        Self::new(self.components, 0, len)
    }

    /// Whether this is one place for a sum. (Of one vector, or none, it makes no difference.)
    pub(crate) fn is_sum(&self) -> bool {
        self.stride == 0
    }

    /// Writes vector `i`, which there must be.
    pub(crate) fn set(&mut self, i: usize, v: [T; 3]) {
        assert!(i < self.len, "vector {i} of {}", self.len);
        for (component, p) in v.into_iter().zip(self.components) {
            // SAFETY: `i < len`, and the invariant makes every such place writable.
            unsafe { moved(p, i, self.stride).write(component) };
        }
    }
}
