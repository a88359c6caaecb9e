//! Gradients are derivatives: those of finite differences, and of other formulas.

use crosslane::{Accuracy, Engine, reference};

use crate::support::Random;
use crate::support::mesh_gradients::{MeshGradient, mesh_gradients};
use crate::support::meshes::{OnMesh, OwnedFaces, on_meshes};
use crate::{every_engine, near_one};

const EXACT: Accuracy = Accuracy::CorrectlyRounded;

/// What the gradient is of.
fn value(gradient: &MeshGradient<f64>) -> OnMesh<f64> {
    let name = gradient.name.trim_end_matches("_vjp");
    let mut values = on_meshes().into_iter();
    values.find(|value| value.name == name).unwrap()
}

/// A number that depends on all results: the sum of their products with g.
fn total(value: &OnMesh<f64>, vertices: &[[f64; 3]], faces: &OwnedFaces, g: &[[f64; 3]]) -> f64 {
    let results = (value.define)(vertices, faces.view(), EXACT);
    let numbers = value.output == crosslane::Kind::Scalar;
    let components = if numbers { 1 } else { 3 };
    let products = results.iter().zip(g).map(|(result, g)| {
        let products = result.iter().zip(g).take(components);
        products.map(|(x, g)| x * g).sum::<f64>()
    });
    products.sum()
}

/// Triangles, and polygons of 3 to 12 corners, concave and not plane, some with corners that are the same vertex.
fn mesh(random: &mut Random) -> (Vec<[f64; 3]>, OwnedFaces) {
    let triangles = (0..12).map(|i| [i, i + 1, i + 2]).collect();
    let mut faces = OwnedFaces::of_triangles(triangles);
    (faces.corners, faces.starts) = (Vec::new(), Vec::new());
    let mut places: Vec<u32> = (0..14).collect();
    for i in 0..20 {
        faces.starts.push(faces.corners.len());
        let count = 3 + i % 10;
        for k in 0..count {
            places.swap(k, k + random.below(14 - k));
        }
        faces.corners.extend(&places[..count]);
        if i % 5 == 4 {
            faces.corners.extend(&places[1..3]);
        }
    }
    // Too few for a face.
    faces.starts.push(faces.corners.len());
    faces.corners.extend([0, 1]);
    loop {
        let vertices = near_one(14, random);
        if least(&vertices, &faces) > 0.1 {
            return (vertices, faces);
        }
    }
}

/// The length of the shortest vector that is made a unit vector: twice the area of a face, and the sums of these around vertices.
fn least(vertices: &[[f64; 3]], faces: &OwnedFaces) -> f64 {
    let triangles = faces.triangles.iter().map(|face| &face[..]);
    let polygons = (0..faces.starts.len() - 1).map(|i| faces.polygon(i));
    let mut least = f64::INFINITY;
    let length = |v: [f64; 3]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
    for faces in [triangles.collect::<Vec<_>>(), polygons.collect()] {
        let mut sums = vec![[0.0; 3]; vertices.len()];
        for face in faces {
            let next = face.iter().cycle().skip(1);
            let mut area = [0.0; 3];
            for (&i, &j) in face.iter().zip(next) {
                let product = reference::cross(vertices[i as usize], vertices[j as usize], EXACT);
                area = plus(area, product);
            }
            least = least.min(length(area));
            for &i in face {
                sums[i as usize] = plus(sums[i as usize], area);
            }
        }
        least = sums.into_iter().map(length).fold(least, f64::min);
    }
    least
}

fn plus(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [0, 1, 2].map(|k| a[k] + b[k])
}

/// The central difference of a step h is off by c h², that of 2h by 4 c h², but for higher powers of h, which are less by far: so the first is off by
/// less than they differ. To this comes the rounding of the total, which is below 100, divided by h: 100 · 2⁻⁵² · 2¹⁷ < 1e-8.
#[test]
fn gradients_are_those_of_central_differences() {
    let mut random = Random(1);
    let step = 2.0_f64.powi(-17);
    for _ in 0..10 {
        let context = random.clone();
        let (vertices, faces) = mesh(&mut random);
        for gradient in mesh_gradients() {
            let value = value(&gradient);
            let g = near_one(gradient.len(vertices.len(), &faces), &mut random);
            let difference = |i: usize, k: usize, step: f64| {
                let [less, more] = [-step, step].map(|step| {
                    let mut moved = vertices.clone();
                    moved[i][k] += step;
                    total(&value, &moved, &faces, &g)
                });
                (more - less) / (2.0 * step)
            };
            let components: Vec<_> = (0..vertices.len())
                .flat_map(|i| [0, 1, 2].map(|k| (i, k)))
                .collect();
            let expected: Vec<[f64; 2]> = components
                .iter()
                .map(|&(i, k)| [step, 2.0 * step].map(|step| difference(i, k, step)))
                .collect();
            let size = expected.iter().fold(0.0, |size, [x, _]| x.abs().max(size));
            assert!(size > 0.1, "{}: {context:?}", gradient.name);
            for engine in every_engine() {
                let got = gradient.of(engine, &vertices, &faces, &g);
                for (got, [expected, double]) in got.as_flattened().iter().zip(&expected) {
                    let error = (got - expected).abs();
                    let bound = (expected - double).abs() + 1e-8;
                    let context = (gradient.name, engine, got, expected, &context);
                    assert!(bound < 1e-3 * size, "{bound:e}: {context:?}");
                    assert!(error < bound, "{error:e} of {bound:e}: {context:?}");
                }
            }
        }
    }
}

