//! The cross product with [`crate::Accuracy::Plain`].
//!
//! c = (a₂b₃ − a₃b₂, a₃b₁ − a₁b₃, a₁b₂ − a₂b₁): six products and three differences, each rounded once.
//! Nothing is fused: with a fused multiply-subtract a × a would not be zero, and the result would
//! depend on the CPU.
//!
//! With yzx for the rotation (x, y, z) to (y, z, x), a·b.yzx − a.yzx·b is (c₃, c₁, c₂): the same products and
//! differences in another order, so that vectors that lie in rows need not become columns and rows again.

use super::Operation;
use super::rows::Rotate;
use crate::Element;
use crate::simd::Lanes;

/// c = a × b.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cross;

impl Operation<2, 1> for Cross {
    #[inline(always)]
    fn lanes<L: Lanes>(self, [a, b]: [[L; 3]; 2]) -> [[L; 3]; 1] {
        let ([ax, ay, az], [bx, by, bz]) = (a, b);
        [L::differences_of_products(
            [ay, az, ax],
            [bz, bx, by],
            [az, ax, ay],
            [by, bz, bx],
        )]
    }

    fn cost<T: Element>(self) -> usize {
        3 * T::DIFFERENCE_COST
    }

    #[inline(always)]
    fn rows<R: Rotate>(self, [a, b]: [R; 2]) -> Option<[R; 1]> {
        let turned = R::difference_of_products(a, b.rotate(), a.rotate(), b);
        Some([turned.rotate()])
    }
}
