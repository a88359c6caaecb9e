//! The cases: every tuple of special values, and seeded random ones of each hard class, counted to be
//! sure that the class is reached.

use super::*;

/// Cases of each class and format.
const CASES: usize = 50_000;

/// A small generator (SplitMix64): the same numbers on every platform.
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn chance(&mut self) -> bool {
        self.bits() >> 63 == 1
    }

    /// One of low..=high.
    fn range(&mut self, low: i32, high: i32) -> i32 {
        let count = (high - low + 1) as u64;
        low + (((self.bits() >> 32) * count) >> 32) as i32
    }

    /// Any bit pattern, NaN and infinity too.
    fn any<F: Described>(&mut self) -> F {
        F::from_bits(self.bits() & (F::SIGN | (F::SIGN - 1)))
    }

    /// A number that is not zero.
    fn number<F: Described>(&mut self) -> F {
        loop {
            let x: F = self.any();
            if is_number(x) {
                return x;
            }
        }
    }

    /// An odd significand of 1 to `longest` bits.
    fn odd(&mut self, longest: u32) -> u64 {
        (self.bits() >> (64 - self.range(1, longest as i32))) | 1
    }

    /// The same products with other signs and in another order: the difference is the same or its negative,
    /// or, now and then, the sum.
    fn disguise<F: Described>(&mut self, [a, b, c, d]: [F; 4]) -> [F; 4] {
        let mut pairs = [[a, b], [c, d]];
        if self.chance() {
            pairs.swap(0, 1);
        }
        let both = self.chance();
        for pair in &mut pairs {
            if self.chance() {
                pair.swap(0, 1);
            }
            if self.chance() {
                *pair = pair.map(negative);
            }
            if both {
                pair[0] = negative(pair[0]);
            }
        }
        if self.range(0, 7) == 0 {
            pairs[1][1] = negative(pairs[1][1]);
        }
        let [[a, b], [c, d]] = pairs;
        [a, b, c, d]
    }
}

fn is_number<F: Described>(x: F) -> bool {
    x.widen().is_finite() && x.widen() != 0.0
}

fn negative<F: Described>(x: F) -> F {
    F::from_bits(x.to_bits() ^ F::SIGN)
}

/// significand · 2^exponent, where the format has it.
fn scaled<F: Described>(significand: u64, exponent: i32) -> F {
    let numerator = BigUint::from(significand) << (exponent + 1074);
    nearest(Sign::Plus, &numerator, &BigUint::from(1_u32))
}

/// The exponent of the last place of the greatest numbers.
fn greatest_exponent<F: Described>() -> i32 {
    F::LEAST_EXPONENT + (1 << F::EXPONENT_BITS) - 3
}

/// The exponents of two factors whose product has this exponent.
fn exponents<F: Described>(sum: i32, random: &mut Random) -> (i32, i32) {
    let (least, greatest) = (F::LEAST_EXPONENT, greatest_exponent::<F>());
    let first = random.range(least.max(sum - greatest), greatest.min(sum - least));
    (first, sum - first)
}

/// `k` numbers further from zero.
fn further<F: Described>(x: F, k: i32) -> F {
    let magnitude = x.to_bits() & (F::SIGN - 1);
    let moved = magnitude.saturating_add_signed(k.into());
    F::from_bits((x.to_bits() & F::SIGN) | moved.min(F::INFINITE.to_bits()))
}

/// The products nearly cancel: d = RN(ab / c) ± k ulp.
fn cancelling<F: Described>(random: &mut Random) -> [F; 4] {
    loop {
        let [a, b, c]: [F; 3] = [(); 3].map(|()| random.number());
        let [p, q, r] = [a, b, c].map(|x| integer(x.widen()));
        let product = p * q;
        let d: F = nearest(
            product.sign() * r.sign(),
            product.magnitude(),
            r.magnitude(),
        );
        let d = further(d, random.range(-2, 2));
        if is_number(d) {
            return [a, b, c, d];
        }
    }
}

/// a·b lies exactly between two numbers, c·d is zero or small, down to the square of the least number.
fn tied<F: Described>(random: &mut Random) -> [F; 4] {
    let last = match random.range(0, 3) {
        0 => F::LEAST_EXPONENT,
        _ => random.range(F::LEAST_EXPONENT, greatest_exponent::<F>()),
    };
    // Odd and one bit longer than the format has; among subnormals any length will do.
    let (m, n) = loop {
        let (m, n) = (random.odd(F::PRECISION), random.odd(F::PRECISION));
        let length = u128::BITS - (u128::from(m) * u128::from(n)).leading_zeros();
        if length == F::PRECISION + 1 || (last == F::LEAST_EXPONENT && length <= F::PRECISION) {
            break (m, n);
        }
    };
    let (i, j) = exponents::<F>(last - 1, random);
    let least = F::from_bits(1);
    let c = match random.range(0, 3) {
        0 => F::from_bits(0),
        1 => random.number(),
        _ => least,
    };
    let c = if random.chance() { c } else { negative(c) };
    [scaled(m, i), scaled(n, j), c, least]
}

