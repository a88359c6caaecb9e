//! Numbers of the language as formulas see them: for the reference.

use super::number::{DOUBLE, SINGLE};
use super::{Exact, Floats};
use crate::exact;

macro_rules! floats {
    ($number:ident, $atan2:path, $squares:path) => {
        impl Floats for $number {
            #[inline(always)]
            fn root(self) -> Self {
                self.sqrt()
            }

            #[inline(always)]
            fn one_if_zero(self) -> Self {
                if self == 0.0 { 1.0 } else { self }
            }

            #[inline(always)]
            fn half(self) -> Self {
                0.5 * self
            }

            /// Not the system's, which is not the same everywhere.
            fn atan2(self, x: Self) -> Self {
                $atan2(self, x + 0.0) // of zeros, +0
            }

            fn are_squares_in_range(self) -> bool {
                ($squares.least..=$squares.most).contains(&self)
            }

            fn scale_of_square(self) -> Self {
                let squares = $squares;
                if self < squares.least {
                    squares.up
                } else if self > squares.most {
                    squares.down
                } else {
                    1.0
                }
            }

            #[inline(always)]
            fn all(self, x: f64) -> Self {
                x as Self
            }
        }
    };
}
floats! { f32, libm::atan2f, SINGLE }
floats! { f64, libm::atan2, DOUBLE }

/// As plain as it gets: by integers where they are exact, and with the one fused operation of the language.
impl Exact for f64 {
    fn error_of_product(a: Self, b: Self, p: Self) -> Self {
        a.mul_add(b, -p)
    }

    fn reciprocal(self) -> Self {
        1.0 / self
    }

    fn difference_to_odd(self, y: Self) -> Self {
        let difference = self - y;
        let t = difference - self;
        let error = (self - (difference - t)) - (y + t);
        if error == 0.0 || error.is_nan() {
            return difference;
        }
        let truncated = if (error < 0.0) == (difference < 0.0) {
            difference.to_bits()
        } else {
            difference.to_bits() - 1
        };
        Self::from_bits(truncated | 1)
    }

    fn rounded_cross(a: [Self; 3], b: [Self; 3]) -> [Self; 3] {
        let difference = exact::difference_of_products;
        [
            difference(a[1], b[2], a[2], b[1]),
            difference(a[2], b[0], a[0], b[2]),
            difference(a[0], b[1], a[1], b[0]),
        ]
    }

    fn greater_magnitude(self, y: Self) -> Self {
        self.abs().max(y.abs())
    }

    fn exponent(self) -> Self {
        let field = self.to_bits() >> 52 & 0x7ff;
        (field as Self - 1023.0).min(1022.0)
    }

    fn within_a_thousand(self) -> Self {
        self.clamp(-1000.0, 1000.0)
    }

    fn power_of_two(self) -> Self {
        Self::from_bits(((self + 1023.0) as u64) << 52)
    }

    fn inverse_power_of_two(self) -> Self {
        Self::from_bits(((1023.0 - self) as u64) << 52)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_that_is_no_number_is_the_odd_one_of_its_neighbours() {
        let (last, less) = (f64::EPSILON, f64::EPSILON / 256.0);
        for (x, y, expected) in [
            // 1 is even, what comes next odd.
            (1.0, -less, 1.0 + last),
            (1.0 + last, less, 1.0 + last),
            (1.0 + last, -less, 1.0 + last),
            (1.0 + 2.0 * last, less, 1.0 + last),
            (1.0 + 2.0 * last, -less, 1.0 + 3.0 * last),
            // Numbers stay, odd or even.
            (1.0 + 2.0 * last, last, 1.0 + last),
            (1.0 + 3.0 * last, last, 1.0 + 2.0 * last),
        ] {
            assert_eq!(x.difference_to_odd(y), expected, "{x:e} - {y:e}");
            assert_eq!((-x).difference_to_odd(-y), -expected, "-{x:e} + {y:e}");
        }
        assert_eq!(
            f64::INFINITY.difference_to_odd(1.0),
            f64::INFINITY,
            "no error"
        );
    }
}
