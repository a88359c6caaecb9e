//! Normals and areas of meshes: the same from every format, and the numbers that they must be.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod support;

use std::fs;

use crosslane::{Accuracy, Engine, Vectors, VectorsMut};
use support::arrays::{array, is_stl, normals};
use support::meshes::{Element, Mesh};
use support::{Directory, Float, crosslane, levels, read, succeeds, text};

/// Every format gives these rows, one for each face, exactly; STL has triangles only, and one for each of these.
#[track_caller]
fn all_give(mesh: &Mesh, options: &[&str], expected: &[[f64; 3]]) {
    for file in mesh.files() {
        let rows = normals(file.name, &file.bytes, file.single, options);
        let rounded = |x: f64| if file.single { f64::from(x as f32) } else { x };
        let expected = per_face(mesh, file.name, expected);
        let expected: Vec<_> = expected.iter().map(|row| row.map(rounded)).collect();
        assert_eq!(rows, expected, "{}", file.name);
    }
}

/// What each face has, or, in STL, each triangle that it is cut into.
fn per_face<X: Copy>(mesh: &Mesh, name: &str, of_faces: &[X]) -> Vec<X> {
    let faces = mesh.faces.iter().zip(of_faces);
    let triangles = |face: &Vec<u32>| if is_stl(name) { face.len() - 2 } else { 1 };
    faces
        .flat_map(|(face, x)| std::iter::repeat_n(*x, triangles(face)))
        .collect()
}

const X: [f64; 3] = [1.0, 0.0, 0.0];
const Y: [f64; 3] = [0.0, 1.0, 0.0];
const Z: [f64; 3] = [0.0, 0.0, 1.0];

fn opposite(v: [f64; 3]) -> [f64; 3] {
    v.map(|x| 0.0 - x)
}

#[test]
fn a_cube_has_the_axes() {
    let axes = [X, Y, Z].into_iter();
    let both = axes.flat_map(|axis| [opposite(axis), axis]);
    all_give(&Mesh::cube(), &[], &both.collect::<Vec<_>>());
}

#[test]
fn a_tilted_quad_has_three_fifths() {
    // Edges of 2 along x and of (0, -3, 4): the product is (0, -8, -6).
    all_give(&Mesh::tilted(), &[], &[[0.0, -0.8, -0.6]; 2]);
}

#[test]
fn a_tetrahedron_has_the_same_slant_in_every_format() {
    for file in Mesh::tetrahedron().files() {
        let rows = normals(file.name, &file.bytes, file.single, &[]);
        assert_eq!(rows[..3], [Z, X, Y].map(opposite), "{}", file.name);
        let third = (1.0_f64 / 3.0).sqrt();
        // The root of 3 and the quotient, each within half a unit in the last place.
        let tolerance = if file.single {
            f32::EPSILON.into()
        } else {
            f64::EPSILON
        };
        for x in rows[3] {
            assert!((x - third).abs() <= tolerance, "{}: {x}", file.name);
        }
    }
}

#[test]
fn vertices_have_the_faces_around_them_weighted_by_area() {
    // Around three of the vertices two small faces cancel two components of the large one.
    let mesh = Mesh::tetrahedron();
    for file in mesh.files() {
        let rows = normals(file.name, &file.bytes, file.single, &["--vertex"]);
        // STL has its vertices in the order of the facets.
        let stl = file.name.to_ascii_lowercase().ends_with("stl");
        let expected = if stl { [Y, X, Z] } else { [X, Y, Z] };
        assert_eq!(rows[1..], expected, "{}", file.name);
        let [x, y, z] = rows[0];
        assert!(x < -0.57 && x == y && y == z, "{}: {x} {y} {z}", file.name);
    }
}

#[test]
fn vertices_of_no_face_have_zero_and_keep_their_place() {
    let mut mesh = Mesh::tilted();
    mesh.vertices.insert(0, [7.0; 3]);
    mesh.vertices.push([8.0; 3]);
    mesh.faces.iter_mut().flatten().for_each(|i| *i += 1);
    let files = mesh.files().into_iter();
    for file in files.filter(|file| !file.name.to_ascii_lowercase().ends_with("stl")) {
        let rows = normals(file.name, &file.bytes, file.single, &["--vertex"]);
        let n = [0.0, -0.8, -0.6].map(|x| if file.single { f64::from(x as f32) } else { x });
        assert_eq!(rows, [[0.0; 3], n, n, n, n, n, [0.0; 3]], "{}", file.name);
    }
}

