//! The cross product, plain and correctly rounded.
//!
//! c = (a₂b₃ − a₃b₂, a₃b₁ − a₁b₃, a₁b₂ − a₂b₁). Plain, these are six products and three differences, each rounded once.
//! Nothing is fused: with a fused multiply-subtract a × a would not be zero, and the result would
//! depend on the CPU. Correctly rounded, each difference of products is exact and then rounded, once: see `simd::rounded`.
//!
//! With yzx for the rotation (x, y, z) to (y, z, x), a·b.yzx − a.yzx·b is (c₃, c₁, c₂): the same products and
//! differences in another order, so that vectors that lie in rows need not become columns and rows again.

use super::Operation;
use super::rows::Rotate;
use crate::element::Float;
use crate::simd::Rows;

/// c = a × b, with [`crate::Accuracy::Plain`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cross;

/// c = a × b, with [`crate::Accuracy::CorrectlyRounded`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoundedCross;

/// The factors of the products and of those to be subtracted: a, b, c and d of a·b − c·d, for each component.
#[inline(always)]
fn factors<L: Copy>([[ax, ay, az], [bx, by, bz]]: [[L; 3]; 2]) -> [[L; 3]; 4] {
    [[ay, az, ax], [bz, bx, by], [az, ax, ay], [by, bz, bx]]
}

impl Operation<2, 1> for Cross {
    const IN_PLACE: bool = true;

    #[inline(always)]
    fn lanes<L: Rows>(self, inputs: [[L; 3]; 2]) -> [[L; 3]; 1] {
        [L::differences_of_products(factors(inputs))]
    }

    fn cost<T: Float>(self, _rank: usize) -> usize {
        3 * T::DIFFERENCE_COST
    }

    fn rounds_once<T: Float>(self) -> bool {
        T::ALWAYS_ROUNDED_ONCE
    }

    #[inline(always)]
    fn rows<R: Rotate>(self, [a, b]: [R; 2]) -> Option<[R; 1]> {
        let turned = R::difference_of_products(a, b.rotate(), a.rotate(), b);
        Some([turned.rotate()])
    }
}

impl Operation<2, 1> for RoundedCross {
    const IN_PLACE: bool = true;
    const LONG: bool = true;

    #[inline(always)]
    fn lanes<L: Rows>(self, inputs: [[L; 3]; 2]) -> [[L; 3]; 1] {
        [L::rounded_differences_of_products(factors(inputs))]
    }

    fn cost<T: Float>(self, rank: usize) -> usize {
        3 * T::ROUNDED_COST[rank]
    }

    fn rounds_once<T: Float>(self) -> bool {
        true
    }

    #[inline(always)]
    fn rows<R: Rotate>(self, [a, b]: [R; 2]) -> Option<[R; 1]> {
        let turned = R::rounded_difference_of_products(a, b.rotate(), a.rotate(), b)?;
        Some([turned.rotate()])
    }
}
