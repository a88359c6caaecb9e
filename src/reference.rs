//! The definition of every operation, one vector at a time, plain enough to be read as such.
//!
//! The kernels are compared with these functions bit for bit (any NaN equals any NaN). They are meant
//! for reading and for tests; for speed use [`crate::cross`].

use crate::Element;

/// How the components are rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Accuracy {
    /// Two rounded products and one rounded difference, never fused: what `numpy.cross` computes, bit for bit.
    #[default]
    Plain,
    /// The exact difference of the exact products, rounded once, to nearest even.
    CorrectlyRounded,
}

/// The cross product of two vectors.
///
/// c = (a₂b₃ − a₃b₂, a₃b₁ − a₁b₃, a₁b₂ − a₂b₁)
///
/// With [`Accuracy::Plain`] every product is rounded once and so is their difference, to nearest even.
/// A product that overflows is infinite; 0·∞ and ∞ − ∞ are NaN; subnormals are kept; an exact zero
/// difference of equal finite products is +0.
///
/// ```
/// use crosslane::{Accuracy, reference::cross};
///
/// assert_eq!(cross([1.0, 2.0, 3.0], [4.0, 5.0, 6.0], Accuracy::Plain), [-3.0, 6.0, -3.0]);
/// assert_eq!(cross([4.0, 5.0, 6.0], [1.0, 2.0, 3.0], Accuracy::Plain), [3.0, -6.0, 3.0]);
/// ```
pub fn cross<T: Element>(a: [T; 3], b: [T; 3], accuracy: Accuracy) -> [T; 3] {
    let difference = match accuracy {
        Accuracy::Plain => T::difference_of_products,
        Accuracy::CorrectlyRounded => T::rounded_difference_of_products,
    };
    [
        difference(a[1], b[2], a[2], b[1]),
        difference(a[2], b[0], a[0], b[2]),
        difference(a[0], b[1], a[1], b[0]),
    ]
}
