//! Vectors to compute from: at all angles, at all scales, uneven, cancelling, and thin triangles far from the origin.

use crosslane::Real;
use crosslane_cases::big::Big;
use crosslane_cases::{Float as Format, case, vectors};

use crate::support::{Float, Random};

/// What a quantity is computed from.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Inputs {
    /// Vectors of any scale.
    Vectors,
    /// Vectors a and b, and tangents of these of a scale that is not too far.
    Tangents,
    /// Corners of triangles.
    Triangles,
    /// Four corners of polygons, in one plane or not.
    Polygons,
}

/// Vectors a, b, g, h; the first component of g is the upstream gradient of a number.
pub(crate) struct Cases<T> {
    pub(crate) vectors: [Vec<[T; 3]>; 4],
    pub(crate) numbers: Vec<T>,
}

pub(crate) trait Number: Float + Format + Real {
    /// From −log₂ of the least subnormal number to log₂ of the greatest.
    const EXPONENTS: (i64, i64);
    fn scaled(x: f64, exponent: i64) -> Self;
}

impl Number for f32 {
    const EXPONENTS: (i64, i64) = (-149, 127);

    fn scaled(x: f64, exponent: i64) -> Self {
        (x * 2.0_f64.powi(exponent as i32)) as Self
    }
}

impl Number for f64 {
    const EXPONENTS: (i64, i64) = (-1074, 1023);

    fn scaled(x: f64, exponent: i64) -> Self {
        let half = exponent / 2;
        x * 2.0_f64.powi(half as i32) * 2.0_f64.powi((exponent - half) as i32)
    }
}

fn near_one(random: &mut Random) -> [f64; 3] {
    [0; 3].map(|_| f64::near_one(random.bits()))
}

/// a and b at an angle from 1e-15 to π, most of them small or nearly π.
fn at_an_angle(random: &mut Random) -> [[f64; 3]; 2] {
    let (a, other) = (near_one(random), near_one(random));
    let tangent = 10.0_f64.powi(-(random.below(16) as i32)) * (1.0 + random.below(9) as f64);
    let sign = if random.below(2) == 0 { 1.0 } else { -1.0 };
    [a, [0, 1, 2].map(|k| sign * (a[k] + tangent * other[k]))]
}

/// Some components zero, small integers, or of another size.
fn roughened(v: [f64; 3], random: &mut Random) -> [f64; 3] {
    match random.below(6) {
        0 => {
            let mut v = v;
            v[random.below(3)] = 0.0;
            v
        }
        1 => v.map(|x| (8.0 * x).round()),
        2 => {
            let mut v = v;
            v[random.below(3)] *= 2.0_f64.powi(-(random.below(60) as i32));
            v
        }
        _ => v,
    }
}

impl<T: Number> Cases<T> {
    pub(crate) fn new(of: Inputs, len: usize) -> Self {
        let random = &mut Random(5);
        let mut cases = Self {
            vectors: [const { Vec::new() }; 4],
            numbers: Vec::new(),
        };
        for i in 0..len {
            let vectors = if i % 8 == 7 && of == Inputs::Vectors {
                hard(i as u64, random)
            } else {
                let ([a, b], g, h) = (at_an_angle(random), near_one(random), near_one(random));
                if of == Inputs::Triangles {
                    triangle(i, [a, b], random)
                } else if of == Inputs::Polygons {
                    polygon(i, [a, b, g], random)
                } else {
                    let mut v = [a, b, g, h].map(|v| {
                        let (low, high) = T::EXPONENTS;
                        // Mostly where nothing ends in overflow, sometimes anywhere.
                        let spread = if i.is_multiple_of(8) { 1 } else { 5 };
                        let range = (high - low) as usize / spread;
                        let middle = (high + low) / 2 - 9; // components are up to 200
                        let exponent = middle + random.below(range) as i64 - range as i64 / 2;
                        roughened(v, random).map(|x| T::scaled(x, exponent))
                    });
                    if of == Inputs::Tangents {
                        // Of a and b, and no more than 2^60 from them.
                        let mut near = |v: [T; 3]| {
                            let k = random.below(120) as i64 - 60;
                            let near = v.map(|x| x * T::scaled(near_one(random)[0], k));
                            if near.iter().all(|x| is_finite(*x)) {
                                near
                            } else {
                                v
                            }
                        };
                        (v[2], v[3]) = (near(v[0]), near(v[1]));
                    }
                    v
                }
            };
            let [a, mut b, mut g, h] = vectors;
            match i % 64 {
                5 => b = a,
                6 => g = a,
                _ => {}
            }
            for (all, v) in cases.vectors.iter_mut().zip([a, b, g, h]) {
                all.push(v);
            }
            cases.numbers.push(g[0]);
        }
        cases
    }

