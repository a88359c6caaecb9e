//! Quadruples of integers whose difference of products is prescribed.
//!
//! Separate from their place in the range of a type: here the numbers are integers, relations between them are
//! exact, and nothing can overflow. `place` makes floating-point numbers of them.

use crate::float::{Float, length};
use crate::random::Random;

/// x = a·b·2^exponents\[0\] − c·d·2^exponents\[1\], of integers of p bits (or 2^p).
#[derive(Debug)]
pub(crate) struct Relation {
    pub(crate) significands: [i64; 4],
    pub(crate) exponents: [i32; 2],
    /// The place of half a unit in the last place of x: at a midpoint x is an odd multiple of 2^half.
    pub(crate) half: i32,
}

impl Relation {
    /// d = RN(ab/c) ± k ulp, k up to 3.
    pub(crate) fn neighbours<T: Float>(random: &mut Random) -> Self {
        let p = T::PRECISION;
        let [a, b, c] = [(); 3].map(|()| random.significand(p));
        let product = wide(a, b);
        // ab/c in units of 1/4, p + 1 to p + 3 bits, of which p are kept.
        let quotient = (4 * product / u128::from(c)) as u64;
        let shift = length(quotient) - p as i32;
        let nearest = (quotient + (1 << (shift - 1))) >> shift;
        let k = u64::from(random.below(4));
        let up = random.flip() && nearest + k <= 1 << p;
        let d = if up { nearest + k } else { nearest - k };
        let quarters = (4 * product).abs_diff(wide(c, d) << shift);
        Self {
            significands: [a, b, c, d].map(|x| x as i64),
            exponents: [0, shift - 2],
            half: length(quarters) - 3 - p as i32,
        }
    }

    /// ab − cd = k, k from 0 to 3.
    pub(crate) fn cancelling<T: Float>(random: &mut Random) -> Self {
        let p = T::PRECISION;
        let k = u64::from(random.below(7).div_ceil(2)); // 0 as often as any other, with either sign
        let significands = if k == 0 {
            // The way below would give b = d = 0. These are two factorisations of one number.
            let [short, long] = [p / 2, p - p / 2];
            let [x, w] = [(); 2].map(|()| random.significand(short));
            let [y, z] = [(); 2].map(|()| random.significand(long));
            [x * y, z * w, x * z, y * w]
        } else {
            let (a, c, inverse) = coprime::<T>(random);
            let b = k * inverse % c;
            let d = (wide(a, b) - u128::from(k)) / u128::from(c);
            [a, b, c, d as u64]
        };
        Self {
            significands: significands.map(|x| x as i64),
            exponents: [0, 0],
            half: length(k) - 1 - p as i32,
        }
    }

    /// ab − cd = odd·2^j + δ, δ from −2 to 2, for any j that leaves d p bits: |d| is at most the greater of a
    /// and (ab − cd)/c, so a difference of 2p − 1 bits is small enough.
    pub(crate) fn tie<T: Float>(random: &mut Random, odd: u64) -> Self {
        let j = random.between(0, 2 * T::PRECISION as i32 - 1 - length(odd));
        let difference = (i128::from(odd) << j) + i128::from(random.between(-2, 2));
        let (a, c, inverse) = coprime::<T>(random);
        let rest = difference.rem_euclid(c.into()) as u64;
        let b = (wide(rest, inverse) % u128::from(c)) as u64;
        let d = (wide(a, b) as i128 - difference) / i128::from(c);
        Self {
            significands: [a as i64, b as i64, c as i64, d as i64],
            exponents: [0, 0],
            half: j,
        }
    }

    /// ab lies r from a midpoint, r from −3 to 3, and cd is less than one, by up to 3p binades, or zero.
    /// `kept` is the number of bits above the last place of the result.
    pub(crate) fn midpoint_and_tiny<T: Float>(random: &mut Random, kept: u32) -> Self {
        let p = T::PRECISION;
        // Half of them at the midpoint, where the tiny term decides.
        let r = if random.flip() {
            0
        } else {
            random.between(-3, 3)
        };
        let (a, b, half) = beside_midpoint::<T>(random, kept, r.into());
        let c = random.significand(p);
        let d = match random.below(8) {
            0 => 0,
            _ => random.significand(p),
        };
        let below_one = random.between(0, 3 * p as i32);
        Self {
            significands: [a, b, signed(random.flip(), c), d as i64],
            exponents: [0, -2 * p as i32 - below_one],
            half,
        }
    }

