//! The cross product with [`crate::Accuracy::Plain`].
//!
//! c = (a₂b₃ − a₃b₂, a₃b₁ − a₁b₃, a₁b₂ − a₂b₁): six products and three differences, each rounded once.
//! Nothing is fused: with a fused multiply-subtract a × a would not be zero, and the result would
//! depend on the CPU.

use super::Operation;
use crate::simd::Lanes;

/// c = a × b.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cross;

impl Operation<2, 1> for Cross {
    #[inline(always)]
    fn lanes<L: Lanes>(self, [a, b]: [[L; 3]; 2]) -> [[L; 3]; 1] {
        [[
            a[1] * b[2] - a[2] * b[1],
            a[2] * b[0] - a[0] * b[2],
            a[0] * b[1] - a[1] * b[0],
        ]]
    }
}
