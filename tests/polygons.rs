//! Faces as they are: polygons have their own normals and areas, not those of a fan of triangles; the bits of a face depend on that face
//! alone; and neither scale, nor place, nor what no face uses changes a result beyond what is documented. That kernels have the
//! bits of the reference is in tests/meshes.rs, how large errors are in tests/accuracy.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod support;

use crosslane::{Accuracy, Engine, Real};
use crosslane_cases::big::Big;
use crosslane_cases::derived::{self as exact, Vector};
use support::meshes::OwnedFaces;
use support::{Float, Random, engines};

const ACCURACIES: [Accuracy; 2] = [Accuracy::Plain, Accuracy::CorrectlyRounded];

fn every_engine() -> impl Iterator<Item = Engine> {
    let engines = engines().into_iter();
    engines.flat_map(|engine| ACCURACIES.map(|accuracy| engine.with_accuracy(accuracy)))
}

fn normals<T: Real>(engine: Engine, vertices: &[[T; 3]], faces: &OwnedFaces) -> Vec<[T; 3]> {
    let mut out = vec![[T::default(); 3]; faces.starts.len()];
    engine
        .face_normals(vertices, &faces.corners, &faces.starts, &mut out)
        .unwrap();
    out
}

fn areas<T: Real>(engine: Engine, vertices: &[[T; 3]], faces: &OwnedFaces) -> Vec<T> {
    let mut out = vec![T::default(); faces.starts.len()];
    engine
        .face_areas(vertices, &faces.corners, &faces.starts, &mut out)
        .unwrap();
    out
}

fn vertex_normals<T: Real>(engine: Engine, vertices: &[[T; 3]], faces: &OwnedFaces) -> Vec<[T; 3]> {
    let mut out = vec![[T::default(); 3]; vertices.len()];
    engine
        .polygon_vertex_normals(vertices, &faces.corners, &faces.starts, &mut out)
        .unwrap();
    out
}

/// These polygons.
fn of(polygons: &[Vec<u32>]) -> OwnedFaces {
    let mut faces = OwnedFaces::of_triangles(Vec::new());
    for polygon in polygons {
        faces.starts.push(faces.corners.len());
        faces.corners.extend(polygon);
    }
    faces
}

fn bits<T: Float>(vectors: &[[T; 3]]) -> Vec<[T::Bits; 3]> {
    vectors.iter().map(|v| v.map(Float::bits)).collect()
}

