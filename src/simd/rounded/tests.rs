//! The algorithms on numbers of our own: so short that everything can be tried, and with faults planted that the hard
//! cases have to find.

use crosslane_cases::{Class, Float, case, quadruple};

use super::*;
use crate::exact::difference_of_products;
use crate::simd::baseline::Scalar;

/// A number of `P` bits, with all exponents that `f64` has for it.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Short<const P: u32>(f64);

impl<const P: u32> Short<P> {
    const DROPPED: u32 = f64::MANTISSA_DIGITS - P;

    fn nearest(exact: f64) -> Self {
        let bits = exact.to_bits();
        let up = (1 << (Self::DROPPED - 1)) - 1 + (bits >> Self::DROPPED & 1);
        Self(f64::from_bits(
            (bits + up) >> Self::DROPPED << Self::DROPPED,
        ))
    }

    fn odd(exact: f64) -> Self {
        let bits = exact.to_bits();
        let kept = bits >> Self::DROPPED;
        let inexact = u64::from(kept << Self::DROPPED != bits);
        Self(f64::from_bits((kept | inexact) << Self::DROPPED))
    }
}

/// What is rounded here is exact in `f64`.
impl<const P: u32> Arithmetic for Short<P> {
    fn plus(self, y: Self) -> Self {
        Self::nearest(self.0 + y.0)
    }

    fn minus(self, y: Self) -> Self {
        Self::nearest(self.0 - y.0)
    }

    fn times(self, y: Self) -> Self {
        Self::nearest(self.0 * y.0)
    }

    fn error_of_product(a: Self, b: Self, p: Self) -> Self {
        Self::nearest(a.0 * b.0 - p.0)
    }

    fn minus_product(a: Self, b: Self) -> Self {
        Self::nearest(-a.0 * b.0)
    }

    fn error_of_minus_product(a: Self, b: Self, p: Self) -> Self {
        Self::nearest(-a.0 * b.0 - p.0)
    }

    fn sum_to_odd(self, y: Self) -> Self {
        Self::odd(self.0 + y.0)
    }

    fn difference_to_odd(self, y: Self) -> Self {
        Self::odd(self.0 - y.0)
    }
}

/// Every quadruple of significands, at every distance of exponents at which the products meet, of either sign.
fn every_quadruple<const P: u32>() {
    let significands = || (1_u32 << (P - 1)..1 << P).map(f64::from);
    let far = 2 * P as i32 + 3;
    let mut cases = 0;
    for (a, b) in significands().flat_map(|a| significands().map(move |b| (a, b))) {
        for (c, d) in significands().flat_map(|c| significands().map(move |d| (c, d))) {
            for scale in (-far..=far).flat_map(|e| [2.0_f64.powi(e), -(2.0_f64.powi(e))]) {
                let operands = [a * scale, b, c, d].map(Short::<P>);
                let [a, b, c, d] = operands;
                let result = in_range(operands, a.times(b), Short::minus_product(c, d));
                let expected = Short::<P>::nearest(a.0 * b.0 - c.0 * d.0);
                assert_eq!(result, expected, "{operands:?}");
                cases += 1;
            }
        }
    }
    assert_eq!(cases, 16_usize.pow(P - 1) * (8 * P as usize + 14));
}

#[test]
fn every_quadruple_of_short_numbers_is_rounded_once() {
    every_quadruple::<3>();
    every_quadruple::<4>();
    every_quadruple::<5>();
}

/// What can be wrong.
const NOTHING: u8 = 0;
const NO_ROUNDING_TO_ODD: u8 = 1;
const UNORDERED: u8 = 2;
const LOW_GUARD: u8 = 3;
const NO_LOOK_AT_WHAT_IS_NOT_FINITE: u8 = 4;
const NO_ZEROS: u8 = 5;
const ANY_NAN: u8 = 6;
/// No fault: lanes that can sort, like those of AVX-512.
const SORTS: u8 = 7;

