//! The formulas of everything that is derived from a cross product, each written once.
//!
//! A [`Formula`] says what happens to numbers, whatever a number is: the reference evaluates it for one vector, the kernels for
//! a register's worth, plainly or accurately. Separate because it knows of no lanes, no memory and no caller; it is what to
//! read to see how a quantity is computed. How numbers are made accurate is in [`number`].

mod accurate;
mod gradient;
mod measure;
mod mesh;
mod number;
mod pair;
mod scalar;

pub(crate) use accurate::{Double, Single};
pub(crate) use gradient::*;
pub(crate) use measure::*;
pub(crate) use mesh::*;
pub(crate) use number::{Exact, Floats, Number, Plain};

/// What an output holds for each place of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A vector.
    Vector,
    /// A number.
    Scalar,
}

/// `I` operands in, `O` operands out. Of a scalar all three numbers are the same.
pub trait Formula<const I: usize, const O: usize>: Copy + Send + Sync {
    /// What the outputs are.
    const OUTPUTS: [Kind; O] = [Kind::Vector; O];

    /// What it costs, in differences of products.
    const COST: usize;

    /// The formula; must be `#[inline(always)]` where it is optimised.
    fn of<N: Number>(self, inputs: [[N; 3]; I]) -> [[N; 3]; O];
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
fn plain_cross<N: Number>(a: [N; 3], b: [N; 3]) -> [N; 3] {
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

/// Each component rounded.
#[inline(always)]
fn rounded<N: Number>(v: [N::Long; 3]) -> [N; 3] {
    [N::round(v[0]), N::round(v[1]), N::round(v[2])]
}

/// k·v.
#[inline(always)]
fn times<N: Number>(v: [N; 3], k: N) -> [N; 3] {
    [v[0] * k, v[1] * k, v[2] * k]
}

/// v / k.
#[inline(always)]
fn divided<N: Floats>(v: [N; 3], k: N) -> [N; 3] {
    [v[0] / k, v[1] / k, v[2] / k]
}

/// v·2^e.
#[inline(always)]
fn scaled<N: Number>(v: [N; 3], e: N::Exponent) -> [N; 3] {
    [v[0].scaled(e), v[1].scaled(e), v[2].scaled(e)]
}

/// A vector as its direction, its length and an exponent: v = length·2^e·unit.
#[derive(Clone, Copy)]
struct Polar<N: Number> {
    /// Of length one, or zero.
    unit: [N; 3],
    /// One where the vector is zero.
    length: N,
    e: N::Exponent,
}

#[inline(always)]
fn polar<N: Number>(v: [N::Product; 3]) -> Polar<N> {
    let (v, e) = N::rescaled(v);
    let length = N::length(v).one_if_zero();
    let unit = N::over(v, length);
    Polar { unit, length, e }
}

/// |v| as a number and an exponent.
#[inline(always)]
fn norm<N: Number>(v: [N::Product; 3]) -> (N, N::Exponent) {
    let (v, e) = N::rescaled(v);
    (N::length(v), e)
}
