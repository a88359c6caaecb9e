//! What is called a unit vector has length 1 to its bound, is zero, or is NaN in all components, with either accuracy, at every level,
//! for every input; and where nothing leaves the range, scale changes no bit of it, nor of its gradients but their scale.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod support;

use crosslane::{Accuracy, Engine, Real, Vectors};
use crosslane_cases::Float as Format;
use crosslane_cases::big::Big;
use support::{Float, Random, engines};

/// Numbers with powers of two.
trait Number: Real + Float + Format {
    /// 2^k, or zero or infinity where there is no such number.
    fn power(k: i32) -> Self;
    /// Exponents of everything that is not zero.
    const EXPONENTS: core::ops::Range<i32>;
}

macro_rules! number {
    ($t:ident, $exponents:expr) => {
        impl Number for $t {
            fn power(k: i32) -> Self {
                (2.0 as $t).powi(k / 2) * (2.0 as $t).powi(k - k / 2)
            }
            const EXPONENTS: core::ops::Range<i32> = $exponents;
        }
    };
}
number! { f32, -149..128 }
number! { f64, -1074..1024 }

/// Three squares and two sums are rounded: 3 u. Half of that is left of it in the root, which is rounded, as is the quotient: 3.5 u. Accurate
/// components are each right to 2.6 u.
const BOUND: f64 = 4.0;

/// Unit, zero, or NaN.
#[track_caller]
fn assert_unit<T: Number>(n: [T; 3], context: impl FnOnce() -> String) -> &'static str {
    if n.iter().any(|x| x.nan()) {
        assert!(n.iter().all(|x| x.nan()), "{n:?}: {}", context());
        return "NaN";
    }
    if n == [T::default(); 3] {
        return "zero";
    }
    let square = n
        .map(Big::of)
        .iter()
        .fold(Big::integer(0), |sum, x| sum + x * x);
    // |n|² − 1 is twice |n| − 1, and a little.
    let error = (square - Big::integer(1)).abs();
    let u = Big::power_of_two(-i64::from(<T as Format>::PRECISION));
    let error = error.over(&u).to_f64() / 2.0;
    assert!(
        error <= BOUND,
        "{n:?} is {error} u from unit: {}",
        context()
    );
    "unit"
}

fn every_engine() -> Vec<Engine> {
    let both = [Accuracy::Plain, Accuracy::CorrectlyRounded];
    let engines = engines().into_iter();
    engines
        .flat_map(|engine| both.map(|accuracy| engine.with_accuracy(accuracy)))
        .collect()
}

/// Pairs of vectors: every exponent with exponents that reach all of the range together; components of one scale, of several, zero, and
/// now and then not finite.
fn pairs<T: Number>() -> [Vec<[T; 3]>; 2] {
    let mut random = Random(1);
    let span = T::EXPONENTS.len();
    let step = (span / 300).max(1) * support::one_in(5);
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for k in T::EXPONENTS.step_by(step) {
        for _ in 0..40 {
            let other = T::EXPONENTS.start + random.below(span) as i32;
            let vector = |k: i32, random: &mut Random| {
                let uneven = random.below(4) == 0;
                [0; 3].map(|_| {
                    let k = if uneven {
                        k - random.below(60) as i32
                    } else {
                        k
                    };
                    match random.below(24) {
                        0 => T::default(),
                        1 => T::SPECIAL[random.below(T::SPECIAL.len())],
                        _ => T::near_one(random.bits()) * T::power(k),
                    }
                })
            };
            // Where squares of the product leave the range, and anywhere.
            let other = [other, -k + random.below(9) as i32, k][random.below(3)];
            a.push(vector(k, &mut random));
            b.push(vector(other, &mut random));
        }
    }
    [a, b]
}

fn every_normal<T: Number>() {
    let [a, b] = pairs::<T>();
    let n = a.len();
    // Triangles around the origin, and polygons of four.
    let vertices = [&a[..], &b, &[[T::default(); 3]]].concat();
    let origin = 2 * n as u32;
    let triangles: Vec<[u32; 3]> = (0..n as u32).map(|i| [origin, i, i + n as u32]).collect();
    let corners: Vec<u32> = (0..n as u32)
        .flat_map(|i| [origin, i, i + n as u32, (i + 1) % origin])
        .collect();
    let starts: Vec<usize> = (0..n).map(|i| 4 * i).collect();
    for engine in every_engine() {
        let mut out = vec![[T::default(); 3]; n];
        let judge = |what: &str, out: &[[T; 3]]| {
            let mut seen = [0; 3];
            for (i, v) in out.iter().enumerate() {
                let context =
                    || format!("{what} {i} of {:x?} {:x?}, {engine:?}", a[i % n], b[i % n]);
                match assert_unit(*v, context) {
                    "unit" => seen[0] += 1,
                    "zero" => seen[1] += 1,
                    _ => seen[2] += 1,
                }
            }
            // A test that sees one kind only would be none.
            let least = 20 / support::one_in(5);
            let many = |count: &usize| *count > least;
            assert!(seen.iter().all(many), "{what}: {seen:?}, {engine:?}");
        };
        engine.unit_normal(&a, &b, &mut out).unwrap();
        judge("unit_normal", &out);
        engine
            .triangle_normals(&vertices, &triangles, &mut out)
            .unwrap();
        judge("triangle_normals", &out);
        engine
            .face_normals(&vertices, &corners, &starts, &mut out)
            .unwrap();
        judge("face_normals", &out);
        let mut of_vertices = vec![[T::default(); 3]; vertices.len()];
        engine
            .vertex_normals(&vertices, &triangles, &mut of_vertices)
            .unwrap();
        judge("vertex_normals", &of_vertices);
        // Each alone: what is small beside the others is not small beside itself.
        let mut of_triangles = 0;
        for triangle in triangles.iter().step_by(7) {
            let three = triangle.map(|i| vertices[i as usize]);
            let mut of_three = [[T::default(); 3]; 3];
            engine
                .vertex_normals(&three, &[[0, 1, 2]], &mut of_three)
                .unwrap();
            let context = || format!("corner of {three:x?}, {engine:?}");
            let unit = of_three.iter().all(|v| assert_unit(*v, context) == "unit");
            of_triangles += usize::from(unit);
        }
        assert!(
            of_triangles > n / 20,
            "{of_triangles} unit vectors: {engine:?}"
        );
    }
}

