//! Lanes as the numbers of formulas: plain, each lane is one; accurate, they are `f64`, in one register or in two halves.
//!
//! Separate because it is all that `simd` knows of formulas. What an instruction set has to say beside [`Floats`] is
//! [`Scales`]; the rest of [`Exact`] follows from what correct rounding needs.

use super::Lanes;
use super::rounded::{Doubles, Singles};
use crate::formula::{Corners, Double, Exact, FaceFormula, Floats, Formula, Plain, Single};
use crate::unrolled::for_each;

/// An integer from 0 to 2^52 in the bits of its significand.
pub(crate) const INTEGER: f64 = (1_u64 << 52) as f64;

/// The same of an exponent's field.
pub(crate) const BIASED: f64 = INTEGER + 1023.0;

/// Lanes of `f32` or `f64`.
pub trait Reals: Lanes + Floats {
    /// A formula evaluated with the accurate numbers of the type, NaN made the canonical one.
    fn accurately<F, const I: usize, const O: usize>(
        formula: F,
        inputs: [[Self; 3]; I],
    ) -> [[Self; 3]; O]
    where
        F: Formula<I, O>;

    /// The same of a formula of faces.
    fn accurately_of_face<F: FaceFormula>(formula: F, corners: impl Corners<Self>) -> [Self; 3];

    /// A formula of faces evaluated with the numbers as they are.
    #[inline(always)]
    fn plainly_of_face<F: FaceFormula>(formula: F, corners: impl Corners<Self>) -> [Self; 3] {
        let [x, y, z] = formula.of_face(corners.map(Plain));
        [x.0, y.0, z.0]
    }

    /// A formula evaluated with the numbers as they are.
    #[inline(always)]
    fn plainly<F, const I: usize, const O: usize>(
        formula: F,
        inputs: [[Self; 3]; I],
    ) -> [[Self; 3]; O]
    where
        F: Formula<I, O>,
    {
        let mut numbers = [[Plain(inputs[0][0]); 3]; I];
        for_each! { k of I {
            let [x, y, z] = inputs[k];
            numbers[k] = [Plain(x), Plain(y), Plain(z)];
        }}
        let results = formula.of(numbers);
        let mut outputs = [[results[0][0].0; 3]; O];
        for_each! { k of O {
            let [x, y, z] = results[k];
            outputs[k] = [x.0, y.0, z.0];
        }}
        outputs
    }
}

/// What an instruction set says of its lanes of `f64` for [`Exact`], where it is described.
pub(crate) trait Scales: Doubles + Floats {
    fn greater_magnitude(self, y: Self) -> Self;
    fn exponent(self) -> Self;
    fn within_a_thousand(self) -> Self;
    fn power_of_two(self) -> Self;
    fn inverse_power_of_two(self) -> Self;
    fn reciprocal(self) -> Self;

    /// As `error_of_product`, but as a fused operation has it for small products, too: rounded once. (Scaled vectors have no
    /// large ones.)
    #[inline(always)]
    fn error_of_any_product(a: Self, b: Self, p: Self) -> Self {
        Self::error_of_product(a, b, p)
    }
}

impl<D: Scales> Exact for D {
    #[inline]
    fn error_of_product(a: Self, b: Self, p: Self) -> Self {
        D::error_of_any_product(a, b, p)
    }

    #[inline]
    fn plus_elsewhere(self, y: Self) -> Self {
        self.one_times_plus(y)
    }

    #[inline]
    fn minus_elsewhere(self, y: Self) -> Self {
        self.one_times_minus(y)
    }

    #[inline]
    fn reciprocal(self) -> Self {
        Scales::reciprocal(self)
    }

    #[inline]
    fn difference_to_odd(self, y: Self) -> Self {
        D::difference_to_odd(self, y)
    }

    #[inline(always)]
    fn rounded_cross([ax, ay, az]: [Self; 3], [bx, by, bz]: [Self; 3]) -> [Self; 3] {
        D::rounded_differences_of_products([[ay, az, ax], [bz, bx, by], [az, ax, ay], [by, bz, bx]])
    }

