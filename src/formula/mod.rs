//! The formulas of everything that is derived from a cross product, each written once.
//!
//! A [`Formula`] says what happens to numbers, whatever a number is: the reference evaluates it for one vector, the kernels for
//! a register's worth, plainly or accurately. Separate because it knows of no lanes, no memory and no caller; it is what to
//! read to see how a quantity is computed. How numbers are made accurate is in [`number`].

use core::marker::PhantomData;

pub(crate) use crate::operation::Kind;

mod accurate;
mod gradient;
mod measure;
mod mesh;
mod mesh_gradient;
mod number;
mod pair;
mod scalar;

pub(crate) use accurate::{Double, Single};
pub(crate) use gradient::*;
pub(crate) use measure::*;
pub(crate) use mesh::*;
pub(crate) use mesh_gradient::*;
pub(crate) use number::{DOUBLE, Exact, Floats, Number, Plain, SINGLE};

/// `I` operands in, `O` operands out. Of a scalar all three numbers are the same.
pub trait Formula<const I: usize, const O: usize>: Copy + Send + Sync {
    /// What the outputs are.
    const OUTPUTS: [Kind; O] = [Kind::Vector; O];

    /// Whether the first output may be the first operand.
    const IN_PLACE: bool = false;

    /// What it costs, in differences of products.
    const COST: usize;

    /// Whether plain numbers raise the exceptions of the formula as it is written, and no others. They do where it adds, subtracts, multiplies
    /// and takes roots. They do not where it divides by what may be zero: a zero is replaced by one, but the compiler may divide first and
    /// choose afterwards. Nor where a square that is out of range is computed again, or where a function of a library is called.
    const SIGNALS: bool;

    /// The formula; must be `#[inline(always)]` where it is optimised.
    fn of<N: Number>(self, inputs: [[N; 3]; I]) -> [[N; 3]; O];
}

/// What is computed of one face, a polygon of any number of corners.
pub trait FaceFormula: Copy + Send + Sync {
    /// What the output is.
    const OUTPUT: Kind = Kind::Vector;

    /// The formula for a face of three corners or more; must be `#[inline(always)]` where it is optimised.
    fn of_face<N: Number>(self, corners: impl Corners<N>) -> [N; 3];
}

/// The corners of a face in turn, or of a register's worth of faces. A trait and not a closure, because a closure cannot be told to be
/// inlined, and what is not inlined has no vector instructions.
pub trait Corners<X>: Copy {
    /// How many there are.
    fn len(self) -> usize;

    /// The coordinates of corner `k`; must be `#[inline(always)]`.
    fn get(self, k: usize) -> [X; 3];

    /// The same as other numbers, which a function makes of these that is `#[inline(always)]`.
    #[inline(always)]
    fn map<Y, F: Fn(X) -> Y + Copy>(self, f: F) -> Mapped<Self, F, X> {
        Mapped(self, f, PhantomData)
    }
}

/// What [`Corners::map`] gives.
#[derive(Clone, Copy, Debug)]
pub struct Mapped<C, F, X>(C, F, PhantomData<fn(X)>);

impl<X: Copy, Y, C: Corners<X>, F: Fn(X) -> Y + Copy> Corners<Y> for Mapped<C, F, X> {
    #[inline(always)]
    fn len(self) -> usize {
        self.0.len()
    }

    #[inline(always)]
    fn get(self, k: usize) -> [Y; 3] {
        let [x, y, z] = self.0.get(k);
        [(self.1)(x), (self.1)(y), (self.1)(z)]
    }
}

impl<X: Copy> Corners<X> for &[[X; 3]] {
    fn len(self) -> usize {
        <[_]>::len(self)
    }

    fn get(self, k: usize) -> [X; 3] {
        self[k]
    }
}

/// a·b, before it is rounded.
#[inline(always)]
fn dot<N: Number>(a: [N::Long; 3], b: [N; 3]) -> N::Long {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// a·b of the numbers that there are.
#[inline(always)]
fn plain_dot<N: Number>(a: [N; 3], b: [N; 3]) -> N {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// a × b of the numbers that there are: right to a few roundings of |a||b|, which is enough where neither is nearly parallel to
/// the other, or the other is rounded itself.
#[inline(always)]
fn plain_cross<N: Floats>(a: [N; 3], b: [N; 3]) -> [N; 3] {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

/// a × b, before it is rounded.
#[inline(always)]
fn long_cross<N: Number>(a: [N; 3], b: [N; 3]) -> [N::Long; 3] {
    let p = N::product;
    [
        p(a[1], b[2]) - p(a[2], b[1]),
        p(a[2], b[0]) - p(a[0], b[2]),
        p(a[0], b[1]) - p(a[1], b[0]),
    ]
}

/// a × v, where v is not rounded yet.
#[inline(always)]
fn cross_from_left<N: Number>(a: [N; 3], [x, y, z]: [N::Long; 3]) -> [N::Long; 3] {
    [
        z * a[1] - y * a[2],
        x * a[2] - z * a[0],
        y * a[0] - x * a[1],
    ]
}

/// v × b, where v is not rounded yet.
#[inline(always)]
fn cross_from_right<N: Number>([x, y, z]: [N::Long; 3], b: [N; 3]) -> [N::Long; 3] {
    [
        y * b[2] - z * b[1],
        z * b[0] - x * b[2],
        x * b[1] - y * b[0],
    ]
}

/// Each component rounded.
#[inline(always)]
fn rounded<N: Number>(v: [N::Long; 3]) -> [N; 3] {
    [N::round(v[0]), N::round(v[1]), N::round(v[2])]
}

/// k·v.
#[inline(always)]
fn times<N: Floats>(v: [N; 3], k: N) -> [N; 3] {
    [v[0] * k, v[1] * k, v[2] * k]
}

/// v / k.
#[inline(always)]
fn divided<N: Floats>(v: [N; 3], k: N) -> [N; 3] {
    [v[0] / k, v[1] / k, v[2] / k]
}

/// v multiplied by two powers of two, one after the other: their product need not be a number of the type.
#[inline(always)]
pub(crate) fn times_powers<N: Floats>(v: [N; 3], powers: [f64; 2]) -> [N; 3] {
    times(times(v, v[0].all(powers[0])), v[0].all(powers[1]))
}

/// v·2^e.
#[inline(always)]
fn scaled<N: Number>(v: [N; 3], e: N::Exponent) -> [N; 3] {
    [v[0].scaled(e), v[1].scaled(e), v[2].scaled(e)]
}

/// A vector as its direction, its length, a power of two and an exponent: v = length·2^e·unit / scale².
#[derive(Clone, Copy, Debug)]
pub struct Polar<N: Number> {
    /// Of length one, or zero.
    unit: [N; 3],
    /// One where the vector is zero.
    length: N,
    /// One but for plain vectors whose squares are out of range.
    scale: N,
    e: N::Exponent,
}

/// |v| as a number and an exponent.
#[inline(always)]
fn norm<N: Number>(v: [N::Product; 3]) -> (N, N::Exponent) {
    let (v, e) = N::rescaled(v);
    (N::length(v), e)
}