/// Products about as large as subnormal numbers, or smaller.
fn subnormal<F: Described>(random: &mut Random) -> [F; 4] {
    let mut factors = || {
        let (m, n) = (random.odd(F::PRECISION), random.odd(F::PRECISION));
        let length = u128::BITS - (u128::from(m) * u128::from(n)).leading_zeros();
        let top = F::LEAST_EXPONENT + random.range(-3, F::PRECISION as i32);
        let (i, j) = exponents::<F>(top - length as i32, random);
        [scaled(m, i), scaled(n, j)]
    };
    let ([a, b], [c, d]) = (factors(), factors());
    [a, b, c, d]
}

/// The difference is about where numbers end: the greatest, or just what rounds to infinity.
fn overflowing<F: Described>(random: &mut Random) -> [F; 4] {
    let precision = F::PRECISION as i32;
    // The exponent of the least power of two that the format does not have.
    let top = greatest_exponent::<F>() + precision;
    if random.chance() {
        // 2^top less about half of a last place: at exactly half it is a tie, which goes to infinity.
        let power = |e| scaled::<F>(F::LEADING, e);
        let leading = 2 * (precision - 1);
        let (i, j) = exponents::<F>(top - leading, random);
        let (k, l) = exponents::<F>(top - precision - 1 - leading, random);
        let c = further(power(k), random.range(-2, 2));
        return [power(i), power(j), c, power(l)];
    }
    let greatest = F::from_bits(F::INFINITE.to_bits() - 1);
    loop {
        // a·b up to 2^(precision - 1) times as much, and d = RN((ab − greatest) / c) ± k ulp.
        let [m, n] = [(); 2].map(|()| (random.bits() | 1 << 63) >> (64 - precision));
        let sum = top - 2 * precision + random.range(1, precision);
        let (i, j) = exponents::<F>(sum, random);
        let (a, b, c) = (scaled::<F>(m, i), scaled::<F>(n, j), random.number::<F>());
        let [p, q, r, g] = [a, b, c, greatest].map(|x| integer(x.widen()));
        let above: BigInt = p * q - (g << 1074);
        let d: F = nearest(above.sign() * r.sign(), above.magnitude(), r.magnitude());
        let d = further(d, random.range(-2, 2));
        if is_number(d) {
            return [a, b, c, d];
        }
    }
}

/// Whether a case is hard, from its operands and its result.
type Hard<F> = fn([F; 4], u64) -> bool;

/// Checks a class, and that it is reached: one in `one_in` of its cases, as generated, is hard in each way.
fn class<F: Described>(
    generate: fn(&mut Random) -> [F; 4],
    cases: usize,
    one_in: usize,
    hard: &[Hard<F>],
) {
    let mut random = Random(1);
    let mut reached = vec![0; hard.len()];
    for _ in 0..cases {
        let operands = generate(&mut random);
        let result = check(operands).to_bits();
        for (reached, hard) in reached.iter_mut().zip(hard) {
            *reached += usize::from(hard(operands, result));
        }
        check(random.disguise(operands));
    }
    for reached in reached {
        assert!(
            reached * one_in >= cases,
            "{}: {reached} of {cases} cases are hard",
            F::NAME
        );
    }
}

fn random_bits<F: Described>(cases: usize) {
    class::<F>(|random| [(); 4].map(|()| random.any()), cases, 1, &[]);
}

fn cancellation<F: Described>(cases: usize) {
    class::<F>(
        cancelling,
        cases,
        2,
        &[|[a, b, c, d], _| {
            let product = exact([a, b, F::from_bits(0), d]);
            let difference = exact([a, b, c, d]);
            difference.sign() != Sign::NoSign
                && (difference.magnitude() << (F::PRECISION - 4)) < *product.magnitude()
        }],
    );
}

fn ties<F: Described>(cases: usize) {
    class::<F>(
        tied,
        cases,
        2,
        &[|[a, b, c, least], _| {
            // Were a·b not tied, the smallest thing to add or subtract would make no difference.
            let above = expected([a, b, negative(least), least]);
            let below = expected([a, b, least, least]);
            below + 1 == above && c.to_bits() != 0
        }],
    );
}

fn subnormals<F: Described>(cases: usize) {
    class::<F>(
        subnormal,
        cases,
        3,
        &[|operands, result| {
            let magnitude = result & (F::SIGN - 1);
            let inexact = *exact(operands).magnitude() != representable::<F>(magnitude) << 1074;
            magnitude < F::LEADING && inexact
        }],
    );
}

fn overflow_edge<F: Described>(cases: usize) {
    class::<F>(
        overflowing,
        cases,
        5,
        &[
            |_, result| result == F::INFINITE.to_bits(),
            |_, result| result == F::INFINITE.to_bits() - 1,
        ],
    );
}

