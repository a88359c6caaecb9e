//! The quantities: what an engine says of cases, and what is exact.

use crosslane_cases::big::Big;
use crosslane_cases::derived::{self as exact, Vector};

use super::cases::{Cases, Inputs, Number};
use super::{Of, Outputs, Quantity};

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

pub(crate) fn quantities<T: Number>() -> Vec<Quantity<T>> {
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
            "gated_cross",
            Component,
            2.1,
            run!(vectors gated_cross(numbers, 0, 1) to v),
            |[a, b, gate, _]| { (vec![exact::times(&exact::cross(a, b), &gate[0])], None) }
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
            "dot_vjp",
            Component,
            1.5, // what is below the normal range is rounded twice
            run!(vectors dot_vjp(0, 1, numbers) to x, y),
            |[a, b, g, _]| { ([b, a].map(|v| exact::times(v, &g[0])).into(), None) }
        ),
        quantity!(
            "vector_triple_vjp",
            Norm,
            1.1,
            run!(vectors vector_triple_vjp(0, 1, 3, 2) to x, y, z),
            |[a, b, g, c]| {
                let (inner, upstream) = (exact::cross(b, c), exact::cross(g, a));
                let factors = [(&inner, g), (c, &upstream), (&upstream, b)];
                (factors.map(|(v, w)| exact::cross(v, w)).into(), None)
            }
        ),
        quantity!(
            "gated_cross_vjp",
            Component,
            2.1,
            |engine, cases| {
                let [a, b, _, g] = &cases.vectors;
                let mut gates = vec![T::default(); cases.numbers.len()];
                let mut x = vec![[T::default(); 3]; gates.len()];
                let mut y = x.clone();
                engine
                    .gated_cross_vjp(&cases.numbers, a, b, g, &mut gates, &mut x, &mut y)
                    .unwrap();
                vec![scalars(gates).remove(0), x, y]
            },
            |[a, b, gate, g]| {
                let [volume] = number(exact::scalar_triple(g, a, b)).try_into().unwrap();
                let terms = part(exact::dot(&magnitudes(g), &cross_terms(a, b)));
                let gradient = |v, w| exact::times(&exact::cross(v, w), &gate[0]);
                (
                    vec![volume, gradient(b, g), gradient(g, a)],
                    Some(vec![terms, Big::integer(0), Big::integer(0)]),
                )
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
