//! Meshes of any scale, faces that have no gradient, and vertices that have no face.

use crosslane::{Kind, Real};

use crate::support::mesh_gradients::mesh_gradients;
use crate::support::meshes::OwnedFaces;
use crate::support::{Float, Random};
use crate::{every_engine, near_one, same};

#[test]
fn vertices_of_no_face_have_no_gradient_whatever_they_and_their_upstream_gradients_are() {
    let mut random = Random(1);
    for gradient in mesh_gradients::<f32>() {
        let mut vertices = near_one(50, &mut random);
        let faces = OwnedFaces::random(300, 50, &mut random);
        let mut g = near_one(gradient.len(50, &faces), &mut random);
        for engine in every_engine() {
            let expected = gradient.of(engine, &vertices, &faces, &g);
            for junk in f32::SPECIAL {
                vertices.push([*junk; 3]);
                if gradient.of_vertices {
                    g.push([*junk; 3]);
                }
                let got = gradient.of(engine, &vertices, &faces, &g);
                assert!(same(&got[..50], &expected), "{junk}: {engine:?}");
                assert_eq!(got[50].map(f32::to_bits), [0; 3], "{junk}: {engine:?}");
                vertices.pop();
                g.truncate(gradient.len(50, &faces));
            }
        }
    }
}

#[test]
fn meshes_without_faces_have_zero_gradients_and_those_without_vertices_none() {
    let faces = OwnedFaces::of_triangles(Vec::new());
    for gradient in mesh_gradients::<f64>() {
        for engine in every_engine() {
            for len in [0, 5] {
                let g = vec![[f64::NAN; 3]; gradient.len(len, &faces)];
                let got = gradient.of(engine, &vec![[f64::NAN; 3]; len], &faces, &g);
                let expected = vec![[0.0; 3]; len];
                assert!(same(&got, &expected), "{}: {engine:?}", gradient.name);
            }
        }
    }
}

/// Of fewer than three corners, and of corners in line, or in one place.
#[test]
fn faces_without_area_give_nothing() {
    let vertices = [
        [1.0, 1.0, 1.0],
        [2.0, 3.0, 4.0],
        [3.0, 5.0, 7.0],
        [f32::NAN; 3],
    ];
    let few: [&[u32]; 5] = [&[], &[3], &[3, 0], &[0, 3], &[3, 3]];
    let flat: [&[u32]; 6] = [
        &[0, 0, 0],
        &[0, 1, 0],
        &[1, 1, 2],
        &[0, 1, 2],
        &[0, 1, 2, 1],
        &[2, 1, 0, 0, 1],
    ];
    let mut faces = OwnedFaces::of_triangles(Vec::new());
    for face in few.iter().chain(&flat).cycle().take(300) {
        faces.starts.push(faces.corners.len());
        faces.corners.extend_from_slice(face);
    }
    let polygons = mesh_gradients::<f32>().into_iter().filter(|g| g.polygons);
    for gradient in polygons {
        for engine in every_engine() {
            let g = vec![[1.5, -2.0, 3.0]; gradient.len(4, &faces)];
            let got = gradient.of(engine, &vertices, &faces, &g);
            let zero = [[0.0; 3]; 4];
            assert!(same(&got, &zero), "{}: {got:?}, {engine:?}", gradient.name);
        }
    }
}

/// The mesh multiplied by a power of two has the same gradients divided by it, or multiplied if they are of areas, and those of g
/// times a power of two are larger by this, to the bit, as long as these are normal numbers.
fn every_scale<T: Float + Real>(exponents: core::ops::RangeInclusive<i32>, power: fn(i32) -> T) {
    let mut random = Random(2);
    let vertices = near_one::<T>(50, &mut random);
    let faces = OwnedFaces::random(100, 50, &mut random);
    let times = |vectors: &[[T; 3]], k: i32| -> Vec<[T; 3]> {
        vectors.iter().map(|v| v.map(|x| x * power(k))).collect()
    };
    for gradient in mesh_gradients::<T>() {
        let g = near_one::<T>(gradient.len(50, &faces), &mut random);
        let is_area = gradient.g == Kind::Scalar;
        for engine in every_engine() {
            let expected = gradient.of(engine, &vertices, &faces, &g);
            for k in exponents.clone().step_by(7) {
                // Products of edges have to be normal numbers, of a mesh that is taken as it is.
                let k = if is_area { k / 2 } else { k };
                let context = (gradient.name, k, engine);
                let got = gradient.of(engine, &times(&vertices, k), &faces, &g);
                let scaled = times(&expected, if is_area { k } else { -k });
                assert!(same(&got, &scaled), "{context:?}");
                // Half of the way: the gradient of an area has digits below that of g.
                let got = gradient.of(engine, &vertices, &faces, &times(&g, k / 2));
                assert!(same(&got, &times(&expected, k / 2)), "{context:?}");
            }
        }
    }
}

