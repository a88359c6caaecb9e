//! The classes whose four operands have no relation to each other, or only one of exponents.

use crate::float::{Float, number};
use crate::random::Random;

pub(crate) fn uniform<T: Float>(random: &mut Random) -> [T; 4] {
    [(); 4].map(|()| {
        let exponent = random.between(-3, 3) + 1 - T::PRECISION as i32;
        number(random.flip(), random.significand(T::PRECISION), exponent)
    })
}

pub(crate) fn spread<T: Float>(random: &mut Random) -> [T; 4] {
    // Exponent fields, from that of the subnormals to that of the greatest number.
    let top = (T::INFINITY / T::LEADING) as i32 - 1;
    let [a, b, mut c, mut d] = [(); 4].map(|()| random.between(0, top));
    if random.below(3) < 2 {
        let near = 2 * T::PRECISION as i32 + 4;
        let sum = (a + b + random.between(-near, near)).clamp(0, 2 * top);
        c = random.between((sum - top).max(0), top.min(sum));
        d = sum - c;
    }
    [a, b, c, d].map(|field| {
        let sign = if random.flip() { T::SIGN } else { 0 };
        let fraction = random.bits() % T::LEADING;
        T::from_bits64(sign | (field as u64 * T::LEADING) | fraction)
    })
}

pub(crate) fn low_precision<T: Float>(random: &mut Random) -> [T; 4] {
    let integers = random.flip();
    let bits = 1 + random.below(if integers { 6 } else { T::PRECISION / 2 + 1 });
    [(); 4].map(|()| {
        let significand = match random.below(8) {
            0 => 0,
            _ => {
                let length = 1 + random.below(bits);
                random.significand(length)
            }
        };
        let exponent = if integers { 0 } else { random.between(-3, 3) };
        number(random.flip(), significand, exponent)
    })
}

pub(crate) fn random_bits<T: Float>(random: &mut Random) -> [T; 4] {
    [(); 4].map(|()| T::from_bits64(random.bits()))
}

/// How many values there are, and tuples of four.
pub(crate) const VALUES: u64 = 21;
const TUPLES: u64 = VALUES.pow(4);

pub(crate) fn special<T: Float>(index: u64) -> [T; 4] {
    // Nearly the golden ratio of the tuples, and coprime to them: every tuple once, the first ones far apart.
    const STEP: u64 = 120_196;
    let tuple = index % TUPLES * STEP % TUPLES;
    [1, VALUES, VALUES.pow(2), VALUES.pow(3)].map(|place| value(tuple / place % VALUES))
}

fn value<T: Float>(which: u64) -> T {
    let power = |exponent: i32| (exponent + 1 - T::MIN_EXPONENT) as u64 * T::LEADING;
    let one = power(0);
    let huge = if T::PRECISION == f64::MANTISSA_DIGITS {
        600
    } else {
        75
    };
    let magnitude = match which / 2 {
        0 => 0,
        1 => 1,
        2 => T::LEADING, // the least normal number
        3 => one,
        4 => one + 1,
        5 => one + T::LEADING / 2,
        6 => power(huge),
        7 => power(-huge),
        8 => T::INFINITY - 1,
        9 => T::INFINITY,
        // Not the canonical NaN, so that one that is passed on is seen.
        _ => return T::from_bits64(T::SIGN | T::NAN | 1),
    };
    let sign = if which % 2 == 1 { T::SIGN } else { 0 };
    T::from_bits64(sign | magnitude)
}
