//! Derivatives of what is computed of meshes. Separate from other derivatives because a vertex has as many terms as there are
//! corners that are this vertex, which the engine adds up.
//!
//! A face with the corners v₀ ... vₖ₋₁ in turn (vₖ is v₀) has twice the vector area S = Σ vᵢ × vᵢ₊₁. With an upstream gradient g of
//! what is on the left:
//!
//! ```text
//! n = S / |S|      ∂S = ((n × g) × n) / |S|
//! |S| / 2          ∂S = g n / 2
//! S                ∂vᵢ = (vᵢ₊₁ − vᵢ₋₁) × ∂S
//! ```
//!
//! The sum m of the vector areas around a vertex has the same derivative as S, and ∂S is then the sum of ∂m over the corners of
//! the face. Nothing depends on where the origin is: only differences of vertices are multiplied.

use super::{Formula, Number, divided, plain_cross, scaled, times};
use crate::Real;

/// The gradient of v / |v|, in place of the upstream gradient g, which comes before v.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DirectionVjp;

impl Formula<2, 1> for DirectionVjp {
    const IN_PLACE: bool = true;
    const COST: usize = 10;
    const SIGNALS: bool = false;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of<N: Number>(self, [g, v]: [[N; 3]; 2]) -> [[N; 3]; 1] {
        let (([x, y, z], ev), (g, eg)) = (N::normalised(v), N::normalised(g));
        let v = N::polar([x.exactly(), y.exactly(), z.exactly()]);
        let across = plain_cross(plain_cross(v.unit, g), v.unit);
        let gradient = times(times(divided(across, v.length), v.scale), v.scale);
        [scaled(gradient, eg - ev - v.e)]
    }
}

/// The gradient of twice the vector area, where g is that of the area and n the normal.
pub(crate) fn area_vjp<T: Real>(n: [T; 3], g: T) -> [T; 3] {
    times(n, g.half())
}

/// The gradient of the corner that lies between these two, where `area` is that of twice the vector area.
#[inline]
pub(crate) fn corner_vjp<T: Real>(before: [T; 3], after: [T; 3], area: [T; 3]) -> [T; 3] {
    let edge = [0, 1, 2].map(|k| after[k] - before[k]);
    plain_cross(edge, area)
}
