//! The kinds of cases there are, as section "How to test it" of the specification numbers them.

use core::fmt;

/// What makes a case hard. p is the precision of the type, k, r, j and δ are integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Random significands and signs, exponents within a few of each other. Catches what is simply wrong:
    /// swapped operands, a lost sign.
    Uniform,
    /// Exponents over the whole range of the type; in two thirds of the cases the products lie within
    /// 2p + 4 binades of each other. Catches wrong alignment and a range guard with a hole.
    Spread,
    /// d = RN(ab/c) ± k ulp, k up to 3: a difference of nearly equal products that are not exact. Catches
    /// plain arithmetic, and a lost error term.
    Neighbours,
    /// ab − cd = k exactly, k from −3 to 3, from products of 2p bits: total cancellation. Catches an error
    /// term that was rounded.
    Cancelling,
    /// ab − cd = (odd number of p + 1 bits)·2^j + δ, δ from −2 to 2: a tie, or next to one. Catches ties
    /// that are not rounded to even, and results rounded twice.
    Ties,
    /// ab lies r from a midpoint, r from −3 to 3, and cd is many binades below, of either sign, or zero.
    /// Catches double rounding: a tiny term that is absorbed before it can break a tie.
    MidpointPlusTiny,
    /// ab lies r from a midpoint and cd within two or three of r, so that the sum is the midpoint or next to
    /// it. Catches rounding to odd in the wrong place.
    MidpointPlusNear,
    /// Cases of the five classes before, scaled: the result in the subnormal range or near it, ties of that
    /// range among them, or the products there. Catches a range guard that is too low, and double rounding.
    Subnormal,
    /// The same cases with the products or the result at the overflow edge, products beyond it that cancel
    /// into the range, and operands with the top exponent. Catches intermediate overflow.
    Overflow,
    /// Significands of 1 to p/2 + 1 bits and small integers, one operand in eight a zero of either sign, as in
    /// fixed-point and axis-aligned data. Catches wrong signs of zeros, and ties that data really has.
    LowPrecision,
    /// Any bit patterns. Catches NaNs that are passed on, and what nobody thought of.
    RandomBits,
    /// All tuples of ±0, the least subnormal and normal numbers, 1, 1 + ulp, 1.5, powers whose squares overflow
    /// and underflow, the greatest number, ±∞ and NaN, in a scrambled order that repeats after
    /// 194,481. Catches special values that are not those of IEEE 754.
    Special,
}

impl Class {
    /// Every class, in the order of the specification.
    pub const ALL: [Self; 12] = [
        Self::Uniform,
        Self::Spread,
        Self::Neighbours,
        Self::Cancelling,
        Self::Ties,
        Self::MidpointPlusTiny,
        Self::MidpointPlusNear,
        Self::Subnormal,
        Self::Overflow,
        Self::LowPrecision,
        Self::RandomBits,
        Self::Special,
    ];

    /// A short name to print.
    pub fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Spread => "spread",
            Self::Neighbours => "neighbours",
            Self::Cancelling => "cancelling",
            Self::Ties => "ties",
            Self::MidpointPlusTiny => "midpoint + tiny",
            Self::MidpointPlusNear => "midpoint + near",
            Self::Subnormal => "subnormal",
            Self::Overflow => "overflow",
            Self::LowPrecision => "low precision",
            Self::RandomBits => "random bits",
            Self::Special => "special",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