/// A plane polygon with integer corners, twice its area, counterclockwise.
type Plane = (&'static [[i32; 2]], i32);

/// Convex and concave, with corners in line, with a hole that a seam leads to, and a star whose centre is far from its first corner.
const PLANES: [Plane; 7] = [
    (&[[0, 0], [4, 0], [0, 3]], 12),
    // An L, and a dart whose fan leaves it.
    (&[[0, 0], [3, 0], [3, 1], [1, 1], [1, 3], [0, 3]], 10),
    (&[[4, 1], [0, 3], [1, 1], [0, 0]], 9),
    // Corners within edges, at the beginning of two triangles of the fan.
    (&[[0, 0], [5, 0], [10, 0], [10, 10], [0, 10], [0, 5]], 200),
    (
        &[
            [0, 0],
            [9, 0],
            [9, 9],
            [0, 9],
            [0, 0],
            [3, 3],
            [3, 6],
            [6, 6],
            [6, 3],
            [3, 3],
        ],
        144,
    ),
    // A comb, which most triangles of the fan leave.
    (
        &[
            [0, 0],
            [9, 0],
            [9, 9],
            [8, 1],
            [7, 9],
            [6, 1],
            [5, 9],
            [4, 1],
            [3, 9],
            [2, 1],
            [1, 9],
            [0, 1],
        ],
        90,
    ),
    (&[[0, 0], [1000, 1], [2000, 0], [1000, 2]], 2000),
];

/// Twice the area by the shoelace formula.
fn shoelace(corners: &[[i32; 2]]) -> i32 {
    let next = corners.iter().cycle().skip(1);
    let edges = corners.iter().zip(next);
    edges.map(|([x, y], [u, v])| x * v - u * y).sum()
}

/// In every plane, from every first corner, in either direction, at every place whose coordinates are exact.
#[test]
fn plane_polygons_have_their_area_and_normal_whichever_corner_is_first_and_wherever_they_are() {
    for engine in every_engine() {
        for (corners, double_area) in PLANES {
            assert_eq!(shoelace(corners), double_area, "{corners:?}");
            for (axis, away) in (0..3).flat_map(|axis| [0.0, -7.0, 2e15].map(|far| (axis, far))) {
                let place = |&[x, y]: &[i32; 2]| {
                    let mut v = [away; 3];
                    v[(axis + 1) % 3] += f64::from(x);
                    v[(axis + 2) % 3] += f64::from(y);
                    v
                };
                let vertices: Vec<_> = corners.iter().map(place).collect();
                let n = vertices.len();
                let turned = |first: usize| (0..n).map(|i| ((first + i) % n) as u32).collect();
                let mut polygons: Vec<Vec<u32>> = (0..n).map(turned).collect();
                let reversed = |polygon: &Vec<u32>| polygon.iter().rev().copied().collect();
                let backwards: Vec<_> = polygons.iter().map(reversed).collect();
                polygons.extend(backwards);
                let faces = of(&polygons);
                let mut normal = [0.0; 3];
                normal[axis] = 1.0;
                let opposite = normal.map(|x| 0.0 - x);
                let context = (engine, corners, axis, away);
                let got = normals(engine, &vertices, &faces);
                assert_eq!(got[..n], vec![normal; n], "{context:?}");
                assert_eq!(got[n..], vec![opposite; n], "{context:?}");
                let area = f64::from(double_area) / 2.0;
                let got = areas(engine, &vertices, &faces);
                assert_eq!(got, vec![area; 2 * n], "{context:?}");
                // Of vertices that a seam visits twice there are two here.
                let got = vertex_normals(engine, &vertices, &of(&polygons[..1]));
                assert_eq!(got, vec![normal; n], "{context:?}");
            }
        }
    }
}

#[test]
fn faces_of_fewer_than_three_corners_have_no_area_whatever_their_corners_are() {
    let vertices = [[f32::NAN; 3], [1.0, 2.0, 3.0]];
    let faces = of(&[vec![], vec![0], vec![1, 0], vec![], vec![1], vec![1, 1]]);
    for engine in every_engine() {
        let normals = normals(engine, &vertices, &faces);
        assert_eq!(bits(&normals), [[0; 3]; 6], "{engine:?}");
        let areas = areas(engine, &vertices, &faces);
        assert_eq!(areas.map_bits(), [0; 6], "{engine:?}");
        let of_vertices = vertex_normals(engine, &vertices, &faces);
        assert_eq!(bits(&of_vertices), [[0; 3]; 2], "{engine:?}");
    }
}

trait MapBits {
    fn map_bits(&self) -> Vec<u32>;
}

impl MapBits for Vec<f32> {
    fn map_bits(&self) -> Vec<u32> {
        self.iter().map(|x| x.to_bits()).collect()
    }
}

/// Special values among the vertices, so that zeros of both signs, infinities and NaN are among the results.
fn every_triangle<T: Real + Float>() {
    let mut random = Random(1);
    let vertices: Vec<[T; 3]> = (0..400)
        .map(|i| {
            [0; 3].map(|_| match i % 2 {
                0 => random.value(),
                _ => random.ordinary(),
            })
        })
        .collect();
    let triangles = (0..3000).map(|_| [0; 3].map(|_| random.below(400) as u32));
    let faces = OwnedFaces::of_triangles(triangles.collect());
    for engine in every_engine() {
        let (n, triangles) = (faces.starts.len(), &faces.triangles);
        let mut expected = vec![[T::default(); 3]; n];
        engine
            .triangle_normals(&vertices, triangles, &mut expected)
            .unwrap();
        let got = normals(engine, &vertices, &faces);
        assert!(same(&got, &expected), "normals: {engine:?}");
        let mut numbers = vec![T::default(); n];
        engine
            .triangle_areas(&vertices, triangles, &mut numbers)
            .unwrap();
        let got = areas(engine, &vertices, &faces);
        let equal = got.iter().zip(&numbers).all(|(x, y)| x.same(*y));
        assert!(equal, "areas: {engine:?}");
        let mut expected = vec![[T::default(); 3]; vertices.len()];
        engine
            .vertex_normals(&vertices, triangles, &mut expected)
            .unwrap();
        let got = vertex_normals(engine, &vertices, &faces);
        assert!(same(&got, &expected), "normals of vertices: {engine:?}");
    }
}

fn same<T: Float>(got: &[[T; 3]], expected: &[[T; 3]]) -> bool {
    let (got, expected) = (got.as_flattened(), expected.as_flattened());
    got.len() == expected.len() && got.iter().zip(expected).all(|(x, y)| x.same(*y))
}

#[test]
fn triangles_as_polygons_have_the_bits_of_triangles() {
    every_triangle::<f32>();
    every_triangle::<f64>();
}

/// Where it is, and what is beside it, is another thing each time.
fn alone<T: Real + Float>() {
    let mut random = Random(2);
    let vertices: Vec<[T; 3]> = (0..99)
        .map(|i| {
            [0; 3].map(|_| match i % 2 {
                0 => random.value(),
                _ => random.ordinary(),
            })
        })
        .collect();
    for engine in every_engine() {
        for len in [3, 17, 130, 300] {
            let polygon = |random: &mut Random| {
                let count = OwnedFaces::count(random);
                (0..count).map(|_| random.below(99) as u32).collect()
            };
            let polygons: Vec<Vec<u32>> = (0..len).map(|_| polygon(&mut random)).collect();
            let got = normals(engine, &vertices, &of(&polygons));
            let numbers = areas(engine, &vertices, &of(&polygons));
            for (i, polygon) in polygons.iter().enumerate() {
                let alone = of(std::slice::from_ref(polygon));
                let normal = normals(engine, &vertices, &alone);
                assert!(same(&got[i..=i], &normal), "{engine:?}: {polygon:?}");
                let area = areas(engine, &vertices, &alone)[0];
                assert!(numbers[i].same(area), "{engine:?}: {polygon:?}");
            }
        }
    }
}

#[test]
fn a_polygon_has_the_bits_that_it_has_alone() {
    alone::<f32>();
    alone::<f64>();
}

/// More corners than a tile has places: a circle, and one that goes in and out.
#[test]
fn polygons_of_very_many_corners_are_right() {
    let n = 100_000;
    let angle = |i: u32| f64::from(i) * core::f64::consts::TAU / f64::from(n);
    let radius = |i: u32| if i.is_multiple_of(2) { 1.0 } else { 0.5 };
    for (inner, expected) in [
        (false, core::f64::consts::PI),
        (true, 0.5 * core::f64::consts::PI),
    ] {
        let corner = |i: u32| {
            let r = if inner { radius(i) } else { 1.0 };
            [r * angle(i).cos(), r * angle(i).sin(), 3.0]
        };
        let vertices: Vec<[f64; 3]> = (0..n).map(corner).collect();
        let faces = of(&[(0..n).collect(), vec![0, 1, 2]]);
        for engine in every_engine() {
            // Each corner is rounded to u = 2^-53, and the polygon of n corners is (2π/n)²/6 less than its circle.
            let area = areas(engine, &vertices, &faces)[0];
            assert!((area / expected - 1.0).abs() < 1e-8, "{engine:?}: {area}");
            let [x, y, z] = normals(engine, &vertices, &faces)[0];
            assert!(x.abs() < 1e-15 && y.abs() < 1e-15, "{engine:?}: {x} {y}");
            assert!((z - 1.0).abs() <= f64::EPSILON, "{engine:?}: {z}");
        }
    }
}

/// A cube whose faces are polygons, one of them cut in two, at every power of two.
fn every_scale<T: Real + Float + From<f32>>(exponents: core::ops::Range<i32>, power: fn(i32) -> T) {
    let side = |bit: usize, i: usize| <T as From<f32>>::from((i >> bit & 1) as f32);
    let cube: Vec<[T; 3]> = (0..8).map(|i| [0, 1, 2].map(|bit| side(bit, i))).collect();
    let faces: [&[u32]; 7] = [
        &[0, 4, 6, 2],
        &[1, 3, 7, 5],
        &[0, 1, 5, 4],
        &[2, 6, 7, 3],
        &[0, 2, 3, 1],
        &[4, 5, 7],
        &[4, 7, 6],
    ];
    let faces = of(&faces.map(<[u32]>::to_vec));
    for engine in every_engine() {
        let expected = vertex_normals(engine, &cube, &faces);
        for k in exponents.clone() {
            let scaled = |v: &[T; 3]| v.map(|x| x * power(k));
            let mut vertices: Vec<[T; 3]> = cube.iter().map(scaled).collect();
            let got = vertex_normals(engine, &vertices, &faces);
            assert!(same(&got, &expected), "2^{k}: {engine:?}");
            // What no face has may be anything.
            let any = exponents.clone().step_by(exponents.len() / 50).map(power);
            for junk in any.chain([T::SPECIAL[T::SPECIAL.len() - 2]]) {
                vertices.push([junk; 3]);
                let got = vertex_normals(engine, &vertices, &faces);
                assert!(same(&got[..8], &expected), "2^{k}, {junk:?}: {engine:?}");
                assert_eq!(got[8], [T::default(); 3], "{engine:?}");
                vertices.pop();
            }
        }
    }
}

#[test]
fn vertices_have_the_same_normals_at_every_scale_whatever_vertices_without_faces_are() {
    every_scale::<f32>(-149..127, |k| 2.0_f32.powi(k / 2) * 2.0_f32.powi(k - k / 2));
    every_scale::<f64>(-1074..1023, |k| {
        2.0_f64.powi(k / 2) * 2.0_f64.powi(k - k / 2)
    });
}

/// Out along random corners, back along nearly the same ones: what is left of the area is k·2⁻⁵⁰ of what was added and more, and has the error
/// that it has in smaller polygons.
#[test]
fn polygons_of_many_corners_whose_parts_cancel_are_as_accurate_as_documented() {
    let mut random = Random(7);
    for half in [3, 50, 1000] {
        let mut corner = || [0; 3].map(|_| f64::near_one(random.bits()));
        let out: Vec<[f64; 3]> = (0..half).map(|_| corner()).collect();
        let [x, y, z] = out[half - 1];
        let step = 2.0_f64.powi(-20);
        let back = out[..half - 1].iter().rev().copied();
        let corners: Vec<_> = out
            .iter()
            .copied()
            .chain([[x + step, y - step, z + 2.0 * step]])
            .chain(back)
            .collect();
        let big: Vec<Vector> = corners.iter().map(|v| v.map(Big::of)).collect();
        let zero = [0; 3].map(Big::integer);
        let sum = (1..big.len() - 1).fold(zero, |sum, i| {
            let [a, b] = [i, i + 1].map(|i| exact::minus(&big[i], &big[0]));
            exact::plus(&sum, &exact::cross(&a, &b))
        });
        let area = exact::norm(&sum) * Big::power_of_two(-1);
        let faces = of(&[(0..corners.len() as u32).collect()]);
        for engine in engines() {
            let engine = engine.with_accuracy(Accuracy::CorrectlyRounded);
            let got = Big::of(areas(engine, &corners, &faces)[0]);
            let u = &area * Big::power_of_two(-53);
            let error = (got - &area).abs().over(&u).to_f64();
            assert!(error < 2.03, "{half}: {error} u, {engine:?}");
            let n = normals(engine, &corners, &faces)[0];
            let expected = exact::unit(&sum);
            for (got, expected) in n.into_iter().zip(&expected) {
                let u = expected.abs() * Big::power_of_two(-53);
                let error = (Big::of(got) - expected).abs().over(&u).to_f64();
                assert!(error < 2.6, "{half}: {error} u, {engine:?}");
            }
        }
    }
}
