//! Triangles, from their corners.

use super::{Formula, Kind, Number, norm, polar, scaled};

/// Twice the area of a triangle times its normal, (q − p) × (r − p), and an exponent. Differences and products are not rounded
/// before the end: of a thin triangle far from the origin nothing would be left.
#[cfg_attr(not(debug_assertions), inline(always))]
fn double_area<N: Number>([p, q, r]: [[N; 3]; 3]) -> ([N::Product; 3], N::Exponent) {
    let corners = [p[0], p[1], p[2], q[0], q[1], q[2], r[0], r[1], r[2]];
    let ([px, py, pz, qx, qy, qz, rx, ry, rz], e) = N::normalised(corners);
    let d = N::difference;
    let (ax, ay, az) = (d(qx, px), d(qy, py), d(qz, pz));
    let (bx, by, bz) = (d(rx, px), d(ry, py), d(rz, pz));
    let cross = [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx];
    let [x, y, z] = cross;
    ([N::settled(x), N::settled(y), N::settled(z)], e + e)
}

/// The unit normal of a triangle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TriangleNormal;

impl Formula<3, 1> for TriangleNormal {
    const COST: usize = 20;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of<N: Number>(self, corners: [[N; 3]; 3]) -> [[N; 3]; 1] {
        [polar::<N>(double_area(corners).0).unit]
    }
}

/// The area of a triangle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TriangleArea;

impl Formula<3, 1> for TriangleArea {
    const OUTPUTS: [Kind; 1] = [Kind::Scalar];
    const COST: usize = 20;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of<N: Number>(self, corners: [[N; 3]; 3]) -> [[N; 3]; 1] {
        let (cross, e) = double_area(corners);
        let (length, more) = norm::<N>(cross);
        [[length.half().scaled(e + more); 3]]
    }
}

/// The normal of a triangle, twice as long as its area is large.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WeightedNormal;

impl Formula<3, 1> for WeightedNormal {
    const COST: usize = 20;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of<N: Number>(self, corners: [[N; 3]; 3]) -> [[N; 3]; 1] {
        let (cross, e) = double_area(corners);
        [scaled(N::nearest(cross), e)]
    }
}

/// v / |v|.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Direction;

impl Formula<1, 1> for Direction {
    const COST: usize = 4;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of<N: Number>(self, [v]: [[N; 3]; 1]) -> [[N; 3]; 1] {
        let ([x, y, z], _) = N::normalised(v);
        [polar::<N>([x.exactly(), y.exactly(), z.exactly()]).unit]
    }
}
