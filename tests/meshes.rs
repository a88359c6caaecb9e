//! What is computed of meshes has the bits of the reference, at every level, in every layout, on any number of threads, also
//! of vertices that belong to no triangle and of triangles without area; and an index of no vertex is found before anything
//! is written.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

mod support;

use crosslane::{Accuracy, Engine, Error, Real, Soa, Stores, Threads, Vectors};
use support::meshes::{OnMesh, OwnedFaces, on_meshes};
use support::{Float, INPUTS, Layout, Operand, Random, engines, one_in, one_in_asserted, outputs};

const ACCURACIES: [Accuracy; 2] = [Accuracy::Plain, Accuracy::CorrectlyRounded];

/// Numbers of faces: 0 to 4 registers of the widest level and one more, the boundaries of tiles (64 `f64`, 128 `f32`), and
/// those of the 256 faces that are worked on before they are added to their vertices.
fn lengths() -> impl Iterator<Item = usize> + Clone {
    (0..=4 * 16 + 1).chain([
        79, 80, 81, 127, 128, 129, 143, 144, 145, 191, 193, 255, 256, 257, 271, 273, 385, 511, 512,
        513, 769,
    ])
}

/// Vertices in any layout, half of the time with special values among them.
fn vertices<T: Float + Real>(len: usize, layout: Layout, random: &mut Random) -> Operand<T> {
    let mut vertices = Operand::new(layout, len, random.below(16), random);
    if random.below(2) == 0 {
        vertices.elements_mut().fill_with(|| random.ordinary());
    }
    vertices
}

/// One mesh, all operations; compares the whole buffer of what is written.
fn check<T: Float + Real>(
    engine: Engine,
    lengths: [usize; 2],
    layouts: [Layout; 2],
    random: &mut Random,
) {
    let context = (T::NAME, engine, lengths, layouts, random.clone());
    let engine = engine.with_stores([Stores::Cached, Stores::Streaming][random.below(2)]);
    let vertices = vertices::<T>(lengths[0], layouts[0], random);
    let faces = OwnedFaces::random(lengths[1], lengths[0], random);
    for operation in on_meshes() {
        let (len, offset) = (operation.results(lengths[0], &faces), random.below(16));
        let mut out = operation.output(len, layouts[1], offset, random);
        let expected = operation.expected(&vertices, &faces, &out, engine.accuracy());
        operation.run(engine, &vertices, &faces, &mut out).unwrap();
        out.assert_same(&expected, engine.accuracy(), &(operation.name, &context));
    }
}

fn every_pair_of_layouts<T: Float + Real>() {
    let mut random = Random(1);
    for (engine, accuracy) in engines()
        .into_iter()
        .flat_map(|e| ACCURACIES.map(|a| (e, a)))
    {
        let engine = engine.with_accuracy(accuracy).with_threads(Threads::Serial);
        for input in INPUTS {
            for output in outputs() {
                let step = 2 * one_in(11) * one_in_asserted(3);
                for len in lengths().skip(random.below(step)).step_by(step) {
                    // Few vertices have many faces each, many have few or none.
                    let most = [5, 40, 300][random.below(3)];
                    let few_or_many = 1 + random.below(most);
                    let len = len + random.below(2);
                    check::<T>(engine, [few_or_many, len], [input, output], &mut random);
                }
            }
        }
    }
}

#[test]
fn f32_every_pair_of_layouts_matches_reference() {
    every_pair_of_layouts::<f32>();
}

#[test]
fn f64_every_pair_of_layouts_matches_reference() {
    every_pair_of_layouts::<f64>();
}

/// Pieces of any length, and of the lengths at which a batch is not split.
#[cfg(feature = "rayon")]
#[test]
fn every_number_of_threads_matches_reference() {
    use std::num::NonZeroUsize;

    let mut random = Random(2);
    for threads in [1, 2, 3, 7] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().unwrap();
        let most = Threads::Max(NonZeroUsize::new(threads).unwrap());
        for (engine, accuracy) in engines()
            .into_iter()
            .flat_map(|e| ACCURACIES.map(|a| (e, a)))
        {
            let engine = engine.with_accuracy(accuracy).with_threads(most);
            for output in outputs() {
                for lengths in [
                    [1, 1],
                    [3, 17],
                    [100, 64],
                    [113, 224],
                    [333, 999],
                    [4099, 8001],
                ]
                .into_iter()
                .skip(random.below(one_in(6)))
                .step_by(one_in(6))
                {
                    let layouts = [INPUTS[random.below(INPUTS.len())], output];
                    pool.install(|| check::<f32>(engine, lengths, layouts, &mut random));
                    pool.install(|| check::<f64>(engine, lengths, layouts, &mut random));
                }
            }
        }
    }
}

