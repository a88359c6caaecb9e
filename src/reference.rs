//! The definition of every operation, one vector at a time, plain enough to be read as such.
//!
//! The kernels are compared with these functions bit for bit (any NaN equals any NaN, where it is not the canonical one). They are meant
//! for reading and for tests; for speed use [`crate::cross`].

use crate::Element;

/// How the components are rounded.
///
/// When the two products of a component nearly cancel, as those of thin triangles, nearly parallel vectors and orbits do, what
/// is left of it with `Plain` is the rounding of the products. Measured on real data, and on cases made for it:
///
/// | data | components that are not the nearest number, `Plain` | worst error, `Plain` | `CorrectlyRounded` |
/// |---|---|---|---|
/// | r × v of the Moon, `f64`, 100,000 vectors (JPL DE421) | 37 % | 13,440 ulp | 0, 0.5 ulp |
/// | e₁ × e₂ of the Stanford dragon's triangles, `f32`, 47,794 | 33 % | 1,032 ulp | 0, 0.5 ulp |
/// | cases that are hard to round (`crosslane verify`) | up to all | all digits | 0, 0.5 ulp |
///
/// (An ulp is a unit in the last place of the exact result.)
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Accuracy {
    /// Two rounded products and one rounded difference, never fused: what `numpy.cross` computes, bit for bit.
    #[default]
    Plain,
    /// The exact difference of the exact products, rounded once, to nearest even: the nearest number that there is.
    ///
    /// - The result is infinite only if the rounded exact value exceeds the greatest number; products may overflow. An infinite
    ///   product is infinite whatever a finite one is; 0·∞ and ∞ − ∞ are NaN.
    /// - NaN is the canonical one, quiet and positive: `0x7fc00000` or `0x7ff8000000000000`.
    /// - An exact zero is +0, except (−0) − (+0) of two zero products, which is −0. Subnormals are numbers like any other.
    /// - The caller's floating-point environment (rounding mode, flush-to-zero, denormals-are-zero, traps) makes no difference: the
    ///   default one is set on each thread for as long as it works, and the caller's is back afterwards (on x86-64 and aarch64; on
    ///   targets whose environment is not known here it has to be the default one).
    ///
    /// From memory with AVX-512 it takes as long as `Plain`, but for `f64` on one thread, which takes 1.2 times as long (Zen 4); with AVX2
    /// 1.8 (`f32`) and 2.4 (`f64`) times. In L1 it takes 4 to 5 times as long with AVX-512, 8 and 10 times with AVX2, 11 and 21 times
    /// where there is no fused multiply-add. Zeros among `f64` cost up to half as much again, and what overflows, underflows or is
    /// infinite 40 ns a component. `cargo bench --bench rounding` measures it.
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
/// With [`Accuracy::CorrectlyRounded`] the arithmetic is that of integers: no floating-point operation takes part, and no
/// environment can alter a result.
///
/// ```
/// use crosslane::{Accuracy, reference::cross};
///
/// assert_eq!(cross([1.0, 2.0, 3.0], [4.0, 5.0, 6.0], Accuracy::Plain), [-3.0, 6.0, -3.0]);
/// assert_eq!(cross([4.0, 5.0, 6.0], [1.0, 2.0, 3.0], Accuracy::Plain), [3.0, -6.0, 3.0]);
///
/// // (1 + 2⁻³⁰)·(1 − 2⁻³⁰) is 1 − 2⁻⁶⁰, which is rounded to 1 before 1 is subtracted.
/// let (a, b) = ([0.0, 1.0 + 2.0_f64.powi(-30), 1.0], [0.0, 1.0, 1.0 - 2.0_f64.powi(-30)]);
/// assert_eq!(cross(a, b, Accuracy::Plain)[0], 0.0);
/// assert_eq!(cross(a, b, Accuracy::CorrectlyRounded)[0], -(2.0_f64.powi(-60)));
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