#[test]
fn f32_unit_vectors_have_unit_length_or_are_zero_or_nan() {
    every_normal::<f32>();
}

#[test]
fn f64_unit_vectors_have_unit_length_or_are_zero_or_nan() {
    every_normal::<f64>();
}

/// The exponents that a and b can have so that neither their product nor a gradient loses anything: c = a × b is normal, and so are ∂a, which
/// is as large as 1/|a|, and ∂b.
fn scales<T: Number>() -> impl Iterator<Item = (i32, i32)> {
    let (least, most) = (
        T::EXPONENTS.start + 2 * <T as Format>::PRECISION as i32,
        T::EXPONENTS.end - 4,
    );
    let all = move || (least..most).step_by((T::EXPONENTS.len() / 40).max(1));
    let fits = move |k: &i32| (least..most).contains(k);
    all()
        .flat_map(move |i| all().map(move |j| (i, j)))
        .filter(move |(i, j)| [i + j, *i, *j, -i, -j].iter().all(fits))
}

/// n does not depend on the scale, ∂a is divided by that of a, and ∂b by that of b.
fn every_scale<T: Number>() {
    let mut random = Random(2);
    let mut batch = || -> Vec<[T; 3]> {
        let vector = |_| [0; 3].map(|_| T::near_one(random.bits()));
        (0..50).map(vector).collect()
    };
    let (a, b, g) = (batch(), batch(), batch());
    let times = |v: &[[T; 3]], k: i32| -> Vec<[T; 3]> {
        v.iter().map(|v| v.map(|x| x * T::power(k))).collect()
    };
    for engine in every_engine() {
        let run = |a: &Vec<[T; 3]>, b: &Vec<[T; 3]>| {
            let [mut n, mut da, mut db] = [0; 3].map(|_| vec![[T::default(); 3]; 50]);
            engine.unit_normal(a, b, &mut n).unwrap();
            engine
                .unit_normal_vjp(a, b, Vectors::aos(&g), &mut da, &mut db)
                .unwrap();
            (n, da, db)
        };
        let (n, da, db) = run(&a, &b);
        let mut tried = 0;
        for (i, j) in scales::<T>() {
            let (scaled_n, scaled_da, scaled_db) = run(&times(&a, i), &times(&b, j));
            let context = (i, j, engine);
            assert!(scaled_n == n, "normal: {context:?}");
            assert!(scaled_da == times(&da, -i), "gradient of a: {context:?}");
            assert!(scaled_db == times(&db, -j), "gradient of b: {context:?}");
            tried += 1;
        }
        assert!(tried > 100, "{tried} scales");
    }
}

#[test]
fn f32_normals_and_their_gradients_do_not_depend_on_scale() {
    every_scale::<f32>();
}

#[test]
fn f64_normals_and_their_gradients_do_not_depend_on_scale() {
    every_scale::<f64>();
}

/// Products of 10⁻²⁴ and less, whose squares are no numbers of the type; edges of 10⁻²² have products that are subnormal, those of 10²⁰ have
/// none.
#[test]
fn f32_edges_of_any_length_have_the_normal_of_their_plane() {
    for engine in every_engine() {
        let (a, b) = ([[1e-12_f32, 0.0, 0.0]], [[0.0, 1e-12, 0.0]]);
        let mut n = [[9.0; 3]];
        engine.unit_normal(&a, &b, &mut n).unwrap();
        assert_eq!(n, [[0.0, 0.0, 1.0]], "{engine:?}");
        for edge in [
            1e-11_f32, 1e-12, 1e-18, 1e-19, 1e-20, 1e-22, 1e18, 1e19, 1e20, 1e38,
        ] {
            let triangle = [[0.0; 3], [edge, 0.0, 0.0], [0.0, edge, 0.0]];
            let mut of_vertices = [[9.0; 3]; 3];
            engine
                .vertex_normals(&triangle, &[[0, 1, 2]], &mut of_vertices)
                .unwrap();
            assert_eq!(of_vertices, [[0.0, 0.0, 1.0]; 3], "{edge:e}: {engine:?}");
            engine
                .triangle_normals(&triangle, &[[0, 1, 2]], &mut n)
                .unwrap();
            // Plain products of longer edges are infinite.
            if engine.accuracy() == Accuracy::CorrectlyRounded || edge <= 1e19 {
                assert_eq!(n, [[0.0, 0.0, 1.0]], "{edge:e}: {engine:?}");
            } else {
                assert!(n[0].iter().all(|x| x.is_nan()), "{edge:e}: {n:?}");
            }
        }
    }
}
