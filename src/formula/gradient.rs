//! Derivatives. With c = a × b and n = c / |c|, and an upstream gradient g:
//!
//! ```text
//! a × b         ∂a = b × g                  ∂b = g × a
//! |a × b|       ∂a = g (b × n)              ∂b = g (n × a)
//! n             ∂c = ((n × g) × n) / |c|    ∂a = b × ∂c     ∂b = ∂c × a
//! angle         ∂a = g (a × n) / |a|²       ∂b = g (n × b) / |b|²
//! a·b           ∂a = g b                    ∂b = g a
//! a·(b × c)     ∂a = g (b × c)              ∂b = g (c × a)  ∂c = g (a × b)
//! a × (b × c)   ∂a = (b × c) × g            ∂b = c × (g × a)  ∂c = (g × a) × b
//! γ (a × b)     ∂γ = g·(a × b)              ∂a = γ (b × g)  ∂b = γ (g × a)
//! ```
//!
//! (n × g) × n is what of g is perpendicular to n; g − n(n·g), which is the same, loses it where g is nearly parallel.

use super::{
    Formula, Kind, Number, cross_from_left, cross_from_right, divided, dot, long_cross,
    plain_cross, plain_dot, rounded, scaled, times,
};

/// The gradients of a × b.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CrossVjp;

impl Formula<3, 2> for CrossVjp {
    const COST: usize = 6;
    const SIGNALS: bool = true;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of<N: Number>(self, [a, b, g]: [[N; 3]; 3]) -> [[N; 3]; 2] {
        [N::rounded_cross(b, g), N::rounded_cross(g, a)]
    }
}

/// da × b + a × db.
#[cfg_attr(not(debug_assertions), inline(always))]
fn tangent<N: Number>([a, b, da, db]: [[N; 3]; 4]) -> [N; 3] {
    // One exponent for each side, so that both terms have the same.
    let (left, ea) = N::normalised([a[0], a[1], a[2], da[0], da[1], da[2]]);
    let (right, eb) = N::normalised([b[0], b[1], b[2], db[0], db[1], db[2]]);
    let [ax, ay, az, dax, day, daz] = left;
    let [bx, by, bz, dbx, dby, dbz] = right;
    let p = N::product;
    let sum = [
        (p(day, bz) - p(daz, by)) + (p(ay, dbz) - p(az, dby)),
        (p(daz, bx) - p(dax, bz)) + (p(az, dbx) - p(ax, dbz)),
        (p(dax, by) - p(day, bx)) + (p(ax, dby) - p(ay, dbx)),
    ];
    scaled(rounded(sum), ea + eb)
}

/// The tangent of a × b.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CrossJvp;

impl Formula<4, 1> for CrossJvp {
    const COST: usize = 10;
    const SIGNALS: bool = true;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of<N: Number>(self, inputs: [[N; 3]; 4]) -> [[N; 3]; 1] {
        [tangent(inputs)]
    }
}

/// The gradients of the gradients of a × b, for a, b and g, with `va` and `vb` upstream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CrossVjpVjp;

impl Formula<5, 3> for CrossVjpVjp {
    const COST: usize = 16;
    const SIGNALS: bool = true;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of<N: Number>(self, [a, b, g, va, vb]: [[N; 3]; 5]) -> [[N; 3]; 3] {
        [
            N::rounded_cross(vb, g),
            N::rounded_cross(g, va),
            tangent([a, b, va, vb]),
        ]
    }
}

/// The gradients of |a × b|.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CrossNormVjp;

impl Formula<3, 2> for CrossNormVjp {
    const COST: usize = 12;
    const SIGNALS: bool = false;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of<N: Number>(self, [a, b, [g, ..]]: [[N; 3]; 3]) -> [[N; 3]; 2] {
        let ((a, ea), (b, eb), ([g], eg)) =
            (N::normalised(a), N::normalised(b), N::normalised([g]));
        let n = N::polar(N::cross(a, b)).unit;
        [
            scaled(times(plain_cross(b, n), g), eb + eg),
            scaled(times(plain_cross(n, a), g), ea + eg),
        ]
    }
}

/// The gradients of a × b / |a × b|.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnitNormalVjp;