    #[inline]
    fn greater_magnitude(self, y: Self) -> Self {
        Scales::greater_magnitude(self, y)
    }

    #[inline]
    fn exponent(self) -> Self {
        Scales::exponent(self)
    }

    #[inline]
    fn within_a_thousand(self) -> Self {
        Scales::within_a_thousand(self)
    }

    #[inline]
    fn power_of_two(self) -> Self {
        Scales::power_of_two(self)
    }

    #[inline]
    fn inverse_power_of_two(self) -> Self {
        Scales::inverse_power_of_two(self)
    }
}

/// Lanes of `f64`.
#[inline(always)]
pub(super) fn doubles<D, F, const I: usize, const O: usize>(
    formula: F,
    inputs: [[D; 3]; I],
) -> [[D; 3]; O]
where
    D: Scales,
    F: Formula<I, O>,
{
    let mut numbers = [[Double(inputs[0][0]); 3]; I];
    for_each! { k of I {
        let [x, y, z] = inputs[k];
        numbers[k] = [Double(x), Double(y), Double(z)];
    }}
    let results = formula.of(numbers);
    let mut outputs = [[results[0][0].0; 3]; O];
    for_each! { k of O {
        let [x, y, z] = results[k];
        outputs[k] = [x.0.canonical(), y.0.canonical(), z.0.canonical()];
    }}
    outputs
}

/// Lanes of `f64`, of faces.
#[inline(always)]
pub(super) fn doubles_of_face<D: Scales, F: FaceFormula>(
    formula: F,
    corners: impl Corners<D>,
) -> [D; 3] {
    let [x, y, z] = formula.of_face(corners.map(Double));
    [x.0.canonical(), y.0.canonical(), z.0.canonical()]
}

#[inline(always)]
fn first_half<L: Singles>(x: L) -> Single<L::Doubles> {
    let [half, _] = x.widen();
    Single(half)
}

#[inline(always)]
fn second_half<L: Singles>(x: L) -> Single<L::Doubles> {
    let [_, half] = x.widen();
    Single(half)
}

/// One half of all lanes, by a function that is `#[inline(always)]`.
#[inline(always)]
fn halves<L: Lanes, D: Copy, const I: usize>(
    inputs: [[L; 3]; I],
    half: impl Fn(L) -> D,
) -> [[D; 3]; I] {
    let mut halves = [[half(inputs[0][0]); 3]; I];
    for_each! { k of I {
        let [x, y, z] = inputs[k];
        halves[k] = [half(x), half(y), half(z)];
    }}
    halves
}

/// Lanes of `f32`, as two halves of `f64`, of faces.
#[inline(always)]
pub(super) fn singles_of_face<L, F>(formula: F, corners: impl Corners<L>) -> [L; 3]
where
    L: Singles,
    L::Doubles: Exact,
    F: FaceFormula,
{
    let low = formula.of_face(corners.map(first_half));
    let high = formula.of_face(corners.map(second_half));
    let narrow = |k: usize| [low[k].0, high[k].0];
    [
        L::narrow(narrow(0)),
        L::narrow(narrow(1)),
        L::narrow(narrow(2)),
    ]
}

/// Lanes of `f32`, as two halves of `f64`.
#[inline(always)]
pub(super) fn singles<L, F, const I: usize, const O: usize>(
    formula: F,
    inputs: [[L; 3]; I],
) -> [[L; 3]; O]
where
    L: Singles,
    L::Doubles: Exact,
    F: Formula<I, O>,
{
    // One half after the other: all of both would not find room in registers.
    let lows = formula.of(halves(inputs, first_half));
    let highs = formula.of(halves(inputs, second_half));
    let mut outputs = [inputs[0]; O];
    for_each! { k of O {
        let ([x, y, z], [u, v, w]) = (lows[k], highs[k]);
        outputs[k] = [
            L::narrow([x.0, u.0]),
            L::narrow([y.0, v.0]),
            L::narrow([z.0, w.0]),
        ];
    }}
    outputs
}