#[test]
fn gradients_scale_with_the_mesh_and_with_upstream_gradients() {
    // Digits of sums are 2^-24 and 2^-53 of them, and those of differences of these less: all of them are normal numbers here.
    every_scale::<f32>(-70..=70, |k| 2.0_f32.powi(k));
    every_scale::<f64>(-900..=900, |k| 2.0_f64.powi(k));
}

/// Edges of 1e-15 and of 1e15, whose squares of areas are no numbers of `f32`.
#[test]
fn single_precision_has_its_digits_at_any_scale() {
    let triangle = [[0.0_f32, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
    let faces = OwnedFaces::of_triangles(vec![[0, 1, 2]]);
    for gradient in mesh_gradients::<f32>() {
        let g = match gradient.of_vertices {
            true => vec![[0.0; 3], [1.0, 0.0, 5.0], [0.0; 3]],
            false => vec![[1.0, 0.0, 5.0]],
        };
        for engine in every_engine() {
            let expected = gradient.of(engine, &triangle, &faces, &g);
            let is_area = gradient.g == Kind::Scalar;
            let sizes = [1e-15_f32, 1.0, 1e15, 1e-30, 1e-19, 1e19, 1e30];
            // Where products of edges are no numbers there is no normal, if the mesh is taken as it is.
            let sizes = if is_area { &sizes[..3] } else { &sizes };
            for &size in sizes {
                let vertices = triangle.map(|v| v.map(|x| x * size));
                let got = gradient.of(engine, &vertices, &faces, &g);
                let factor = if is_area { size } else { 1.0 / size };
                for (got, expected) in got.as_flattened().iter().zip(expected.as_flattened()) {
                    // A handful of roundings.
                    let bound = 8.0 * f32::EPSILON * factor;
                    let error = (got - expected * factor).abs();
                    let context = (gradient.name, size, engine);
                    assert!(error <= bound, "{got:e}: {context:?}");
                }
            }
        }
    }
}

/// A triangle with edges of 1 and 2 times r, at the origin of a mesh whose greatest coordinate is 1, has its gradient to a handful of
/// roundings, for every r and g that are documented not to be lost.
fn small_among_large<T: Float + Real>(cases: &[[f64; 2]], from: fn(f64) -> T, to: fn(T) -> f64) {
    for gradient in mesh_gradients::<T>() {
        if gradient.g == Kind::Scalar {
            continue;
        }
        for (engine, &[r, g]) in every_engine().flat_map(|e| cases.iter().map(move |c| (e, c))) {
            let small = [[0.0; 3], [2.0 * r, 0.0, 0.0], [0.0, r, 0.0]];
            let large = [[0.0, 0.0, 1.0], [0.5, 0.0, 1.0], [0.0, 1.0, 1.0]];
            let vertices: Vec<_> = small
                .into_iter()
                .chain(large)
                .map(|v| v.map(from))
                .collect();
            let faces = OwnedFaces::of_triangles(vec![[0, 1, 2], [3, 4, 5]]);
            let zero = [0.0; 3];
            let g_of = match gradient.of_vertices {
                true => vec![zero, [g, 0.0, 0.0], zero, zero, zero, zero],
                false => vec![[g, 0.0, 0.0], zero],
            };
            let g_of: Vec<_> = g_of.into_iter().map(|v| v.map(from)).collect();
            let got = gradient.of(engine, &vertices, &faces, &g_of);
            let expected = g / (2.0 * r);
            for (got, expected) in [(got[0], expected), (got[1], -expected)] {
                let error = (to(got[2]) / expected - 1.0).abs();
                let context = (gradient.name, r, g, engine);
                assert!(error < 1e-6, "{got:?}, not {expected:e}: {context:?}");
            }
        }
    }
}

#[test]
fn small_faces_of_large_meshes_have_the_gradients_that_are_documented() {
    let single = [
        [1e-27, 1.0],
        [1e-27, 0.1],
        [1e-12, 1e25],
        [1e-7, 1e30],
        [1.0, 1e30],
        [1.0, 1e-19],
        [1e-3, 1e-25],
    ];
    small_among_large::<f32>(&single, |x| x as f32, f64::from);
    let double = [
        [1e-220, 1.0],
        [1e-140, 1e160],
        [1.0, 1e160],
        [1.0, 1e-160],
        [1e-30, 1e-220],
    ];
    small_among_large::<f64>(&double, |x| x, |x| x);
}
