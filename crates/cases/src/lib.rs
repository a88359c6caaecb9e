//! Inputs on which a difference of products is hard to round.
//!
//! Every component of a cross product is x = a·b − c·d. This crate makes quadruples `[a, b, c, d]` for which
//! rounding x once, to nearest even, is hard: products that cancel, sums at a midpoint or next to one,
//! results in the subnormal range and at the overflow edge. They are the same on every platform and can be
//! made in any order. [`nearest`] and [`error_in_ulps`] judge a result in arbitrary precision.
//!
//! [`derived`] has lengths, angles, volumes and gradients, in arbitrary precision, too.
//!
//! Separate from `crosslane`, and without it among the dependencies, because it serves the tests of the
//! library, its fuzz targets and `crosslane verify`, and because a judge should share no code with those that
//! it judges. No floating-point operation takes part in making a case or in [`nearest`], so that no rounding
//! mode and no flush-to-zero can alter either.
//!
//! ```
//! use crosslane_cases::{Class, error_in_ulps, nearest, quadruple};
//!
//! let [a, b, c, d] = quadruple::<f64>(Class::Cancelling, 1, 7);
//! let exact = nearest([a, b, c, d]);
//! assert_eq!(error_in_ulps([a, b, c, d], exact), 0.0); // the difference is a small integer, scaled
//! assert!(error_in_ulps([a, b, c, d], a * b - c * d) > 1e10); // all digits are lost
//! ```

#![forbid(unsafe_code)]

pub mod big;
mod class;
pub mod derived;
mod exact;
mod float;
mod numbered;
mod place;
mod plain;
mod random;
mod relation;

#[cfg(test)]
mod tests;

pub use class::Class;
pub use exact::{error_in_ulps, nearest};
pub use float::Float;
pub use numbered::{Numbered, numbered};

use random::Random;
use relation::Relation;

/// The case of a class with this index: `[a, b, c, d]` with a·b − c·d to be rounded.
///
/// A pure function, for batches to be made in any order on any thread. [`Class::Special`] is an enumeration
/// and does not depend on the seed.
pub fn quadruple<T: Float>(class: Class, seed: u64, index: u64) -> [T; 4] {
    let random = &mut Random::new(class, seed, index);
    match class {
        Class::Uniform => plain::uniform(random),
        Class::Spread => plain::spread(random),
        Class::Neighbours => place::normal(&Relation::neighbours::<T>(random), random),
        Class::Cancelling => place::normal(&Relation::cancelling::<T>(random), random),
        Class::Ties => {
            let odd = random.significand(T::PRECISION + 1) | 1;
            place::normal(&Relation::tie::<T>(random, odd), random)
        }
        Class::MidpointPlusTiny => {
            let relation = Relation::midpoint_and_tiny::<T>(random, T::PRECISION);
            place::normal(&relation, random)
        }
        Class::MidpointPlusNear => {
            let relation = Relation::midpoint_and_near::<T>(random, T::PRECISION);
            place::normal(&relation, random)
        }
        Class::Subnormal => place::subnormal(random),
        Class::Overflow => place::overflow(random),
        Class::LowPrecision => plain::low_precision(random),
        Class::RandomBits => plain::random_bits(random),
        Class::Special => plain::special(index),
    }
}

/// The case with this index of all classes in turn, and its class.
pub fn case<T: Float>(seed: u64, index: u64) -> (Class, [T; 4]) {
    let classes = Class::ALL.len() as u64;
    let class = Class::ALL[(index % classes) as usize];
    (class, quadruple(class, seed, index / classes))
}

/// Vectors a and b whose cross product has a·b − c·d of the quadruple as this component (0, 1 or 2). It does
/// not depend on the spare numbers, one for each vector.
///
/// # Panics
/// If `component` is greater than 2.
pub fn vectors<T: Float>(
    [a, b, c, d]: [T; 4],
    component: usize,
    spare: [T; 2],
) -> ([T; 3], [T; 3]) {
    // Component k of a cross product is aᵢ·bⱼ − aⱼ·bᵢ with k, i, j in cyclic order.
    let (i, j) = ((component + 1) % 3, (component + 2) % 3);
    let [mut first, mut second] = spare.map(|x| [x; 3]);
    assert!(component < first.len(), "no component {component} of 3");
    (first[i], second[j]) = (a, b);
    (first[j], second[i]) = (c, d);
    (first, second)
}
