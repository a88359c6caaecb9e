//! Numbers of any size and precision: integers times powers of two. Sums and products are exact; quotients, roots and arcs have
//! [`DIGITS`] bits that are right.

use core::ops::{Add, Mul, Neg, Sub};

use num_bigint::{BigInt, Sign};

use crate::float::{Float, length, number};

/// Bits of what cannot be exact.
pub const DIGITS: u64 = 300;

/// magnitude · 2^exponent.
#[derive(Clone, Debug)]
pub struct Big {
    integer: BigInt,
    exponent: i64,
}

impl Big {
    /// An integer.
    pub fn integer(n: i64) -> Self {
        Self {
            integer: n.into(),
            exponent: 0,
        }
    }

    /// 2^k.
    pub fn power_of_two(k: i64) -> Self {
        Self {
            integer: 1.into(),
            exponent: k,
        }
    }

    /// A finite number.
    ///
    /// # Panics
    /// If it is not.
    pub fn of<T: Float>(x: T) -> Self {
        let bits = x.to_bits64();
        let magnitude = bits & !T::SIGN & (T::SIGN - 1);
        assert!(magnitude < T::INFINITY, "{x:?} is finite");
        let (field, fraction) = (magnitude / T::LEADING, magnitude % T::LEADING);
        let significand = match field {
            0 => fraction,
            _ => T::LEADING + fraction,
        };
        let integer = BigInt::from(significand);
        Self {
            integer: if bits & T::SIGN == 0 {
                integer
            } else {
                -integer
            },
            exponent: i64::from(T::LEAST_EXPONENT) + field.saturating_sub(1) as i64,
        }
    }

    /// Whether this is zero.
    pub fn is_zero(&self) -> bool {
        self.integer.sign() == Sign::NoSign
    }

    /// Whether this is below zero.
    pub fn is_negative(&self) -> bool {
        self.integer.sign() == Sign::Minus
    }

    /// |x|.
    pub fn abs(&self) -> Self {
        Self {
            integer: self.integer.magnitude().clone().into(),
            exponent: self.exponent,
        }
    }

    /// log₂|x|, rounded down; of zero, a number below all others.
    pub fn log2(&self) -> i64 {
        if self.is_zero() {
            return i64::MIN / 4;
        }
        self.integer.bits() as i64 + self.exponent - 1
    }

    /// Cut to [`DIGITS`] bits.
    #[must_use]
    pub fn cut(self) -> Self {
        let rest = self.integer.bits().saturating_sub(DIGITS);
        Self {
            integer: self.integer >> rest,
            exponent: self.exponent + rest as i64,
        }
    }

    /// The square root of what is not negative.
    #[must_use]
    pub fn sqrt(&self) -> Self {
        let missing = (2 * DIGITS).saturating_sub(self.integer.bits());
        let shift = missing + (missing + self.exponent.rem_euclid(2) as u64) % 2;
        Self {
            integer: (&self.integer << shift).sqrt(),
            exponent: (self.exponent - shift as i64).div_euclid(2),
        }
    }

    /// x / y.
    ///
    /// # Panics
    /// If y is zero.
    #[must_use]
    pub fn over(&self, y: &Self) -> Self {
        let shift = (DIGITS + y.integer.bits()).saturating_sub(self.integer.bits());
        Self {
            integer: (&self.integer << shift) / &y.integer,
            exponent: self.exponent - shift as i64 - y.exponent,
        }
    }

    /// The angle of the point (x, y) of the upper half plane, from 0 to π.
    #[must_use]
    pub fn atan2(y: &Self, x: &Self) -> Self {
        if y.is_zero() && !x.is_negative() {
            return Self::integer(0);
        }
        // Half the angle has the tangent y / (r + x), or (r − x) / y where x is negative.
        let r = (x * x + y * y).cut().sqrt();
        let tangent = if x.is_negative() {
            let over = (&r - x).cut();
            // Near π: twice the small angle on the other side is taken from it.
            return &Self::pi() - &Self::integer(2) * Self::atan(y.over(&over));
        } else {
            y.over(&(&r + x).cut())
        };
        &Self::integer(2) * Self::atan(tangent)
    }

    /// The arc of a tangent up to 1.
    fn atan(mut t: Self) -> Self {
        if t.is_zero() {
            return t;
        }
        let mut doublings = 0;
        while t.log2() > -12 {
            // The tangent of half the arc.
            let root = (&Self::integer(1) + &t * &t).cut().sqrt();
            t = t.over(&(&root + Self::integer(1)).cut());
            doublings += 1;
        }
        let square = (&t * &t).cut();
        let (mut power, mut sum, mut n) = (t.clone(), t.clone(), 3);
        while power.log2() > t.log2() - DIGITS as i64 {
            power = -(&power * &square).cut();
            sum = (&sum + power.over(&Self::integer(n))).cut();
            n += 2;
        }
        sum.exponent += doublings;
        sum
    }

    /// π, by Machin's formula.
    pub fn pi() -> Self {
        let arc = |n| Self::atan(Self::integer(1).over(&Self::integer(n)));
        &Self::integer(16) * arc(5) - &Self::integer(4) * arc(239)
    }

    /// The nearest `f64` but for the rounding; beyond its range, infinity or zero.
    pub fn to_f64(&self) -> f64 {
        let rest = self.integer.bits().saturating_sub(53);
        let leading = self.integer.magnitude() >> rest;
        let leading = leading.iter_u64_digits().next().unwrap_or(0);
        let power = self.exponent + rest as i64;
        let sign = if self.is_negative() { -1.0 } else { 1.0 };
        if leading == 0 {
            return 0.0;
        }
        match power + i64::from(length(leading)) {
            ..-1000 => 0.0,
            1001.. => sign * f64::INFINITY,
            _ => sign * number::<f64>(false, leading, power as i32),
        }
    }
}

impl Add for &Big {
    type Output = Big;

    fn add(self, y: Self) -> Big {
        let (low, high) = if self.exponent < y.exponent {
            (self, y)
        } else {
            (y, self)
        };
        if low.is_zero() || high.is_zero() {
            return if low.is_zero() {
                high.clone()
            } else {
                low.clone()
            };
        }
        Big {
            integer: &low.integer + (&high.integer << (high.exponent - low.exponent)),
            exponent: low.exponent,
        }
    }
}

impl Neg for &Big {
    type Output = Big;

    fn neg(self) -> Big {
        Big {
            integer: -&self.integer,
            exponent: self.exponent,
        }
    }
}

impl Sub for &Big {
    type Output = Big;

    fn sub(self, y: Self) -> Big {
        self + &-y
    }
}

impl Mul for &Big {
    type Output = Big;

    fn mul(self, y: Self) -> Big {
        Big {
            integer: &self.integer * &y.integer,
            exponent: self.exponent + y.exponent,
        }
    }
}

macro_rules! owned {
    ($($operator:ident $method:ident)*) => {
        $(
            impl $operator for Big {
                type Output = Self;

                fn $method(self, y: Self) -> Self {
                    $operator::$method(&self, &y)
                }
            }

            impl $operator<Big> for &Big {
                type Output = Big;

                fn $method(self, y: Big) -> Big {
                    $operator::$method(self, &y)
                }
            }

            impl $operator<&Big> for Big {
                type Output = Self;

                fn $method(self, y: &Self) -> Self {
                    $operator::$method(&self, y)
                }
            }
        )*
    };
}
owned! { Add add Sub sub Mul mul }

impl Neg for Big {
    type Output = Self;

    fn neg(self) -> Self {
        -&self
    }
}
