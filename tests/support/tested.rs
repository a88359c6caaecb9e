//! Every element type, integers among them, as tests see it that are about all of them.

use crosslane::{Element, reference};

use super::{Float, Random};

/// An element that tests fill operands with, and compare.
pub trait Tested: Element {
    const NAME: &'static str;

    /// Numbers of many kinds.
    fn any(random: &mut Random) -> Self;

    /// Numbers of many magnitudes and nothing special: every other order of additions has other bits.
    fn ordinary(random: &mut Random) -> Self;

    /// Whether the bits are the same, or both are NaN where any NaN will do.
    fn is(self, other: Self, any_nan: bool) -> bool;

    /// The sum of gradients. Only real numbers have it.
    fn sum(gradients: &[[Self; 3]]) -> [Self; 3];
}

macro_rules! tested {
    (float $t:ty: $sum:expr) => {
        impl Tested for $t {
            const NAME: &'static str = <$t as Float>::NAME;

            fn any(random: &mut Random) -> Self {
                random.value()
            }

            fn ordinary(random: &mut Random) -> Self {
                random.ordinary()
            }

            fn is(self, other: Self, any_nan: bool) -> bool {
                self.bits() == other.bits() || (any_nan && self.same(other))
            }

            fn sum(gradients: &[[Self; 3]]) -> [Self; 3] {
                $sum(gradients)
            }
        }
    };
    (integers $($t:ident)*) => {$(
        impl Tested for $t {
            const NAME: &'static str = stringify!($t);

            fn any(random: &mut Random) -> Self {
                random.bits() as $t
            }

            fn ordinary(random: &mut Random) -> Self {
                random.below(100) as $t
            }

            fn is(self, other: Self, _: bool) -> bool {
                self == other
            }

            fn sum(gradients: &[[Self; 3]]) -> [Self; 3] {
                panic!("{} gradients of integers", gradients.len())
            }
        }
    )*};
}
tested! { float f32: reference::sum }
tested! { float f64: reference::sum }
tested! { integers i8 i16 i32 i64 u8 u16 u32 u64 }

#[cfg(feature = "half")]
mod half_types {
    use super::*;

    fn none<T>(gradients: &[[T; 3]]) -> [T; 3] {
        panic!("{} gradients of half types", gradients.len())
    }

    tested! { float half::f16: none }
    tested! { float half::bf16: none }
}
