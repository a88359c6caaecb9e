//! Lengths, angles, areas, volumes, directions.

use super::{
    Formula, Kind, Number, cross_from_left, dot, long_cross, norm, rounded, scaled, times,
};

/// a·b, before it is rounded.
#[inline(always)]
fn inner<N: Number>(a: [N; 3], b: [N; 3]) -> N::Long {
    let p = N::product;
    p(a[0], b[0]) + p(a[1], b[1]) + p(a[2], b[2])
}

/// a·b.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dot;

impl Formula<2, 1> for Dot {
    const OUTPUTS: [Kind; 1] = [Kind::Scalar];
    const COST: usize = 2;
    const SIGNALS: bool = true;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of<N: Number>(self, [a, b]: [[N; 3]; 2]) -> [[N; 3]; 1] {
        let ((a, ea), (b, eb)) = (N::normalised(a), N::normalised(b));
        [[N::round(inner(a, b)).scaled(ea + eb); 3]]
    }
}

/// |a × b|.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CrossNorm;

impl Formula<2, 1> for CrossNorm {
    const OUTPUTS: [Kind; 1] = [Kind::Scalar];
    const COST: usize = 5;
    const SIGNALS: bool = true;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of<N: Number>(self, [a, b]: [[N; 3]; 2]) -> [[N; 3]; 1] {
        let ((a, ea), (b, eb)) = (N::normalised(a), N::normalised(b));
        let (length, e) = norm::<N>(N::cross(a, b));
        [[length.scaled(ea + eb + e); 3]]
    }
}

/// a × b / |a × b|.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnitNormal;

impl Formula<2, 1> for UnitNormal {
    const COST: usize = 6;
    const SIGNALS: bool = false;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of<N: Number>(self, [a, b]: [[N; 3]; 2]) -> [[N; 3]; 1] {
        let ((a, _), (b, _)) = (N::normalised(a), N::normalised(b));
        [N::polar(N::cross(a, b)).unit]
    }
}

/// The angle between a and b: the arc whose sine is to its cosine as |a × b| is to a·b. (The arc cosine of a quotient loses
/// half of the digits of small angles, and of those near π.)
#[derive(Clone, Copy, Debug)]
pub(crate) struct Angle;

impl Formula<2, 1> for Angle {
    const OUTPUTS: [Kind; 1] = [Kind::Scalar];
    const COST: usize = 60;
    const SIGNALS: bool = false;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of<N: Number>(self, [a, b]: [[N; 3]; 2]) -> [[N; 3]; 1] {
        let ((a, _), (b, _)) = (N::normalised(a), N::normalised(b));
        let (length, e) = norm::<N>(N::cross(a, b));
        [[length.scaled(e).atan2(N::round(inner(a, b))); 3]]
    }
}

/// a·(b × c).
#[derive(Clone, Copy, Debug)]
pub(crate) struct ScalarTriple;

impl Formula<3, 1> for ScalarTriple {
    const OUTPUTS: [Kind; 1] = [Kind::Scalar];
    const COST: usize = 8;
    const SIGNALS: bool = true;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of<N: Number>(self, [a, b, c]: [[N; 3]; 3]) -> [[N; 3]; 1] {
        let ((a, ea), (b, eb), (c, ec)) = (N::normalised(a), N::normalised(b), N::normalised(c));
        let volume = dot(long_cross(b, c), a);
        [[N::round(volume).scaled(ea + eb + ec); 3]]
    }
}

/// a × (b × c).
#[derive(Clone, Copy, Debug)]
pub(crate) struct VectorTriple;

impl Formula<3, 1> for VectorTriple {
    const COST: usize = 12;
    const SIGNALS: bool = true;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of<N: Number>(self, [a, b, c]: [[N; 3]; 3]) -> [[N; 3]; 1] {
        let ((a, ea), (b, eb), (c, ec)) = (N::normalised(a), N::normalised(b), N::normalised(c));
        let outer = cross_from_left(a, long_cross(b, c));
        [scaled(rounded(outer), ea + eb + ec)]
    }
}

/// γ (a × b).
#[derive(Clone, Copy, Debug)]
pub(crate) struct GatedCross;

impl Formula<3, 1> for GatedCross {
    const COST: usize = 4;
    const SIGNALS: bool = true;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of<N: Number>(self, [[gate, ..], a, b]: [[N; 3]; 3]) -> [[N; 3]; 1] {
        let ((a, ea), (b, eb), ([gate], e)) =
            (N::normalised(a), N::normalised(b), N::normalised([gate]));
        let cross = N::nearest(N::cross(a, b));
        [scaled(times(cross, gate), ea + eb + e)]
    }
}