    pub(crate) fn input(&self, i: usize) -> [[T; 3]; 4] {
        self.vectors.each_ref().map(|all| all[i])
    }
}

/// Products that cancel, from the hard cases.
fn hard<T: Number>(index: u64, random: &mut Random) -> [[T; 3]; 4] {
    loop {
        let (_, [a, b, c, d]) = case::<T>(5, index.wrapping_mul(977) + random.bits() % 1_000);
        let (first, second) = vectors([a, b, c, d], random.below(3), [a, d]);
        let finite = |v: &[T; 3]| v.iter().all(|x| is_finite(*x));
        if finite(&first) && finite(&second) && [first, second].iter().all(|v| is_even(v)) {
            let g = near_one(random).map(|x| T::scaled(x, 0));
            return [first, second, g, near_one(random).map(|x| T::scaled(x, 0))];
        }
    }
}

/// Corners of a triangle with such edges, the last twice.
fn triangle<T: Number>(i: usize, [a, b]: [[f64; 3]; 2], random: &mut Random) -> [[T; 3]; 4] {
    let [p, q, r, _] = corners(i, [a, b, a], random);
    [p, q, r, q]
}

/// Corners of a polygon of two such edges from the first corner, and a fourth corner anywhere in their plane, up to rounding, or, one in four
/// times, out of it.
fn polygon<T: Number>(i: usize, [a, b, c]: [[f64; 3]; 3], random: &mut Random) -> [[T; 3]; 4] {
    let [s, t, _] = near_one(random);
    let inside = [0, 1, 2].map(|k| s * a[k] + t * b[k]);
    let last = if random.below(4) == 0 { c } else { inside };
    corners(i, [a, b, last], random)
}

/// A corner near the origin, or up to a million times their size from it, and those at the ends of such edges.
fn corners<T: Number>(i: usize, edges: [[f64; 3]; 3], random: &mut Random) -> [[T; 3]; 4] {
    let far = 2.0_f64.powi(random.below(21) as i32);
    let p = near_one(random).map(|x| x * if i.is_multiple_of(2) { far } else { 1.0 });
    let (low, high) = T::EXPONENTS;
    let range = (high - low) as usize / if i.is_multiple_of(8) { 1 } else { 5 };
    let exponent = (high + low) / 2 - 25 + random.below(range) as i64 - range as i64 / 2;
    let corner = |edge: [f64; 3]| [0, 1, 2].map(|k| T::scaled(p[k] + edge[k], exponent));
    let [q, r, s] = edges.map(corner);
    [corner([0.0; 3]), q, r, s]
}

/// Whether components are within 2^200 of each other: from 2^450 on the small ones may count for less.
fn is_even<T: Format>(v: &[T; 3]) -> bool {
    let sizes = v.iter().map(|x| Big::of(*x)).filter(|x| !x.is_zero());
    let (least, most) = sizes.fold((i64::MAX, i64::MIN), |(least, most), x| {
        (least.min(x.log2()), most.max(x.log2()))
    });
    most == i64::MIN || most - least <= 200
}

fn is_finite<T: Format>(x: T) -> bool {
    x.to_bits64() & (T::SIGN - 1) < T::INFINITY
}