    /// ab lies r from a midpoint, and cd, any number below 2^(p−2), within two or three of r. It is an integer,
    /// or has any bits below one, or is 2^-p·e from an integer, e from −3 to 3.
    pub(crate) fn midpoint_and_near<T: Float>(random: &mut Random, kept: u32) -> Self {
        let p = T::PRECISION;
        let (c, d, shift) = if random.below(3) < 2 {
            let [c, d] = [(); 2].map(|()| {
                let length = 1 + random.below(p);
                random.significand(length)
            });
            (c, d, (length(c) + length(d) - (p as i32 - 2)).max(0))
        } else {
            let length = 1 + random.below(p - 2);
            let c = random.significand(length) | 1;
            let e = random.between(-3, 3) as u64; // negative ones modulo 2^64
            let d = inverse_modulo_power(c).wrapping_mul(e) % (1 << p);
            (c, d, p as i32)
        };
        let integer = (wide(c, d) >> shift) as u64;
        let negative = random.flip();
        let r = signed(negative, integer) + i64::from(random.between(-2, 2));
        let (a, b, half) = beside_midpoint::<T>(random, kept, r);
        Self {
            significands: [a, b, signed(negative, c), d as i64],
            exponents: [0, -shift],
            half,
        }
    }
}

/// a of `kept` bits and b of p bits or fewer, with ab = (odd)·2^half + r, where `kept` bits lie above 2^half.
///
/// Any odd a has an inverse modulo 2^(half+1), so b is determined but for its bits above. That ab then has
/// the right length is a matter of chance, about a half; after twelve failures it is not insisted on.
fn beside_midpoint<T: Float>(random: &mut Random, kept: u32, r: i64) -> (i64, i64, i32) {
    let p = T::PRECISION;
    let mut found = (0, 0, 0);
    for _ in 0..12 {
        let a = random.significand(kept) | 1;
        let inverse = inverse_modulo_power(a);
        for dropped in [p, p - 1] {
            let rest = (1_i64 << (dropped - 1)) + r;
            let b = inverse.wrapping_mul(rest as u64) % (1 << dropped);
            let b = if dropped < p { b | 1 << (p - 1) } else { b };
            found = (a as i64, b as i64, dropped as i32 - 1);
            if length(wide(a, b)) == (kept + dropped) as i32 {
                return found;
            }
        }
    }
    found
}

/// Coprime numbers a and c of p bits, and the inverse of a modulo c.
fn coprime<T: Float>(random: &mut Random) -> (u64, u64, u64) {
    loop {
        let a = random.significand(T::PRECISION);
        // Not both even, which would be the most frequent common factor.
        let c = random.significand(T::PRECISION) | (!a & 1);
        if let Some(inverse) = inverse_modulo(a, c) {
            return (a, c, inverse);
        }
    }
}

/// a⁻¹ modulo m by the extended Euclidean algorithm, for numbers of 62 bits or fewer.
fn inverse_modulo(a: u64, m: u64) -> Option<u64> {
    let (mut r0, mut r1) = (m, a);
    let (mut t0, mut t1) = (0_i64, 1_i64); // tₙ·a is rₙ modulo m, and |tₙ| is at most m
    while r1 != 0 {
        let quotient = r0 / r1;
        (r0, r1) = (r1, r0 - quotient * r1);
        (t0, t1) = (t1, t0 - quotient as i64 * t1);
    }
    (r0 == 1).then(|| t0.rem_euclid(m as i64) as u64)
}

/// a⁻¹ modulo 2^64 of an odd number: a is right to 3 bits, and each of Newton's steps doubles them.
fn inverse_modulo_power(a: u64) -> u64 {
    let step = |x: u64| x.wrapping_mul(2_u64.wrapping_sub(a.wrapping_mul(x)));
    step(step(step(step(step(a)))))
}

fn wide(x: u64, y: u64) -> u128 {
    u128::from(x) * u128::from(y)
}

fn signed(negative: bool, magnitude: u64) -> i64 {
    let magnitude = magnitude as i64;
    if negative { -magnitude } else { magnitude }
}
