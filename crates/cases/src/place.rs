//! Floating-point numbers with a prescribed relation, in a prescribed part of the range.
//!
//! Powers of two scale both products alike and are split between the two factors of each, at random. Signs
//! change in pairs and factors and products change places, which leaves the relation as it was, up to the
//! sign of the difference.

use core::ops::RangeInclusive;

use crate::float::{Float, length, number};
use crate::random::Random;
use crate::relation::Relation;

/// Operands, difference and products normal, but for tiny ones: half of the cases near one, half anywhere.
pub(crate) fn normal<T: Float>(relation: &Relation, random: &mut Random) -> [T; 4] {
    let limits = relation.significands.map(normal_exponents::<T>);
    let scale = if random.flip() {
        random.between(-4, 4) - 2 * T::PRECISION as i32
    } else {
        let possible = scales(relation, &limits);
        let low = T::LEAST_EXPONENT - relation.half;
        let high = T::MAX_EXPONENT - 2 - leading(relation);
        random.between(low.max(*possible.start()), high.min(*possible.end()))
    };
    place(relation, &limits, scale, random)
}

/// The difference in the subnormal range or near it, or else the products.
pub(crate) fn subnormal<T: Float>(random: &mut Random) -> [T; 4] {
    let p = T::PRECISION;
    let (relation, lower) = match random.below(6) {
        0 => (Relation::neighbours::<T>(random), true),
        1 => (Relation::cancelling::<T>(random), true),
        2 | 3 => {
            let length = fewer_bits(random, p + 1);
            let odd = random.significand(length) | 1;
            (Relation::tie::<T>(random, odd), false)
        }
        4 => {
            let kept = fewer_bits(random, p);
            (Relation::midpoint_and_tiny::<T>(random, kept), false)
        }
        _ => {
            let kept = fewer_bits(random, p);
            (Relation::midpoint_and_near::<T>(random, kept), false)
        }
    };
    let scale = if random.below(3) < 2 {
        // Half of the least subnormal number is where the half of the last place has to be.
        let half = T::LEAST_EXPONENT - 1 - relation.half;
        // These have as many bits as a normal number, and lose them further down.
        half - if lower {
            random.between(-2, p as i32 + 2)
        } else {
            0
        }
    } else {
        let [above, below] = [2 * p as i32 + 4, p as i32 + 3];
        T::MIN_EXPONENT + random.between(-below, above) - leading(&relation)
    };
    let limits = relation.significands.map(finite_exponents::<T>);
    place(&relation, &limits, scale, random)
}

/// The bits that a number in the subnormal range keeps: from 1 to `most`, the ends of that range more often.
fn fewer_bits(random: &mut Random, most: u32) -> u32 {
    match random.below(4) {
        0 => 1 + random.below(2),
        1 => most - random.below(2),
        _ => 1 + random.below(most),
    }
}

/// The difference or the products at the overflow edge.
pub(crate) fn overflow<T: Float>(random: &mut Random) -> [T; 4] {
    let p = T::PRECISION;
    let relation = match random.below(5) {
        0 => Relation::neighbours::<T>(random),
        1 => Relation::cancelling::<T>(random),
        2 => {
            // All ones: halfway between the greatest number and the next one, which would be infinite.
            let odd = random.significand(p + 1) | 1;
            let odd = if random.flip() { odd } else { (2 << p) - 1 };
            Relation::tie::<T>(random, odd)
        }
        3 => Relation::midpoint_and_tiny::<T>(random, p),
        _ => Relation::midpoint_and_near::<T>(random, p),
    };
    let scale = if random.flip() {
        T::MAX_EXPONENT - p as i32 - relation.half + [-1, 0, 0, 1][random.below(4) as usize]
    } else {
        T::MAX_EXPONENT + random.between(-1, 2) - leading(&relation)
    };
    let limits = relation.significands.map(finite_exponents::<T>);
    place(&relation, &limits, scale, random)
}

/// The exponent of the first product, before scaling, or one less.
fn leading(relation: &Relation) -> i32 {
    let [a, b, ..] = relation.significands.map(i64::unsigned_abs);
    length(a) + length(b) - 2 + relation.exponents[0]
}

type Limits = RangeInclusive<i32>;

/// The exponents that make a normal number of an integer.
fn normal_exponents<T: Float>(significand: i64) -> Limits {
    let length = length(significand.unsigned_abs());
    T::MIN_EXPONENT + 1 - length..=T::MAX_EXPONENT + 1 - length
}

/// The exponents that make any number of an integer: a subnormal one if nothing is lost.
fn finite_exponents<T: Float>(significand: i64) -> Limits {
    let zeros = significand.trailing_zeros() as i32;
    T::LEAST_EXPONENT - zeros..=*normal_exponents::<T>(significand).end()
}

/// What a pair of factors admits for the exponent of their product.
fn together(x: &Limits, y: &Limits) -> Limits {
    x.start() + y.start()..=x.end() + y.end()
}

/// What both products admit for the scale.
fn scales(relation: &Relation, [a, b, c, d]: &[Limits; 4]) -> Limits {
    let [x, y] = relation.exponents;
    let [ab, cd] = [together(a, b), together(c, d)];
    (ab.start() - x).max(cd.start() - y)..=(ab.end() - x).min(cd.end() - y)
}

fn place<T: Float>(
    relation: &Relation,
    limits: &[Limits; 4],
    scale: i32,
    random: &mut Random,
) -> [T; 4] {
    let possible = scales(relation, limits);
    let scale = scale.clamp(*possible.start(), *possible.end());
    let [la, lb, lc, ld] = limits;
    let [x, y] = relation.exponents;
    let (ea, eb) = split(scale + x, la, lb, random);
    let (ec, ed) = split(scale + y, lc, ld, random);
    let [first, second, both] = [(); 3].map(|()| random.flip());
    let negate = [first != both, first, second != both, second];
    let exponents = [ea, eb, ec, ed];
    let [a, b, c, d] = [0, 1, 2, 3].map(|i| {
        let significand = relation.significands[i];
        let negative = (significand < 0) != negate[i];
        number(negative, significand.unsigned_abs(), exponents[i])
    });
    match random.below(4) {
        0 => [a, b, c, d],
        1 => [b, a, d, c],
        2 => [c, d, a, b],
        _ => [d, c, b, a],
    }
}

/// Exponents of two factors with this sum: close together, anywhere, or one of them as far as it goes.
fn split(sum: i32, x: &Limits, y: &Limits, random: &mut Random) -> (i32, i32) {
    let low = (sum - y.end()).max(*x.start());
    let high = (sum - y.start()).min(*x.end());
    let first = match random.below(8) {
        0..4 => (sum.div_euclid(2) + random.between(-2, 2)).clamp(low, high),
        4..6 => random.between(low, high),
        6 => low,
        _ => high,
    };
    (first, sum - first)
}