/// The gradients of triangles are those of their edges, which there are operations for: ∂q = ∂e₁, ∂r = ∂e₂, ∂p = −∂e₁ − ∂e₂.
#[test]
fn gradients_of_triangles_are_those_of_their_edges() {
    let mut random = Random(2);
    let vertices = near_one::<f64>(60, &mut random);
    let triangles: Vec<[u32; 3]> = (0..58).map(|i| [i, i + 1, i + 2]).collect();
    let faces = OwnedFaces::of_triangles(triangles);
    let minus = |a: [f64; 3], b: [f64; 3]| [0, 1, 2].map(|k| a[k] - b[k]);
    for gradient in mesh_gradients().into_iter().take(2) {
        let g = near_one::<f64>(58, &mut random);
        let is_area = gradient.g == crosslane::Kind::Scalar;
        let (mut expected, mut parts) = (vec![[0.0; 3]; 60], vec![0.0; 60]);
        for (&[p, q, r], g) in faces.triangles.iter().zip(&g) {
            let corner = |i: u32| vertices[i as usize];
            let (a, b) = (minus(corner(q), corner(p)), minus(corner(r), corner(p)));
            let [of_a, of_b] = if is_area {
                reference::cross_norm_vjp(a, b, 0.5 * g[0], EXACT)
            } else {
                reference::unit_normal_vjp(a, b, *g, EXACT)
            };
            let of_p = minus(minus([0.0; 3], of_a), of_b);
            for (i, part) in [(p, of_p), (q, of_a), (r, of_b)] {
                for (sum, x) in expected[i as usize].iter_mut().zip(part) {
                    *sum += x;
                    parts[i as usize] += x.abs();
                }
            }
        }
        for engine in every_engine() {
            let got = gradient.of(engine, &vertices, &faces, &g);
            for ((got, expected), parts) in got.iter().zip(&expected).zip(&parts) {
                for (x, y) in got.iter().zip(expected) {
                    // Edges are rounded here, and plain arithmetic rounds everything, of triangles whose angles are above 1/100.
                    let bound = 1e4 * f64::EPSILON * parts;
                    assert!(
                        (x - y).abs() <= bound,
                        "{x} {y}: {}, {engine:?}",
                        gradient.name
                    );
                }
            }
        }
    }
}

/// To move all vertices changes nothing, and to turn them turns normals: Σ ∂v = 0, and Σ v × ∂v = Σ n × g.
#[test]
fn gradients_know_that_moving_changes_nothing_and_turning_turns_normals() {
    let mut random = Random(3);
    let (vertices, faces) = mesh(&mut random);
    for gradient in mesh_gradients() {
        let value = value(&gradient);
        let g = near_one(gradient.len(vertices.len(), &faces), &mut random);
        let results = (value.define)(&vertices, faces.view(), EXACT);
        for engine in every_engine() {
            let grad = gradient.of(engine, &vertices, &faces, &g);
            let (mut sum, mut turn, mut size) = ([0.0; 3], [0.0; 3], 0.0);
            let mut add = |to_turn: [f64; 3], moved: [f64; 3]| {
                for k in 0..3 {
                    sum[k] += moved[k];
                    turn[k] += to_turn[k];
                    size += moved[k].abs() + to_turn[k].abs();
                }
            };
            for (v, grad) in vertices.iter().zip(&grad) {
                add(reference::cross(*v, *grad, EXACT), *grad);
            }
            if gradient.g == crosslane::Kind::Vector {
                for (n, g) in results.iter().zip(&g) {
                    add(reference::cross(*g, *n, EXACT), [0.0; 3]);
                }
            }
            for x in sum.iter().chain(&turn) {
                let context = (gradient.name, engine);
                assert!(x.abs() < 1e-12 * size, "{x:e} of {size:e}: {context:?}");
            }
        }
    }
}

/// Nothing is lost far from the origin, where coordinates are exact: products are of edges.
#[test]
fn gradients_are_the_same_far_from_the_origin() {
    let mut random = Random(4);
    let (mut vertices, faces) = mesh(&mut random);
    for x in vertices.as_flattened_mut() {
        *x = (*x * 64.0).round();
    }
    let moved = |by: f64| -> Vec<[f64; 3]> {
        let moved = vertices.iter().map(|v| v.map(|x| x + by));
        moved.collect()
    };
    let (near, far) = (moved(0.0), moved(2.0_f64.powi(46)));
    let sizes = |grad: &[[f64; 3]]| {
        let sizes = grad.as_flattened().iter().map(|x| x.abs());
        sizes.fold(0.0, f64::max)
    };
    for gradient in mesh_gradients() {
        let g = near_one(gradient.len(vertices.len(), &faces), &mut random);
        let engine = Engine::new();
        for accuracy in [Accuracy::Plain, EXACT] {
            let engine = engine.with_accuracy(accuracy);
            let expected = gradient.of(engine, &near, &faces, &g);
            let got = gradient.of(engine, &far, &faces, &g);
            // Integers: areas are exact, so that not a bit may differ.
            assert_eq!(got, expected, "{}: {accuracy:?}", gradient.name);
            assert!(sizes(&got) > 0.01, "{}", gradient.name);
        }
    }
}
