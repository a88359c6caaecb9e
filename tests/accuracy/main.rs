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
#[path = "../support/mod.rs"]
mod support;

use cases::{Cases, Inputs, Number};
use crosslane::{Accuracy, Engine};
use crosslane_cases::Float as Format;
use crosslane_cases::big::Big;
use crosslane_cases::derived::{self as exact, Vector};

/// So many of each.
fn cases() -> usize {
    if support::under_a_tool() {
        400
    } else {
        110_000
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

fn scalars<T: Copy>(numbers: Vec<T>) -> Outputs<T> {
    vec![numbers.into_iter().map(|x| [x; 3]).collect()]
}

/// Runs a method whose result is numbers, vectors, or several batches of these.
macro_rules! run {
    (number $method:ident($($operand:tt),*)) => {
        |engine, cases| {
            let mut out = vec![T::default(); cases.numbers.len()];
            engine.$method($(run!(operand cases $operand),)* &mut out).unwrap();
            scalars(out)
        }
    };
    (vectors $method:ident($($operand:tt),*) to $($out:ident),*) => {
        |engine, cases| {
            $(let mut $out = vec![[T::default(); 3]; cases.numbers.len()];)*
            engine.$method($(run!(operand cases $operand),)* $(&mut $out),*).unwrap();
            vec![$($out),*]
        }
    };
    (operand $cases:ident numbers) => { &$cases.numbers };
    (operand $cases:ident $k:literal) => { &$cases.vectors[$k] };
}

fn number(x: Big) -> Vec<Vector> {
    vec![[x.clone(), x.clone(), x]]
}

/// The sum of the magnitudes of the terms of a dot product: what its error is measured by beside the result.
fn terms(a: &Vector, b: &Vector) -> Big {
    let magnitude = |k: usize| (&a[k] * &b[k]).abs();
    magnitude(0) + magnitude(1) + magnitude(2)
}

fn magnitudes(v: &Vector) -> Vector {
    v.each_ref().map(Big::abs)
}

/// |a × b| if nothing cancelled, component by component.
fn cross_terms(a: &Vector, b: &Vector) -> Vector {
    let [a, b] = [magnitudes(a), magnitudes(b)];
    [
        &a[1] * &b[2] + &a[2] * &b[1],
        &a[2] * &b[0] + &a[0] * &b[2],
        &a[0] * &b[1] + &a[1] * &b[0],
    ]
}

/// Below this part of its terms (the condition 10^12) a sum is measured by the part, for both types.
fn part(terms: Big) -> Big {
    (terms * Big::power_of_two(-40)).cut()
}

fn quantities<T: Number>() -> Vec<Quantity<T>> {
    macro_rules! quantity {
        ($name:literal, $of:ident, $most:literal, $run:expr, $exact:expr) => {
            quantity!($name, Vectors, $of, $most, $run, $exact)
        };
        ($name:literal, $inputs:ident, $of:ident, $most:literal, $run:expr, $exact:expr) => {
            Quantity {
                inputs: Inputs::$inputs,
                name: $name,
                of: Of::$of,
                most: $most,
                run: $run,
                exact: $exact,
            }
        };
    }
    vec![
        quantity!("dot", Component, 1.5, run!(number dot(0, 1)), |[
            a,
            b,
            _,
            _,
        ]| {
            (number(exact::dot(a, b)), Some(vec![part(terms(a, b))]))
        }),
        quantity!(
            "cross_norm",
            Component,
            1.9,
            run!(number cross_norm(0, 1)),
            |[a, b, _, _]| { (number(exact::norm(&exact::cross(a, b))), None) }
        ),
        quantity!(
            "unit_normal",
            Component,
            2.6,
            run!(vectors unit_normal(0, 1) to n),
            |[a, b, _, _]| { (vec![exact::unit(&exact::cross(a, b))], None) }
        ),
        quantity!(
            "angle",
            Component,
            3.3,
            run!(number angle(0, 1)),
            |[a, b, _, _]| { (number(exact::angle(a, b)), None) }
        ),
        quantity!(
            "scalar_triple",
            Component,
            1.5,
            run!(number scalar_triple(0, 1, 2)),
            |[a, b, c, _]| {
                let terms = exact::dot(&magnitudes(a), &cross_terms(b, c));
                (
                    number(exact::scalar_triple(a, b, c)),
                    Some(vec![part(terms)]),
                )
            }
        ),
        quantity!(
            "vector_triple",
            Norm,
            1.1,
            run!(vectors vector_triple(0, 1, 2) to v),
            |[a, b, c, _]| { (vec![exact::cross(a, &exact::cross(b, c))], None) }
        ),
        quantity!(
            "cross_vjp",
            Component,
            1.0001,
            run!(vectors cross_vjp(0, 1, 2) to x, y),
            |[a, b, g, _]| { (vec![exact::cross(b, g), exact::cross(g, a)], None) }
        ),
        quantity!(
            "cross_jvp",
            Tangents,
            Norm,
            1.1,
            run!(vectors cross_jvp(0, 1, 2, 3) to v),
            |[a, b, da, db]| {
                let sum = exact::plus(&exact::cross(da, b), &exact::cross(a, db));
                // The terms may cancel.
                let terms = exact::plus(&cross_terms(da, b), &cross_terms(a, db));
                (vec![sum], Some(vec![part(exact::norm(&terms))]))
            }
        ),
        quantity!(
            "cross_norm_vjp",
            Norm,
            4.5,
            run!(vectors cross_norm_vjp(0, 1, numbers) to x, y),
            |[a, b, g, _]| { (exact::cross_norm_vjp(a, b, &g[0]).into(), None) }
        ),
        quantity!(
            "unit_normal_vjp",
            Norm,
            8.0,
            run!(vectors unit_normal_vjp(0, 1, 2) to x, y),
            |[a, b, g, _]| {
                // By |g||b| / |c|: g may be nearly parallel to n.
                let c = exact::norm(&exact::cross(a, b));
                let by = |v: &Vector| {
                    if c.is_zero() {
                        Big::integer(0)
                    } else {
                        (exact::norm(g) * exact::norm(v)).over(&c)
                    }
                };
                (
                    exact::unit_normal_vjp(a, b, g).into(),
                    Some(vec![by(b), by(a)]),
                )
            }
        ),
        quantity!(
            "angle_vjp",
            Norm,
            5.5,
            run!(vectors angle_vjp(0, 1, numbers) to x, y),
            |[a, b, g, _]| { (exact::angle_vjp(a, b, &g[0]).into(), None) }
        ),
        quantity!(
            "scalar_triple_vjp",
            Component,
            2.1,
            run!(vectors scalar_triple_vjp(0, 1, 3, numbers) to x, y, z),
            |[a, b, g, c]| {
                let crosses = [exact::cross(b, c), exact::cross(c, a), exact::cross(a, b)];
                (crosses.map(|v| exact::times(&v, &g[0])).into(), None)
            }
        ),
        quantity!(
            "triangle_normals",
            Triangles,
            Component,
            2.6,
            |engine, cases| {
                let (vertices, faces) = triangles(cases);
                let mut out = vec![[T::default(); 3]; faces.len()];
                engine
                    .triangle_normals(&vertices, &faces, &mut out)
                    .unwrap();
                vec![out]
            },
            |[a, b, c, _]| {
                let (cross, edges) = edges(a, b, c);
                let length = exact::norm(&cross);
                let thin = match length.is_zero() {
                    true => length,
                    false => edges.over(&length),
                };
                (vec![exact::unit(&cross)], Some(vec![thin]))
            }
        ),
        quantity!(
            "triangle_areas",
            Triangles,
            Component,
            2.03,
            |engine, cases| {
                let (vertices, faces) = triangles(cases);
                let mut out = vec![T::default(); faces.len()];
                engine.triangle_areas(&vertices, &faces, &mut out).unwrap();
                scalars(out)
            },
            |[a, b, c, _]| {
                let (cross, edges) = edges(a, b, c);
                let half = Big::power_of_two(-1);
                (
                    number(exact::norm(&cross) * &half),
                    Some(vec![edges * half]),
                )
            }
        ),
        quantity!(
            "face_normals",
            Polygons,
            Component,
            2.6,
            |engine, cases| {
                let (vertices, corners, starts) = polygons(cases);
                let mut out = vec![[T::default(); 3]; starts.len()];
                engine
                    .face_normals(&vertices, &corners, &starts, &mut out)
                    .unwrap();
                vec![out]
            },
            |corners| {
                let (sum, edges) = fan(corners);
                let length = exact::norm(&sum);
                let thin = match length.is_zero() {
                    true => length,
                    false => edges.over(&length),
                };
                (vec![exact::unit(&sum)], Some(vec![thin]))
            }
        ),
        quantity!(
            "face_areas",
            Polygons,
            Component,
            2.03,
            |engine, cases| {
                let (vertices, corners, starts) = polygons(cases);
                let mut out = vec![T::default(); starts.len()];
                engine
                    .face_areas(&vertices, &corners, &starts, &mut out)
                    .unwrap();
                scalars(out)
            },
            |corners| {
                let (sum, edges) = fan(corners);
                let half = Big::power_of_two(-1);
                (number(exact::norm(&sum) * &half), Some(vec![edges * half]))
            }
        ),
    ]
}

/// A polygon of the four corners, of which two come twice, so that some of its triangles cancel others.
const POLYGON: [usize; 6] = [0, 1, 2, 3, 1, 2];

/// Twice its vector area, from the definition, and the products of the lengths of its edges, times 2^-50: a smaller area has lost the precision
/// of its terms.
fn fan(corners: &[Vector; 4]) -> (Vector, Big) {
    let next = |i: usize| &corners[POLYGON[(i + 1) % POLYGON.len()]];
    let products = (0..POLYGON.len()).map(|i| exact::cross(&corners[POLYGON[i]], next(i)));
    let zero = [0; 3].map(Big::integer);
    let sum = products.fold(zero, |sum, product| exact::plus(&sum, &product));
    let triangles = (1..POLYGON.len() - 1).map(|i| {
        let [a, b, c] = [0, i, i + 1].map(|i| &corners[POLYGON[i]]);
        edges(a, b, c).1
    });
    (sum, triangles.fold(Big::integer(0), |sum, x| sum + x))
}

/// The four vectors as the corners of polygons.
fn polygons<T: Number>(cases: &Cases<T>) -> (Vec<[T; 3]>, Vec<u32>, Vec<usize>) {
    let n = cases.numbers.len();
    let corners = (0..n).flat_map(|i| POLYGON.map(|k| (i + k * n) as u32));
    let starts = (0..n).map(|i| POLYGON.len() * i);
    (cases.vectors.concat(), corners.collect(), starts.collect())
}

/// (b − a) × (c − a), and the product of the edges' lengths times 2^-50: thinner than that, twice the precision does not do.
fn edges(a: &Vector, b: &Vector, c: &Vector) -> (Vector, Big) {
    let (first, second) = (exact::minus(b, a), exact::minus(c, a));
    let lengths = (exact::norm(&first) * exact::norm(&second)).cut();
    (
        exact::cross(&first, &second),
        lengths * Big::power_of_two(-50),
    )
}

/// a, b and g as the corners of triangles.
fn triangles<T: Number>(cases: &Cases<T>) -> (Vec<[T; 3]>, Vec<[u32; 3]>) {
    let n = cases.numbers.len();
    let [a, b, g, _] = &cases.vectors;
    let faces = (0..n as u32).map(|i| [i, i + n as u32, i + 2 * n as u32]);
    ([a.as_slice(), b, g].concat(), faces.collect())
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