/// One lane, with a fault.
#[derive(Clone, Copy, Debug)]
struct Faulty<T, const FAULT: u8>(T);

type Model<const FAULT: u8> = Faulty<f64, FAULT>;

impl<const FAULT: u8> Arithmetic for Model<FAULT> {
    fn plus(self, y: Self) -> Self {
        Faulty(self.0 + y.0)
    }

    fn minus(self, y: Self) -> Self {
        Faulty(self.0 - y.0)
    }

    fn times(self, y: Self) -> Self {
        Faulty(self.0 * y.0)
    }

    fn error_of_product(a: Self, b: Self, p: Self) -> Self {
        Faulty(a.0.mul_add(b.0, -p.0))
    }

    fn minus_product(a: Self, b: Self) -> Self {
        Faulty(-a.0 * b.0)
    }

    fn error_of_minus_product(a: Self, b: Self, p: Self) -> Self {
        Faulty((-a.0).mul_add(b.0, -p.0))
    }

    /// Of a number and a NaN the instruction gives the number, twice.
    fn sorted(self, y: Self) -> Option<(Self, Self)> {
        let (x, y) = match (self.0.is_nan(), y.0.is_nan()) {
            (true, false) => (y.0, y.0),
            (false, true) => (self.0, self.0),
            _ if self.0.abs() < y.0.abs() => (y.0, self.0),
            _ => (self.0, y.0),
        };
        (FAULT == SORTS).then_some((Faulty(x), Faulty(y)))
    }

    fn nudge_to_odd(self, error: Self) -> Self {
        let inexact = match FAULT {
            NO_ROUNDING_TO_ODD => false,
            UNORDERED => error.0 != 0.0,
            _ => error.0.abs() > 0.0,
        };
        let away = (self.0.to_bits() ^ error.0.to_bits()) >> 63;
        let inexact = u64::from(inexact);
        Faulty(f64::from_bits(
            (self.0.to_bits() - (inexact & away)) | inexact,
        ))
    }
}

impl<const FAULT: u8> Doubles for Model<FAULT> {
    type Mask = bool;

    fn lesser_magnitude(self, y: Self) -> Self {
        Faulty(self.0.abs().min(y.0.abs()))
    }

    fn is_small(self) -> bool {
        let least = if FAULT == LOW_GUARD {
            f64::from_bits((1023 - 980) << 52)
        } else {
            LEAST
        };
        self.0.is_nan() || self.0 < least
    }

    fn is_not_finite(self) -> bool {
        FAULT != NO_LOOK_AT_WHAT_IS_NOT_FINITE && !self.0.is_finite()
    }

    fn is_zero_or_nan(self) -> bool {
        FAULT != NO_ZEROS && (self.0 == 0.0 || self.0.is_nan())
    }

    fn canonical(self) -> Self {
        let canonical = self.0.is_nan() && FAULT != ANY_NAN;
        if canonical { Faulty(f64::NAN) } else { self }
    }

    fn either(x: bool, y: bool) -> bool {
        x || y
    }

    fn select(mask: bool, yes: Self, no: Self) -> Self {
        if mask { yes } else { no }
    }

    fn bits(mask: bool) -> u32 {
        mask.into()
    }
}

impl<const FAULT: u8> Singles for Faulty<f32, FAULT> {
    type Doubles = Model<FAULT>;

    fn widen(self) -> [Model<FAULT>; 2] {
        [Faulty(self.0.into()); 2]
    }

    fn narrow([x, _]: [Model<FAULT>; 2]) -> Self {
        let x = x.0 as f32;
        let canonical = x.is_nan() && FAULT != ANY_NAN;
        Faulty(if canonical { f32::NAN } else { x })
    }
}