#[test]
fn areas_are_those_of_the_faces() {
    for vertex in [&[][..], &["--vertex"]] {
        for (mesh, of_faces) in [
            (Mesh::cube(), &[4.0; 6][..]),
            (Mesh::tilted(), &[10.0, 5.0]),
        ] {
            for file in mesh.files() {
                // The triangles of each face are equally large.
                let share = |(face, area): (&Vec<u32>, &f64)| match is_stl(file.name) {
                    true => area / (face.len() - 2) as f64,
                    false => *area,
                };
                let shares: Vec<_> = mesh.faces.iter().zip(of_faces).map(share).collect();
                let expected = per_face(&mesh, file.name, &shares);
                let directory = Directory::new();
                directory.write(file.name, &file.bytes);
                let mut command = directory.normals(&[file.name, "-o", "n.npy"]);
                succeeds(command.args(["--areas", "a.npy"]).args(vertex));
                let areas = array(&directory, "a.npy", file.single);
                assert_eq!(
                    areas,
                    (vec![expected.len()], expected.clone()),
                    "{}",
                    file.name
                );
                let rows = array(&directory, "n.npy", file.single).0[0];
                let vertices = mesh.vertices.len();
                let expected = if vertex.is_empty() {
                    expected.len()
                } else {
                    vertices
                };
                assert_eq!(rows, expected, "{}", file.name);
                assert_eq!(directory.names(), 3);
            }
        }
    }
}

/// What the library gives for these triangles, by the same options.
fn library(vertices: &[[f64; 3]], triangles: &[[u32; 3]], engine: Engine) -> Vec<u64> {
    let mut out = vec![[0.0; 3]; triangles.len()];
    let view = VectorsMut::aos(&mut out);
    engine
        .triangle_normals(Vectors::aos(vertices), triangles, view)
        .unwrap();
    out.as_flattened().iter().map(|x| x.bits()).collect()
}

#[test]
fn random_triangles_are_the_library_s_in_either_accuracy_at_every_level() {
    let mut random = fastrand::Rng::with_seed(1);
    let vertices: Vec<_> = (0..1000)
        .map(|_| [0; 3].map(|_| random.f64() - 0.5))
        .collect();
    let triangles: Vec<_> = (0..3000)
        .map(|_| [0; 3].map(|_| random.u32(..1000)))
        .collect();
    let faces: Vec<&[u32]> = triangles.iter().map(|t| &t[..]).collect();
    let directory = Directory::new();
    directory.write("mesh.obj", &Mesh::new(&vertices, &faces).obj());
    for level in levels() {
        for (options, accuracy) in [
            (&[][..], Accuracy::CorrectlyRounded),
            (
                &["--accuracy", "correctly-rounded"],
                Accuracy::CorrectlyRounded,
            ),
            (&["--accuracy", "plain"], Accuracy::Plain),
        ] {
            let mut command = directory.normals(&["mesh.obj", "-o", "out.npy", "--force"]);
            succeeds(
                command
                    .args(["--level", &level, "--threads", "2"])
                    .args(options),
            );
            let (_, got) = read::<f64>(&directory.path("out.npy"));
            let got: Vec<_> = got.into_iter().map(Float::bits).collect();
            let engine = Engine::new().with_level(level.parse().unwrap()).unwrap();
            let expected = library(&vertices, &triangles, engine.with_accuracy(accuracy));
            assert!(got == expected, "{level} {options:?}");
        }
    }
}

#[test]
fn the_summary_counts_vertices_faces_and_corners() {
    for (mesh, options, expected) in [
        (
            Mesh::cube(),
            &[][..],
            "6 normals, float64; 8 vertices, 6 faces, 24 corners\n",
        ),
        (
            Mesh::tilted(),
            &["--vertex"],
            "5 normals, float64; 5 vertices, 2 faces, 7 corners\n",
        ),
        (
            Mesh::tetrahedron(),
            &[],
            "4 normals, float64; 4 vertices, 4 faces, 12 corners\n",
        ),
    ] {
        let directory = Directory::new();
        directory.write("mesh.obj", &mesh.obj());
        let mut command = directory.normals(&["mesh.obj", "-o", "out.npy"]);
        assert_eq!(text(&succeeds(command.args(options)).stdout), expected);
    }
    let directory = Directory::new();
    for (mesh, expected) in [
        (
            &b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"[..],
            "1 normal, float64; 3 vertices, 1 face, 3 corners\n",
        ),
        (
            b"v 0 0 0\n",
            "0 normals, float64; 1 vertex, 0 faces, 0 corners\n",
        ),
    ] {
        directory.write("mesh.obj", mesh);
        let mut command = directory.normals(&["mesh.obj", "-o", "out.npy", "--force"]);
        assert_eq!(text(&succeeds(&mut command).stdout), expected);
    }
}