/// Outputs are filled before, so that what was not written is seen.
#[test]
fn meshes_without_faces_or_vertices_have_nothing_or_zero_normals() {
    let (none, vertices) = ([[0.0_f64; 3]; 0], [[1.0, 2.0, 3.0]; 5]);
    for engine in engines() {
        let (mut normals, mut areas) = (none, []);
        for vertices in [&none[..], &vertices] {
            engine
                .triangle_normals(vertices, &[], &mut normals)
                .unwrap();
            engine.triangle_areas(vertices, &[], &mut areas).unwrap();
        }
        engine.vertex_normals(&none, &[], &mut normals).unwrap();
        let mut normals = [[7.0; 3]; 5];
        engine.vertex_normals(&vertices, &[], &mut normals).unwrap();
        assert_eq!(
            normals.map(|v| v.map(f64::to_bits)),
            [[0; 3]; 5],
            "{engine:?}"
        );
    }
}

#[test]
fn triangles_without_area_have_no_normal_and_add_nothing() {
    // The last vertex belongs to no triangle; 0, 1 and 2 are in line.
    let vertices = [
        [1.0, 1.0, 1.0],
        [2.0, 3.0, 4.0],
        [3.0, 5.0, 7.0],
        [0.0, 0.0, 1.0],
        [9.0; 3],
    ];
    let flat = [
        [0, 0, 0],
        [0, 0, 1],
        [0, 1, 0],
        [1, 0, 0],
        [0, 1, 2],
        [3, 3, 2],
    ];
    let faces: Vec<[u32; 3]> = flat.into_iter().cycle().take(100).collect();
    for (engine, accuracy) in engines()
        .into_iter()
        .flat_map(|e| ACCURACIES.map(|a| (e, a)))
    {
        let engine = engine.with_accuracy(accuracy);
        let (mut normals, mut areas) = (vec![[7.0_f32; 3]; 100], vec![7.0; 100]);
        engine
            .triangle_normals(&vertices, &faces, &mut normals)
            .unwrap();
        engine
            .triangle_areas(&vertices, &faces, &mut areas)
            .unwrap();
        assert_eq!(
            (&normals, &areas),
            (&vec![[0.0; 3]; 100], &vec![0.0; 100]),
            "{engine:?}"
        );

        let mut of_vertices = [[7.0; 3]; 5];
        engine
            .vertex_normals(&vertices, &faces, &mut of_vertices)
            .unwrap();
        assert_eq!(of_vertices, [[0.0; 3]; 5], "{engine:?}");
        let faces = [&faces[..], &[[0, 1, 3]]].concat();
        engine
            .vertex_normals(&vertices, &faces, &mut of_vertices)
            .unwrap();
        let mut normal = [[0.0; 3]];
        engine
            .triangle_normals(&vertices, &[[0, 1, 3]], &mut normal)
            .unwrap();
        let [n] = normal;
        assert_ne!(n, [0.0; 3], "{engine:?}");
        assert_eq!(of_vertices, [n, n, [0.0; 3], n, [0.0; 3]], "{engine:?}");
    }
}

/// An index that is too great in each corner of each face, one more behind it, which is not the one to be named.
fn bad_indices<T: Float + Real>() {
    let mut random = Random(3);
    for operation in on_meshes::<T>() {
        for (vertex_count, face_count) in [(5, 1), (5, 7), (40, 300)] {
            let vertices = vertices::<T>(vertex_count, Layout::Aos, &mut random);
            for index in [vertex_count as u32, u32::MAX] {
                for corner in 0..3 {
                    let mut faces = OwnedFaces::random(face_count, vertex_count, &mut random);
                    let face = random.below(face_count);
                    if operation.polygons && faces.polygon(face).len() <= corner {
                        continue;
                    }
                    let at = match operation.polygons {
                        true => faces.starts[face] + corner,
                        false => 3 * face + corner,
                    };
                    let indices = match operation.polygons {
                        true => &mut faces.corners,
                        false => faces.triangles.as_flattened_mut(),
                    };
                    indices[at..].fill(u32::MAX - 1);
                    indices[at] = index;
                    assert_refused(
                        &operation,
                        &vertices,
                        &faces,
                        Error::IndexOutOfRange {
                            face,
                            corner,
                            index: index as usize,
                            len: vertex_count,
                        },
                    );
                }
            }
        }
        // Where there is none at all.
        let faces = OwnedFaces::of_triangles(vec![[0; 3]; 2]);
        let error = Error::IndexOutOfRange {
            face: 0,
            corner: 0,
            index: 0,
            len: 0,
        };
        let none = vertices::<T>(0, Layout::Aos, &mut random);
        assert_refused(&operation, &none, &faces, error);
    }
}

