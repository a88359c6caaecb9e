//! Faces as they are in a file: polygons, concave ones and such with corners in line, small ones and large ones.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod support;

use std::fs;

use support::arrays::{array, is_stl, normals};
use support::meshes::Mesh;
use support::{Directory, succeeds};

const Z: [f64; 3] = [0.0, 0.0, 1.0];

/// A file of the field trials.
fn trial(name: &str) -> Vec<u8> {
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/trials");
    fs::read(data.join(name)).unwrap()
}

/// Normals and areas of a mesh of one face, and the normals of its vertices, with either accuracy.
#[track_caller]
fn one_face(name: &str, bytes: &[u8], area: f64) {
    let directory = Directory::new();
    directory.write(name, bytes);
    let single = is_stl(name);
    for accuracy in ["plain", "correctly-rounded"] {
        for (options, vertex) in [(&[][..], false), (&["--vertex"], true)] {
            let mut command = directory.normals(&[name, "-o", "n.npy", "--areas", "a.npy"]);
            succeeds(
                command
                    .args(options)
                    .args(["--force", "--accuracy", accuracy]),
            );
            let (shape, elements) = array(&directory, "n.npy", single);
            assert!(vertex || shape == [1, 3], "{name}: {shape:?}");
            let rows = elements.as_chunks::<3>().0;
            assert_eq!(rows, vec![Z; shape[0]], "{name}, {accuracy}, {options:?}");
            let areas = array(&directory, "a.npy", single);
            assert_eq!(areas, (vec![1], vec![area]), "{name}, {accuracy}");
        }
    }
}

#[test]
fn trials_of_polygons_have_one_normal_and_their_own_area() {
    one_face("L.obj", &trial("polygon-concave/L.obj"), 5.0);
    one_face("dart.obj", &trial("polygon-concave/dart-quad.obj"), 2.0);
    one_face("c.obj", &trial("polygon-collinear/collinear.obj"), 100.0);
}

/// Squares that underflow, and that overflow. Areas with either accuracy are what the type can say of them.
#[test]
fn trials_of_small_and_large_faces_have_unit_normals() {
    for (name, single) in [
        ("plain-not-unit/tiny.obj", false),
        ("plain-not-unit/five-picometres.stl", true),
        ("vertex-overflow/large.stl", true),
    ] {
        let file = name.rsplit('/').next().unwrap();
        for accuracy in ["plain", "correctly-rounded"] {
            for options in [&[][..], &["--vertex"]] {
                let options = [options, &["--accuracy", accuracy]].concat();
                // Plain products of such edges are no numbers: the sum that vertices have is of a mesh that is scaled.
                let overflows = name.ends_with("large.stl") && options == ["--accuracy", "plain"];
                for [x, y, z] in normals(file, &trial(name), single, &options) {
                    if overflows {
                        assert!([x, y, z].iter().all(|x| x.is_nan()), "{x} {y} {z}");
                        continue;
                    }
                    // Four units of f32 are allowed to plain normals.
                    let length = (x * x + y * y + z * z).sqrt();
                    assert!(
                        (length - 1.0).abs() < 3e-7,
                        "{name} {options:?}: {x} {y} {z}"
                    );
                }
            }
        }
    }
}

/// In every format that has polygons; their triangles have other normals, or none.
#[test]
fn concave_faces_and_corners_in_line_have_the_normal_of_their_face_in_every_format() {
    // A comb whose first corner is in line with the two after it, tilted by 4y = 3z.
    let flat = [
        [0, 0],
        [2, 0],
        [9, 0],
        [9, 5],
        [7, 1],
        [5, 5],
        [3, 1],
        [1, 5],
        [0, 1],
    ];
    let place = |[x, y]: [i32; 2]| [f64::from(x), f64::from(3 * y), f64::from(4 * y)];
    let vertices = flat.map(place);
    let mesh = Mesh::new(&vertices, &[&[0, 1, 2, 3, 4, 5, 6, 7, 8]]);
    for file in mesh.files().iter().filter(|file| !is_stl(file.name)) {
        let exact = [0.0, -0.8, 0.6].map(|x| if file.single { f64::from(x as f32) } else { x });
        for options in [&[][..], &["--vertex"]] {
            let rows = normals(file.name, &file.bytes, file.single, options);
            let len = if options.is_empty() { 1 } else { 9 };
            assert_eq!(rows, vec![exact; len], "{} {options:?}", file.name);
        }
    }
}