#[test]
fn obj_as_others_write_it() {
    let file = b"\xef\xbb\xbfv 9 9 9\n# \xe9t\xe9, no text in UTF-8 \\\r\n\
        mtllib no such file.mtl\r\n\
        v 0 0 0 1.0\r\n\
        v +2. 0.0e0 -0 0.5 0.5 0.5 # red, green, blue\r\n\
        f 2//1 3/1 4 # of which one comes later\r\n\
        vn 0 0 1\nvt 0 0\n\
        \tv 2 \\\n -3 4\n\
        g other\nusemtl none\ns 1\n\
        v 0 -3 4\nv 1 -6 8\n\
        l 1 2 3\np 1\n\
        fo -5/-1/-1 -3 -2\n\
        f 5 4 6";
    assert_eq!(normals("m.OBJ", file, false, &[]), [[0.0, -0.8, -0.6]; 3]);
    // One normal for each vertex of the file, in its order, across groups.
    let rows = normals("m.obj", file, false, &["--vertex"]);
    assert_eq!(rows[0], [0.0; 3]);
    assert_eq!(rows[1..], [[0.0, -0.8, -0.6]; 5]);
}

#[test]
fn ply_as_others_write_it() {
    let text = "ply\r\nformat ascii 1.0\r\nobj_info made by hand\r\n\
        element face 1\r\nproperty uchar flags\r\nproperty list int uint8 vertex_index\r\n\
        element vertex 3\r\nproperty int z\r\nproperty short y\r\nproperty float64 x\r\nend_header\r\n\
        7 3 2 1 0\r\n\r\n  4  -3 2 \r\n0 0\t2\r\n0 0 0\r\n\r\n";
    let rows = normals("m.ply", text.as_bytes(), false, &[]);
    assert_eq!(rows, [[0.0, -0.8, -0.6]]);
}

#[test]
fn stl_as_others_write_it() {
    let facet = "FACET normal 0 0 0\nOUTER LOOP\nvertex -0.0 0 0\nvertex 2 0 -0\nvertex 2 -3 4\n\
        ENDLOOP\nENDFACET\n";
    // Without a name, twice, indented.
    let file = format!("  solid\n{facet}endsolid\n\nSolid second\r\n{facet}endsolid second");
    for (options, len) in [(&[][..], 2), (&["--vertex"], 3)] {
        let expected = vec![[0.0, f64::from(-0.8_f32), f64::from(-0.6_f32)]; len];
        assert_eq!(normals("m.stl", file.as_bytes(), true, options), expected);
    }
}

#[test]
fn positions_of_stl_are_one_vertex_whatever_the_sign_of_zero() {
    let facet = |sign: &str| {
        format!(
            "facet normal 0 0 1\nouter loop\nvertex {sign}0 0 0\nvertex 1 {sign}0 0\n\
             vertex 0 1 {sign}0\nendloop\nendfacet\n"
        )
    };
    let file = format!("solid s\n{}{}endsolid s\n", facet(""), facet("-"));
    assert_eq!(
        normals("m.stl", file.as_bytes(), true, &["--vertex"]),
        [Z; 3]
    );
}

#[test]
fn a_triangle_without_area_has_zero() {
    let file = b"v 0 0 0\nv 1 1 1\nv 2 2 2\nf 1 2 3\nf 1 1 2\n";
    assert_eq!(normals("m.obj", file, false, &[]), [[0.0; 3]; 2]);
}

#[test]
fn a_mesh_without_faces_has_no_normals() {
    let mut mesh = Mesh::tilted();
    mesh.faces.clear();
    for file in mesh.files() {
        assert!(normals(file.name, &file.bytes, file.single, &[]).is_empty());
        let stl = file.name.to_ascii_lowercase().ends_with("stl");
        let rows = normals(file.name, &file.bytes, file.single, &["--vertex"]);
        assert_eq!(
            rows,
            vec![[0.0; 3]; if stl { 0 } else { 5 }],
            "{}",
            file.name
        );
    }
    let points = b"ply\nformat ascii 1.0\nelement vertex 1\nproperty float x\nproperty float y\n\
        property float z\nend_header\n1 2 3\n";
    assert!(normals("m.ply", points, true, &[]).is_empty());
}

#[test]
fn with_force_both_are_replaced() {
    let directory = Directory::new();
    directory.write("mesh.ply", &Mesh::cube().ply_text(Element::Float));
    for name in ["n.npy", "a.npy"] {
        directory.write(name, b"older");
    }
    let arguments = ["mesh.ply", "-o", "n.npy", "--areas", "a.npy", "--force"];
    succeeds(&mut directory.normals(&arguments));
    for name in ["n.npy", "a.npy"] {
        assert_ne!(fs::read(directory.path(name)).unwrap(), b"older", "{name}");
    }
    assert_eq!(directory.names(), 3);
}

#[test]
fn help_says_what_becomes_of_polygons_and_of_stl() {
    let help = text(&succeeds(crosslane().args(["normals", "--help"])).stdout);
    for expected in ["vector area", "equal positions", ".obj, .ply or .stl"] {
        assert!(help.contains(expected), "{expected} in {help}");
    }
}