/// This error, and nothing is written.
#[track_caller]
fn assert_refused<T: Float + Real>(
    operation: &OnMesh<T>,
    vertices: &Operand<T>,
    faces: &OwnedFaces,
    error: Error,
) {
    let mut random = Random(8);
    let len = operation.results(vertices.len(), faces);
    let mut out = operation.output(len, Layout::Padded, 3, &mut random);
    let before = out.clone();
    let result = operation.run(Engine::new(), vertices, faces, &mut out);
    assert_eq!(result, Err(error), "{}", operation.name);
    out.assert_same(&before, Accuracy::CorrectlyRounded, &operation.name);
}

/// Where faces begin: not at 0, before the face before, behind the last corner.
#[test]
fn a_face_that_begins_where_it_cannot_is_named_and_nothing_is_written() {
    let mut random = Random(9);
    let vertices = vertices::<f64>(5, Layout::Aos, &mut random);
    for (starts, face, got, least, most) in [
        (&[1][..], 0, 1, 0, 0),
        (&[usize::MAX], 0, usize::MAX, 0, 0),
        (&[0, 4, 3], 2, 3, 4, 9),
        (&[0, 4, 10], 2, 10, 4, 9),
        (&[0, 10, 4], 1, 10, 0, 9),
    ] {
        let faces = OwnedFaces {
            triangles: vec![[0; 3]; starts.len()],
            corners: vec![0, 1, 2, 3, 4, 3, 2, 1, 0],
            starts: starts.to_vec(),
        };
        for operation in on_meshes().into_iter().filter(|op| op.polygons) {
            let error = Error::FaceStart {
                face,
                got,
                least,
                most,
            };
            assert_refused(&operation, &vertices, &faces, error);
        }
    }
}

#[test]
fn the_first_corner_that_is_no_vertex_is_named_and_nothing_is_written() {
    bad_indices::<f32>();
    bad_indices::<f64>();
}

#[test]
fn a_wrong_length_is_an_error_and_nothing_is_written() {
    let mut random = Random(4);
    for operation in on_meshes::<f64>() {
        for (lengths, wrong) in [([5, 7], 6), ([5, 7], 0), ([5, 7], 100), ([9, 0], 1)] {
            let vertices = vertices::<f64>(lengths[0], Layout::Soa, &mut random);
            let faces = OwnedFaces::random(lengths[1], lengths[0], &mut random);
            let (len, offset) = (operation.results(lengths[0], &faces), random.below(16));
            let right = operation.output(len, Layout::Aos, offset, &mut random);
            let mut out = Operand::new(right.layout(), wrong, 0, &mut random);
            let (before, expected) = (out.clone(), right.len());
            assert_eq!(
                operation.run(Engine::new(), &vertices, &faces, &mut out),
                Err(Error::LengthMismatch {
                    what: "out",
                    expected,
                    got: wrong
                }),
                "{}",
                operation.name
            );
            out.assert_same(&before, Accuracy::CorrectlyRounded, &operation.name);
        }
    }
}

/// A field of 118,802 triangles: every vertex inside has six, in an order that no thread can change.
#[test]
fn a_large_mesh_has_the_same_bits_on_any_number_of_threads() {
    let (columns, rows) = (300_u32, 200_u32);
    let mut random = Random(5);
    let vertices: Vec<[f32; 3]> = (0..columns * rows)
        .map(|i| {
            [
                (i % columns) as f32,
                (i / columns) as f32,
                f32::near_one(random.bits()),
            ]
        })
        .collect();
    let squares = (0..rows - 1).flat_map(|y| (0..columns - 1).map(move |x| y * columns + x));
    let faces: Vec<[u32; 3]> = squares
        .flat_map(|i| {
            [
                [i, i + 1, i + columns],
                [i + 1, i + columns + 1, i + columns],
            ]
        })
        .collect();
    let columns = Soa::from_aos(&vertices);
    for accuracy in ACCURACIES {
        let expected = crosslane::reference::vertex_normals(&vertices, &faces, accuracy);
        for engine in engines() {
            for threads in [Threads::Auto, Threads::Serial] {
                let engine = engine.with_accuracy(accuracy).with_threads(threads);
                let mut out = vec![[0.0; 3]; vertices.len()];
                engine.vertex_normals(&columns, &faces, &mut out).unwrap();
                assert!(out == expected, "{engine:?}");
                let mut out = Soa::zeros(vertices.len());
                let rows = Vectors::aos(&vertices);
                engine.vertex_normals(rows, &faces, &mut out).unwrap();
                assert!(out.to_aos() == expected, "{engine:?}");
            }
        }
    }
}