impl Formula<3, 2> for UnitNormalVjp {
    const COST: usize = 16;
    const SIGNALS: bool = false;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of<N: Number>(self, [a, b, g]: [[N; 3]; 3]) -> [[N; 3]; 2] {
        let ((a, ea), (b, eb), (g, eg)) = (N::normalised(a), N::normalised(b), N::normalised(g));
        let c = N::polar(N::cross(a, b));
        let across = plain_cross(plain_cross(c.unit, g), c.unit);
        let dc = divided(across, c.length);
        // What c was multiplied by twice, both factors are: gradients can be numbers where that of c, or a product, is none.
        let (a, b, dc) = (times(a, c.scale), times(b, c.scale), times(dc, c.scale));
        [
            scaled(plain_cross(b, dc), eg - ea - c.e),
            scaled(plain_cross(dc, a), eg - eb - c.e),
        ]
    }
}

/// The gradients of the angle between a and b.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AngleVjp;

impl Formula<3, 2> for AngleVjp {
    const COST: usize = 14;
    const SIGNALS: bool = false;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of<N: Number>(self, [a, b, [g, ..]]: [[N; 3]; 3]) -> [[N; 3]; 2] {
        let ((a, ea), (b, eb), ([g], eg)) =
            (N::normalised(a), N::normalised(b), N::normalised([g]));
        let n = N::polar(N::cross(a, b)).unit;
        let over_a = g / plain_dot(a, a).one_if_zero();
        let over_b = g / plain_dot(b, b).one_if_zero();
        [
            scaled(times(plain_cross(a, n), over_a), eg - ea),
            scaled(times(plain_cross(n, b), over_b), eg - eb),
        ]
    }
}

/// The gradients of a·(b × c).
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScalarTripleVjp;

impl Formula<4, 3> for ScalarTripleVjp {
    const COST: usize = 12;
    const SIGNALS: bool = true;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of<N: Number>(self, [a, b, c, [g, ..]]: [[N; 3]; 4]) -> [[N; 3]; 3] {
        let ((a, ea), (b, eb), (c, ec)) = (N::normalised(a), N::normalised(b), N::normalised(c));
        let ([g], eg) = N::normalised([g]);
        [
            scaled(times(N::nearest(N::cross(b, c)), g), eb + ec + eg),
            scaled(times(N::nearest(N::cross(c, a)), g), ec + ea + eg),
            scaled(times(N::nearest(N::cross(a, b)), g), ea + eb + eg),
        ]
    }
}

/// The gradients of a·b.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DotVjp;

impl Formula<3, 2> for DotVjp {
    const COST: usize = 3;
    const SIGNALS: bool = true;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of<N: Number>(self, [a, b, [g, ..]]: [[N; 3]; 3]) -> [[N; 3]; 2] {
        let ((a, ea), (b, eb), ([g], eg)) =
            (N::normalised(a), N::normalised(b), N::normalised([g]));
        [scaled(times(b, g), eb + eg), scaled(times(a, g), ea + eg)]
    }
}

/// The gradients of a × (b × c).
#[derive(Clone, Copy, Debug)]
pub(crate) struct VectorTripleVjp;

impl Formula<4, 3> for VectorTripleVjp {
    const COST: usize = 26;
    const SIGNALS: bool = true;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of<N: Number>(self, [a, b, c, g]: [[N; 3]; 4]) -> [[N; 3]; 3] {
        let ((a, ea), (b, eb), (c, ec)) = (N::normalised(a), N::normalised(b), N::normalised(c));
        let (g, eg) = N::normalised(g);
        let (inner, upstream) = (long_cross(b, c), long_cross(g, a));
        [
            scaled(rounded(cross_from_right(inner, g)), eb + ec + eg),
            scaled(rounded(cross_from_left(c, upstream)), ec + eg + ea),
            scaled(rounded(cross_from_right(upstream, b)), eg + ea + eb),
        ]
    }
}

/// The gradients of γ (a × b).
#[derive(Clone, Copy, Debug)]
pub(crate) struct GatedCrossVjp;

impl Formula<4, 3> for GatedCrossVjp {
    const OUTPUTS: [Kind; 3] = [Kind::Scalar, Kind::Vector, Kind::Vector];
    const COST: usize = 14;
    const SIGNALS: bool = true;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of<N: Number>(self, [[gate, ..], a, b, g]: [[N; 3]; 4]) -> [[N; 3]; 3] {
        let ((a, ea), (b, eb), (g, eg)) = (N::normalised(a), N::normalised(b), N::normalised(g));
        let ([gate], e) = N::normalised([gate]);
        let volume = N::round(dot(long_cross(a, b), g));
        [
            [volume.scaled(ea + eb + eg); 3],
            scaled(times(N::nearest(N::cross(b, g)), gate), eb + eg + e),
            scaled(times(N::nearest(N::cross(g, a)), gate), eg + ea + e),
        ]
    }
}
