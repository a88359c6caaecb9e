//! Worst errors of what is derived, with `Accuracy::CorrectlyRounded`, against arithmetic of arbitrary precision: at all angles from
//! 1e-15 to π, at all scales, on more than 100,000 cases of each quantity and type.
//!
//! `cargo test --release -p crosslane --test accuracy -- --nocapture` prints them, with the input that gives each, and beside them what `Plain` does to
//! the same cases. Errors are relative to the exact result, or the least normal number; those of gradients, tangents and vector triple
//! products to the length of the vector, of `unit_normal_vjp` to |g||b|/|c| and |g||a|/|c|; of sums that cancel by more than 2^40,
//! and of triangles thinner than 2^-50, to these parts. A number that is rounded once has an error of 1 u at most (half a unit in the last place, just
//! above a power of two), and one of `f64` that ends below the normal range is rounded twice. The unit u is 2^-24 for `f32` and 2^-53 for `f64`.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod cases;
mod quantities;
#[path = "../support/mod.rs"]
mod support;

use cases::{Cases, Inputs, Number};
use crosslane::{Accuracy, Engine};
use crosslane_cases::Float as Format;
use crosslane_cases::big::Big;
use crosslane_cases::derived::{self as exact, Vector};
use quantities::quantities;

/// So many of each.
fn cases() -> usize {
    if support::under_a_tool() {
        400
    } else {
        110_000 / support::one_in_asserted(5)
    }
}

/// How errors of vectors are measured.
#[derive(Clone, Copy, PartialEq)]
enum Of {
    /// Each component by itself.
    Component,
    /// The length of the error by that of the result.
    Norm,
}

/// Batches of vectors, or of scalars that are repeated.
type Outputs<T> = Vec<Vec<[T; 3]>>;

/// Exact results, and the numbers that errors are also measured by.
type Exact = (Vec<Vector>, Option<Vec<Big>>);

/// One quantity: what an engine says, what is exact, and the greatest error that there may be.
struct Quantity<T> {
    name: &'static str,
    inputs: Inputs,
    of: Of,
    most: f64,
    run: fn(&Engine, &Cases<T>) -> Outputs<T>,
    /// The exact results of a case, and numbers that errors are also measured by, if not by the results themselves.
    exact: fn(&[Vector; 4]) -> Exact,
}

/// |got − exact| by u and `by`, or the least normal number.
fn error<T: Format>(got: T, exact: &Big, by: &Big) -> f64 {
    let limit = Big::power_of_two(i64::from(T::MAX_EXPONENT) + 1);
    let magnitude = got.to_bits64() & (T::SIGN - 1);
    if magnitude >= T::INFINITY {
        // Right if the exact number is beyond the greatest, or short of it by no more than errors of a few u.
        let short = &limit - &exact.abs();
        let slack = by.log2().max(limit.log2()) - i64::from(T::PRECISION) + 4;
        let near = short.is_negative() || short.log2() <= slack;
        return if magnitude == T::INFINITY && near {
            0.0
        } else {
            f64::INFINITY
        };
    }
    let least = Big::power_of_two(i64::from(T::MIN_EXPONENT));
    let by = if by.log2() < least.log2() { &least } else { by };
    let unit = by * Big::power_of_two(-i64::from(T::PRECISION));
    (Big::of(got) - exact).abs().over(&unit).to_f64()
}

/// The worst error of an output for one case.
fn worst<T: Number>(of: Of, got: [T; 3], exact: &Vector, by: Option<&Big>) -> f64 {
    let larger = |x: Big| match by {
        Some(by) if by.log2() > x.log2() => by.clone(),
        _ => x,
    };
    match of {
        Of::Component => (0..3)
            .map(|k| error(got[k], &exact[k], &larger(exact[k].abs())))
            .fold(0.0, f64::max),
        Of::Norm => {
            // Subnormal components each have an error of their own.
            let least = Big::power_of_two(i64::from(<T as Format>::MIN_EXPONENT) + 1);
            let norm = larger(exact::norm(exact));
            let norm = if norm.log2() < least.log2() {
                least
            } else {
                norm
            };
            // Components that overflow are judged alone.
            let errors = [0, 1, 2].map(|k| error(got[k], &exact[k], &norm));
            errors.iter().map(|e| e * e).sum::<f64>().sqrt()
        }
    }
}

fn measure<T: Number>() {
    let count = cases();
    let all = [
        Inputs::Vectors,
        Inputs::Tangents,
        Inputs::Triangles,
        Inputs::Polygons,
    ]
    .map(|of| {
        let cases = Cases::<T>::new(of, count);
        let inputs: Vec<[Vector; 4]> = (0..count)
            .map(|i| cases.input(i).map(|v| v.map(Big::of)))
            .collect();
        (cases, inputs)
    });
    println!(
        "{:<18} {:<4} {:>7} {:>8} {:>10}  worst input",
        "quantity", "type", "cases", "worst/u", "plain/u"
    );
    let mut failed = Vec::new();
    for quantity in quantities::<T>() {
        let (cases, inputs) = &all[quantity.inputs as usize];
        let engine = Engine::new().with_accuracy(Accuracy::CorrectlyRounded);
        let [got, plain] = [engine, Engine::new()].map(|engine| (quantity.run)(&engine, cases));
        let (mut most, mut most_plain, mut at) = (0.0, 0.0_f64, 0);
        for (i, input) in inputs.iter().enumerate() {
            let (exact, by) = (quantity.exact)(input);
            for (k, exact) in exact.iter().enumerate() {
                let by = by.as_ref().map(|by| &by[k]);
                let error = worst(quantity.of, got[k][i], exact, by);
                if error > most {
                    (most, at) = (error, i);
                }
                let is_nan = plain[k][i].iter().any(|x| x.nan());
                let plain = worst(quantity.of, plain[k][i], exact, by);
                most_plain = most_plain.max(if is_nan { f64::INFINITY } else { plain });
            }
        }
        let hex = cases.input(at).map(|v| v.map(T::to_bits64));
        println!(
            "{:<18} {:<4} {count:>7} {most:>8.3} {most_plain:>10.1e}  {hex:x?}",
            quantity.name,
            <T as Format>::NAME
        );
        if most > quantity.most {
            failed.push((quantity.name, most, quantity.most));
        }
    }
    assert!(failed.is_empty(), "worse than promised: {failed:?}");
}

#[test]
fn errors_of_f32_are_as_documented() {
    measure::<f32>();
}

#[test]
fn errors_of_f64_are_as_documented() {
    measure::<f64>();
}
