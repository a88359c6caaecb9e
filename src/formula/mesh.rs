//! Triangles and polygons, from their corners.

use super::{Corners, FaceFormula, Formula, Kind, Number, norm, scaled, times_powers};
use crate::Real;

/// v − u, before it is rounded.
#[inline(always)]
fn edge<N: Number>(u: [N; 3], v: [N; 3]) -> [N::Long; 3] {
    let d = N::difference;
    [d(v[0], u[0]), d(v[1], u[1]), d(v[2], u[2])]
}

/// a × b of vectors that are not rounded yet.
#[inline(always)]
fn cross_of_edges<N: Number>(a: [N::Long; 3], b: [N::Long; 3]) -> [N::Long; 3] {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

/// Twice the vector area of a polygon, Σ (vᵢ − v₀) × (vᵢ₊₁ − v₀), and an exponent. Differences, products and sums are not rounded
/// before the end: of a thin face far from the origin nothing would be left.
///
/// There must be three corners or more.
#[cfg_attr(not(debug_assertions), inline(always))]
fn double_area<N: Number>(corners: impl Corners<N>) -> ([N::Product; 3], N::Exponent) {
    let (scale, e) = N::scale_of_all(corners);
    let first = N::in_scale(corners.get(0), scale);
    let mut before = edge(first, N::in_scale(corners.get(1), scale));
    // The first term is taken as it is: added to zero, −0 would become +0. It is in the loop so that it is compiled once.
    let mut sum = before; // to have something to overwrite
    for k in 2..corners.len() {
        let this = edge(first, N::in_scale(corners.get(k), scale));
        let [x, y, z] = cross_of_edges::<N>(before, this);
        sum = match k {
            2 => [x, y, z],
            _ => [sum[0] + x, sum[1] + y, sum[2] + z],
        };
        before = this;
    }
    let [x, y, z] = sum;
    ([N::settled(x), N::settled(y), N::settled(z)], e + e)
}

/// The unit normal of a face.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FaceNormal;

impl FaceFormula for FaceNormal {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of_face<N: Number>(self, corners: impl Corners<N>) -> [N; 3] {
        N::polar(double_area(corners).0).unit
    }
}

/// The area of a face.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FaceArea;

impl FaceFormula for FaceArea {
    const OUTPUT: Kind = Kind::Scalar;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of_face<N: Number>(self, corners: impl Corners<N>) -> [N; 3] {
        let (cross, e) = double_area(corners);
        let (length, more) = norm::<N>(cross);
        [length.half().scaled(e + more); 3]
    }
}

/// The normal of a face, twice as long as its area is large, of a mesh that is multiplied by two powers of two, one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WeightedNormal {
    scale: [f64; 2],
}

impl WeightedNormal {
    /// Of a mesh that is multiplied by this power of two.
    pub(crate) fn of_exponent(e: i32) -> Self {
        Self {
            scale: powers_of_two(e),
        }
    }
}

impl FaceFormula for WeightedNormal {
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of_face<N: Number>(self, corners: impl Corners<N>) -> [N; 3] {
        let (cross, e) = double_area(Scaled(corners, self.scale));
        scaled(N::nearest(cross), e)
    }
}

/// Corners that are multiplied by two powers of two.
#[derive(Clone, Copy)]
struct Scaled<C>(C, [f64; 2]);

impl<N: Number, C: Corners<N>> Corners<N> for Scaled<C> {
    #[inline(always)]
    fn len(self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn get(self, k: usize) -> [N; 3] {
        times_powers(self.0.get(k), self.1)
    }
}

/// By which power of two a mesh is multiplied whose greatest finite coordinate has this magnitude, so that the sums of areas, which are
/// products of coordinates, are numbers of the type.
pub(crate) fn exponent_of_mesh<T: Real>(greatest: u64) -> i32 {
    T::EXPONENT_OF_MESHES - T::exponent_of(greatest)
}

/// A power of two as two factors, which are normal numbers of every type if the exponent is one of a mesh.
pub(crate) fn powers_of_two(e: i32) -> [f64; 2] {
    let power = |e: i32| f64::from_bits(((1023 + e) as u64) << 52);
    [power(e / 2), power(e - e / 2)]
}

/// The greatest magnitude of three coordinates.
pub(crate) fn magnitude<T: Real>(v: [T; 3]) -> u64 {
    v.into_iter().fold(0, |m, x| m.max(x.magnitude()))
}

/// The greatest magnitude of the coordinates of vectors that are finite.
pub(crate) fn greatest_magnitude<T: Real>(vectors: impl Iterator<Item = [T; 3]>) -> u64 {
    let magnitudes = vectors.map(magnitude);
    magnitudes.filter(|m| *m < T::INFINITE).fold(0, u64::max)
}

/// v / |v|.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Direction;

impl Formula<1, 1> for Direction {
    const IN_PLACE: bool = true;
    const COST: usize = 4;
    const SIGNALS: bool = false;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn of<N: Number>(self, [v]: [[N; 3]; 1]) -> [[N; 3]; 1] {
        let ([x, y, z], _) = N::normalised(v);
        [N::polar([x.exactly(), y.exactly(), z.exactly()]).unit]
    }
}