fn every_tuple_of_special_values<F: Described>() {
    let one: u64 = scaled::<F>(1, 0).to_bits();
    let infinite = F::INFINITE.to_bits();
    let both_signs = [
        0,
        1,              // the least subnormal
        F::LEADING - 1, // the greatest
        F::LEADING,     // the least normal
        one,
        one + 1,
        u64::midpoint(one, infinite), // squares about where numbers end
        infinite - 1,
        infinite,
    ];
    let values: Vec<F> = both_signs
        .into_iter()
        .flat_map(|bits| [bits, bits | F::SIGN])
        .chain([
            one + F::LEADING / 2, // 1.5
            one / 2,              // squares about where they become subnormal
            F::CANONICAL_NAN,
            infinite + 1 + F::SIGN, // a signalling NaN
        ])
        .map(F::from_bits)
        .collect();
    for &a in &values {
        for &b in &values {
            for &c in &values {
                for &d in &values {
                    check([a, b, c, d]);
                }
            }
        }
    }
}

/// One test per class and format; a module, so that the name of a failure says both.
macro_rules! tests_of {
    ($module:ident, $t:ty, $cases:expr) => {
        mod $module {
            use super::*;

            #[test]
            fn every_tuple_of_special_values_is_as_specified() {
                every_tuple_of_special_values::<$t>();
            }

            #[test]
            fn random_bits_are_correctly_rounded() {
                random_bits::<$t>($cases);
            }

            #[test]
            fn cancellation_is_correctly_rounded() {
                cancellation::<$t>($cases);
            }

            #[test]
            fn ties_are_correctly_rounded() {
                ties::<$t>($cases);
            }

            #[test]
            fn subnormal_results_are_correctly_rounded() {
                subnormals::<$t>($cases);
            }

            #[test]
            fn overflow_happens_where_the_rounded_value_overflows() {
                overflow_edge::<$t>($cases);
            }
        }
    };
}
tests_of!(as_f16, f16, CASES);
tests_of!(as_bf16, bf16, CASES);
// Big integers of 4,000 bits take their time.
tests_of!(as_f32, f32, CASES / 5);
tests_of!(as_f64, f64, CASES / 5);

/// Bits written down by hand from the specification, for the oracle not to be the only judge.
#[test]
fn known_results() {
    let check = |[a, b, c, d]: [u16; 4], expected: u16, why: &str| {
        let [a, b, c, d] = [a, b, c, d].map(f16::from_bits);
        let got = difference_of_products(a, b, c, d).to_bits();
        assert_eq!(got, expected, "f16: {why}");
    };
    let (zero, minus, least, one, max, infinite) = (0, 0x8000, 1, 0x3c00, 0x7bff, 0x7c00);
    check([0x4000, 0x4200, one, one], 0x4500, "2·3 − 1·1 = 5");
    check([max, max, max, max], zero, "an exact zero is +0");
    check([minus, one, zero, one], minus, "(−0) − (+0) = −0");
    check([minus, one, minus, one], zero, "(−0) − (−0) = +0");
    check([zero, one, least, least], minus, "too small and negative");
    check([infinite, one, max, max], infinite, "∞ − 65504² = ∞");
    check([infinite, zero, one, one], 0x7e00, "∞·0 is the quiet NaN");
    check([infinite, one, infinite, one], 0x7e00, "∞ − ∞ is, too");
    check([0xfc01, one, one, one], 0x7e00, "and any other NaN");

    let check = |[a, b, c, d]: [u16; 4], expected: u16, why: &str| {
        let [a, b, c, d] = [a, b, c, d].map(bf16::from_bits);
        let got = difference_of_products(a, b, c, d).to_bits();
        assert_eq!(got, expected, "bf16: {why}");
    };
    // 1.0078125 · 1.5 = 1.51171875 lies between two numbers.
    check([0x3f81, 0x3fc0, 0, 1], 0x3fc2, "the tie goes to even");
    check([0x3f81, 0x3fc0, 1, 1], 0x3fc1, "less 2^-266, down");
    check([0xff81, 0, 0, 0], 0x7fc0, "any NaN is the quiet one");
}

/// What is left when the product of a subnormal number, which has few bits, takes away the leading half of another's.
#[test]
fn the_error_of_a_product_is_left_by_one_with_the_least_number() {
    let (mut random, least) = (Random(8), f64::from_bits(1));
    let mut inexact = 0;
    for _ in 0..1000 {
        let mut near = |exponent: u64| {
            let fraction = random.bits() & ((1 << 52) - 1);
            f64::from_bits((1023 - exponent) << 52 | fraction)
        };
        let (a, b) = (near(20), near(40));
        // Times 2^1074, in two steps.
        let d = a * b * 2.0_f64.powi(1000) * 2.0_f64.powi(74);
        let rest = check([a, b, least, d]);
        assert_eq!(
            rest.to_bits(),
            a.mul_add(b, -(a * b)).to_bits(),
            "{a:e} · {b:e}"
        );
        inexact += usize::from(rest != 0.0);
    }
    assert!(inexact > 900, "{inexact}");
}
