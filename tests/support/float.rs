//! Element types, as the tests see them.

use std::fmt::{Debug, LowerHex};

use crosslane::Element;

/// What the tests need to know of an element.
pub trait Float: Element {
    type Bits: Copy + Eq + LowerHex + Debug;
    const NAME: &'static str;
    /// Values at which arithmetic changes its behaviour.
    const SPECIAL: &'static [Self];
    /// How many of these, from the first on, are not large.
    const MODERATE: usize = 10;
    fn bits(self) -> Self::Bits;
    fn from_random(bits: u64) -> Self;
    fn from_single(x: f32) -> Self;
    /// A number near one, with all the bits that the type has.
    fn near_one(bits: u64) -> Self;
    fn nan(self) -> bool;

    fn same(self, other: Self) -> bool {
        self.bits() == other.bits() || (self.nan() && other.nan())
    }
}

macro_rules! float {
    ($t:ident, $bits:ident, $huge:expr, $tiny:expr, $from_single:path) => {
        impl Float for $t {
            type Bits = $bits;
            const NAME: &'static str = stringify!($t);
            const SPECIAL: &'static [Self] = &[
                0.0,
                -0.0,
                1.0,
                -1.0,
                1.5,
                1.0 + $t::EPSILON,
                $t::from_bits(1),
                -$t::from_bits(1),
                $t::MIN_POSITIVE,
                $t::MIN_POSITIVE - $t::from_bits(1),
                $huge,
                -$huge,
                $tiny,
                $t::MAX,
                -$t::MAX,
                $t::INFINITY,
                $t::NEG_INFINITY,
                $t::NAN,
            ];
            fn bits(self) -> $bits {
                self.to_bits()
            }
            fn from_random(bits: u64) -> Self {
                $t::from_bits(bits as $bits)
            }
            fn from_single(x: f32) -> Self {
                $from_single(x)
            }
            fn near_one(bits: u64) -> Self {
                bits as i64 as $t / (1_u64 << 62) as $t
            }
            fn nan(self) -> bool {
                self.is_nan()
            }
        }
    };
}
float!(f32, u32, 1e30, 1e-30, f32::from);
float!(f64, u64, 1e200, 1e-200, f64::from);

#[cfg(feature = "half")]
mod half_types {
    use super::Float;

    macro_rules! half {
        ($t:ident, $huge:literal, $tiny:literal) => {
            impl Float for half::$t {
                type Bits = u16;
                const NAME: &'static str = stringify!($t);
                const SPECIAL: &'static [Self] = &[
                    Self::ZERO,
                    Self::NEG_ZERO,
                    Self::ONE,
                    Self::NEG_ONE,
                    Self::from_f32_const(1.5),
                    Self::from_bits(Self::ONE.to_bits() + 1),
                    Self::from_bits(1),
                    Self::from_bits(0x8001),
                    Self::MIN_POSITIVE,
                    Self::from_bits(Self::MIN_POSITIVE.to_bits() - 1),
                    Self::from_f32_const($huge),
                    Self::from_f32_const(-$huge),
                    Self::from_f32_const($tiny),
                    Self::MAX,
                    Self::MIN,
                    Self::INFINITY,
                    Self::NEG_INFINITY,
                    Self::NAN,
                ];
                fn bits(self) -> u16 {
                    self.to_bits()
                }
                fn from_random(bits: u64) -> Self {
                    Self::from_bits(bits as u16)
                }
                fn from_single(x: f32) -> Self {
                    Self::from_f32_const(x)
                }
                fn near_one(bits: u64) -> Self {
                    Self::from_f32_const(bits as i64 as f32 / (1_u64 << 62) as f32)
                }
                fn nan(self) -> bool {
                    self.is_nan()
                }
                /// NaN is one of them: the canonical one.
                fn same(self, other: Self) -> bool {
                    self.bits() == other.bits()
                }
            }
        };
    }
    half!(f16, 300.0, 0.0003);
    half!(bf16, 1e30, 1e-30);
}