macro_rules! lanes {
    ($element:ident by $algorithm:ident) => {
        impl<const FAULT: u8> Lanes for Faulty<$element, FAULT> {
            type Element = $element;
            type Simd = Scalar;
            const LEN: usize = 1;

            fn proof(self) -> Scalar {
                Scalar
            }

            fn difference_of_products(a: Self, b: Self, c: Self, d: Self) -> Self {
                Faulty(a.0 * b.0 - c.0 * d.0)
            }

            fn rounded_differences_of_products<const N: usize>(
                factors: [[Self; N]; 4],
            ) -> [Self; N] {
                $algorithm(factors)
            }

            unsafe fn load(_: Scalar, from: *const $element) -> Self {
                // SAFETY: as granted by the caller.
                Faulty(unsafe { from.read() })
            }

            unsafe fn store(self, to: *mut $element) {
                // SAFETY: as granted by the caller.
                unsafe { to.write(self.0) };
            }

            unsafe fn stream(self, to: *mut $element) {
                // SAFETY: as granted by the caller.
                unsafe { to.write(self.0) };
            }
        }
    };
}
lanes! { f32 by singles }
lanes! { f64 by doubles }

const CASES: u64 = 120_000;

/// How many of the hard cases are rounded wrongly.
fn wrong<T, const FAULT: u8>() -> usize
where
    T: Float + exact::Format,
    Faulty<T, FAULT>: Lanes,
{
    let is_wrong = |index: &u64| {
        let (_, [a, b, c, d]) = case::<T>(1, *index);
        let expected = difference_of_products(a, b, c, d);
        let factors = [a, b, c, d].map(|x| [Faulty::<T, FAULT>(x)]);
        let [got] = Lanes::rounded_differences_of_products(factors);
        got.0.to_bits64() != expected.to_bits64()
    };
    (0..CASES).filter(is_wrong).count()
}

#[test]
fn faults_are_found_by_the_hard_cases() {
    assert_eq!(wrong::<f64, NOTHING>(), 0, "f64");
    assert_eq!(wrong::<f32, NOTHING>(), 0, "f32");
    assert_eq!(wrong::<f64, SORTS>(), 0, "f64, sorted");
    // A twelfth of the cases is of one class: 10,000.
    for (fault, found, least) in [
        ("f64 not to odd", wrong::<f64, NO_ROUNDING_TO_ODD>(), 2000),
        ("f32 not to odd", wrong::<f32, NO_ROUNDING_TO_ODD>(), 2000),
        ("f32 unordered", wrong::<f32, UNORDERED>(), 1000),
        ("f64 low guard", wrong::<f64, LOW_GUARD>(), 100),
        (
            "f64 not finite",
            wrong::<f64, NO_LOOK_AT_WHAT_IS_NOT_FINITE>(),
            4000,
        ),
        ("f64 any NaN", wrong::<f64, ANY_NAN>(), 100),
        ("f32 any NaN", wrong::<f32, ANY_NAN>(), 100),
    ] {
        assert!(found >= least, "{fault}: {found} of {CASES}");
    }
    // Slower, and nothing else: the integers know what to do with zeros.
    assert_eq!(wrong::<f64, NO_ZEROS>(), 0, "zeros by integers");
}

/// To round the difference of the errors to odd at once, which spares an addition and more: see the module.
#[test]
fn rounding_the_errors_early_is_found_by_the_hard_cases() {
    let early = |[a, b, c, d]: [f64; 4]| {
        let [a, b, c, d] = [a, b, c, d].map(Faulty::<f64, NOTHING>);
        let (p, q) = (a.times(b), c.times(d));
        let (e, f) = (
            Arithmetic::error_of_product(a, b, p),
            Arithmetic::error_of_product(c, d, q),
        );
        let (s, t) = difference(p, q);
        let (t, u) = sum::<Adder, _>(t, e.difference_to_odd(f));
        s.plus(t.nudge_to_odd(u)).0
    };
    let is_wrong = |index: &u64| {
        let quadruple @ [a, b, c, d] = quadruple(Class::MidpointPlusTiny, 1, *index);
        let expected: f64 = difference_of_products(a, b, c, d);
        early(quadruple).to_bits() != expected.to_bits()
    };
    let found = (0..10_000).filter(is_wrong).count();
    assert!(found >= 1000, "{found}");
}
