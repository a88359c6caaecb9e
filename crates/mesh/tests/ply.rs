//! PLY: headers and texts as others write them, unread columns, strips, what is left out, and what is refused.

mod support;

use crosslane_mesh::Vertices;
use support::{faces, noted, read, refused, spellings, vertices};

const XYZ: &str = "element vertex 3\nproperty float x\nproperty float y\nproperty float z\n";
const FACE: &str = "element face 1\nproperty list uchar int vertex_indices\n";
const ROWS: &str = "0 0 0\n2 0 0\n0 3 0\n";
const TRIANGLE: [[f64; 3]; 3] = [[0.0; 3], [2.0, 0.0, 0.0], [0.0, 3.0, 0.0]];

fn text(header: &str, rows: &str) -> String {
    format!("ply\nformat ascii 1.0\n{header}end_header\n{rows}")
}

/// This file has one triangle, and nothing else is said.
#[track_caller]
fn is_triangle(file: impl AsRef<[u8]>) {
    let mesh = read("a.ply", file);
    assert_eq!(faces(&mesh), [[0, 1, 2]], "faces");
    assert_eq!(vertices(&mesh), TRIANGLE, "vertices");
}

/// These elements are refused with this error.
#[track_caller]
fn bad(header: &str, rows: &str, expected: &str) {
    refused("a.ply", text(header, rows), expected);
}

#[test]
fn headers_as_others_write_them() {
    let file = text(&format!("{XYZ}{FACE}"), &format!("{ROWS}3 0 1 2\n"));
    for file in spellings(&file) {
        is_triangle(file);
    }
    for (line, other) in [
        ("ply\n", "PLY \n"),
        ("element vertex 3", "\nelement vertex 3"),
        ("element vertex 3", "  element\tvertex   +3 "),
        (
            "element vertex 3",
            "comment element vertex 3\nelement vertex 3",
        ),
        ("element vertex 3", "obj_info\nelement vertex 3"),
        ("element vertex 3", "nonsense here\nelement vertex 3"),
        ("float x", "float32 x"),
        ("float y", "f4 y"),
        ("uchar int", "u1 int32"),
        ("uchar int", "uint64 int64"),
        ("uchar int", "int8 float"),
        ("indices", "index"),
        (
            "element face 1",
            "property list uchar float \u{fc}.-1\nelement face 1",
        ),
        ("end_header", "end_header "),
    ] {
        assert!(file.contains(line), "{line}");
        let rows = if other.contains("list uchar float") {
            file.replace("0 0\n", "0 0 1 nan\n")
                .replace("3 0\n", "3 0 0\n")
        } else {
            file.clone()
        };
        is_triangle(rows.replacen(line, other, 1));
    }
    let comment = [
        b"ply\nformat ascii 1.0\ncomment \xfc\x80\xff\0\n",
        &file.as_bytes()[21..],
    ]
    .concat();
    is_triangle(comment);
}

#[test]
fn columns_that_nobody_reads_are_counted() {
    let normals = "property float nx\nproperty uchar red\nproperty list int double q\n";
    let header = format!(
        "{XYZ}{normals}element camera 2\nproperty int a\nproperty list uchar float b\nelement face 2\nproperty float quality\n{}property double q\n",
        &FACE[15..]
    );
    let rows = "0 0 0 nan 256 0\n2. .0 -0 -1.#IND x 2 nan y\n0 .3e1 0 1 2 0\n7 1 0\nno 0\nnan 3 0 1 2 inf\n0 2 1 2 q\n";
    let mesh = noted("a.ply", text(&header, rows));
    assert_eq!(faces(&mesh), [[0, 1, 2]], "faces");
    assert_eq!(vertices(&mesh), TRIANGLE, "vertices");
    assert_eq!(
        mesh.notes,
        ["1 face of fewer than three corners is left out"],
        "notes"
    );
    bad(
        &header,
        &rows.replace("x 2 nan y", "x 2 nan"),
        "line 19, vertex 1: the line ends after 1 of 2 list elements",
    );
    bad(
        &header,
        &rows.replace("x 2 nan y", "x 1 nan y"),
        "line 19, vertex 1: 'y' behind its last property",
    );
    bad(
        &header,
        &rows.replace("x 2 nan y", "x"),
        "line 19, vertex 1: the line ends before property 'q'",
    );
    bad(
        &header,
        &rows.replace("no 0", "no 0 0"),
        "line 22, camera 1: '0' behind its last property",
    );
    bad(
        &header,
        &rows.replace("no 0", "no -1"),
        "line 22, camera 1: '-1', expected an integer from 0 to 255, which its property can be",
    );
}

#[test]
fn coordinates_have_the_precision_of_their_type() {
    let types = |x: &str, y: &str| {
        XYZ.replace("float x", &format!("{x} x"))
            .replace("float y", &format!("{y} y"))
            .replace("vertex 3", "vertex 1")
    };
    // Half way between two f32, and a little more: rounded once.
    let half = "1.00000005960464477540";
    for (x, y, single, expected) in [
        ("float", "float", true, 1.0 + f64::from(f32::EPSILON)),
        ("double", "float", false, 1.000_000_059_604_644_8),
        ("float", "int", false, 1.0 + f64::from(f32::EPSILON)),
    ] {
        let mesh = read("a.ply", text(&types(x, y), &format!("{half} 0 0\n")));
        assert_eq!(
            matches!(mesh.vertices, Vertices::F32(_)),
            single,
            "{x}, {y}"
        );
        assert_eq!(vertices(&mesh), [[expected, 0.0, 0.0]], "{x}, {y}");
    }
    for (kind, word) in [
        ("uchar", "256"),
        ("char", "-129"),
        ("ushort", "-1"),
        ("int", "2147483648"),
        ("uint32", "1e10"),
        ("uint64", "-1"),
    ] {
        let error = "expected an integer from";
        let file = text(&types(kind, "int"), &format!("{word} 0 0\n"));
        let got = crosslane_mesh::Mesh::read("a.ply", file.as_bytes()).expect_err(word);
        let got = format!("{got:#}");
        assert!(
            got.starts_with(&format!("a.ply: line 8, vertex 0: '{word}', {error}")),
            "{got}"
        );
    }
    bad(
        &types("short", "int"),
        "2.5 0 0\n",
        "line 8, vertex 0: '2.5', expected a whole number",
    );
    assert_eq!(
        vertices(&read("a.ply", text(&types("short", "int"), "-2. 1e3 0\n"))),
        [[-2.0, 1000.0, 0.0]],
        "whole"
    );
}

const STRIPS: &str = "element vertex 5\nproperty int x\nproperty int y\nproperty int z\n\
    element tristrips 1\nproperty list int int vertex_indices\n";
const FIVE: &str = "0 0 0\n1 0 0\n0 1 0\n1 1 0\n0 2 0\n";

#[test]
fn every_second_triangle_of_a_strip_is_turned() {
    for (strip, expected, short) in [
        ("5 0 1 2 3 -1", &[[0, 1, 2], [2, 1, 3]][..], 0),
        ("4 0 1 2 3", &[[0, 1, 2], [2, 1, 3]], 0),
        ("5 0 1 2 3 4", &[[0, 1, 2], [2, 1, 3], [2, 3, 4]], 0),
        (
            "9 0 1 2 -1 3 2 1 4 -1",
            &[[0, 1, 2], [3, 2, 1], [1, 2, 4]],
            0,
        ),
        ("9 -1 -1 0 1 2 -1 3 2 -1", &[[0, 1, 2]], 1),
        ("2 -1 -1", &[], 0),
        ("0", &[], 0),
    ] {
        let mesh = noted("a.ply", text(STRIPS, &format!("{FIVE}{strip}\n")));
        assert_eq!(faces(&mesh), expected, "{strip}");
        assert_eq!(mesh.short_faces, short, "{strip}");
    }
    let error = "line 15, tristrips 0: vertex -2 is negative, expected one from 0";
    bad(STRIPS, &format!("{FIVE}3 0 1 -2\n"), error);
    bad(
        STRIPS,
        &format!("{FIVE}3 0 1 5\n"),
        "line 15: face 0 has vertex 5, the file has 5 vertices, numbered from 0",
    );
    let unsigned = STRIPS.replace("int int", "int uint");
    let mesh = read(
        "a.ply",
        text(&unsigned, &format!("{FIVE}7 0 1 2 4294967295 2 1 3\n")),
    );
    assert_eq!(faces(&mesh), [[0, 1, 2], [2, 1, 3]], "unsigned");
    // Strips and faces, in the order of the file.
    let mesh = read(
        "a.ply",
        text(
            &format!("{STRIPS}{FACE}"),
            &format!("{FIVE}3 2 3 4\n3 0 1 2\n"),
        ),
    );
    assert_eq!(faces(&mesh), [[2, 3, 4], [0, 1, 2]], "both");
}

/// The strip as a binary file of either byte order.
#[test]
fn binary_files_are_read_in_either_order() {
    for big in [false, true] {
        let order = if big { "big" } else { "little" };
        let header = STRIPS
            .replace("element vertex 5", "element vertex 3")
            .replace("int x", "uchar x")
            .replace("int z", "short z");
        // What ends the last line of the header is not part of the data, and what looks like it is.
        for (first, end) in [
            ("\n", "\n"),
            ("\r\n", "\r\n"),
            ("\r", "\r"),
            ("\n", " \n"),
            ("\n", "\r"),
            ("\r\n", "\r"),
            ("\r", "\r\n"),
        ] {
            let lines = format!("format binary_{order}_endian 1.0\n{header}end_header\n")
                .replace('\n', end.trim_start_matches(' '));
            let mut file = format!("ply{first}{lines}");
            let cut = file.trim_end().len();
            file.replace_range(cut.., end);
            let mut file = file.into_bytes();
            let mut put = |bytes: &[u8]| {
                if big {
                    file.extend(bytes.iter().rev())
                } else {
                    file.extend(bytes)
                }
            };
            for (x, y, z) in [(10_u8, -1_i32, 1_i16), (13, 2, -3), (0, 0, 0)] {
                put(&x.to_le_bytes());
                put(&y.to_le_bytes());
                put(&z.to_le_bytes());
            }
            for item in [4, 0, 1, 2, -1] {
                put(&i32::to_le_bytes(item));
            }
            let mesh = read("a.ply", &file);
            assert_eq!(faces(&mesh), [[0, 1, 2]], "{order} {end:?}");
            assert_eq!(
                vertices(&mesh),
                [[10.0, -1.0, 1.0], [13.0, 2.0, -3.0], [0.0; 3]],
                "{order} {end:?}"
            );
            for len in 1..=41 {
                let cut = crosslane_mesh::Mesh::read("a.ply", &file[..file.len() - len]);
                assert!(cut.is_err(), "{len} bytes are missing");
            }
            file.push(0);
            let note = "1 byte behind the last element is left out";
            assert_eq!(noted("a.ply", &file).notes, [note], "notes");
        }
    }
}

#[test]
fn short_faces_are_left_out_and_vertices_of_no_face_may_be_anything() {
    let header = format!("{XYZ}{FACE}").replace('1', "4").replace('3', "4");
    let rows = format!("{ROWS}nan -inf 1e39\n2 0 1\n3 0 1 2\n1 99\n0\n");
    let mesh = noted("a.ply", text(&header, &rows));
    assert_eq!(faces(&mesh), [[0, 1, 2]], "faces");
    assert_eq!(
        (mesh.short_faces, mesh.vertices.len()),
        (3, 4),
        "short faces and vertices"
    );
    let error = "line 13: vertex 3: coordinate 'nan' is NaN, expected a finite number, since face 2 has this vertex";
    bad(&header, &rows.replace("1 99", "4 0 1 2 3"), error);
    // Faces are counted as the file has them.
    let mut file = format!("ply\nformat binary_little_endian 1.0\n{XYZ}{FACE}end_header\n")
        .replace("face 1", "face 3")
        .into_bytes();
    file.extend([0; 36]);
    for corners in [&[0, 1][..], &[0, 1], &[0, 1, 99]] {
        file.push(corners.len() as u8);
        file.extend(corners.iter().copied().flat_map(i32::to_le_bytes));
    }
    let error = "face 2 has vertex 99, the file has 3 vertices, numbered from 0";
    refused("a.ply", &file, error);
}

#[test]
fn bytes_behind_the_last_element_are_noted() {
    let header = format!("{XYZ}{FACE}");
    let mesh = noted(
        "a.ply",
        text(&header, &format!("{ROWS}3 0 1 2\n\n 3 0 1 2\n3 2 1 0\n")),
    );
    assert_eq!(
        mesh.notes,
        ["line 15: 16 bytes behind the last element are left out"],
        "notes"
    );
    assert_eq!(faces(&mesh), [[0, 1, 2]], "faces");
    is_triangle(text(&header, &format!("{ROWS}3 0 1 2\n\n  \t\n\n")));
    let error = "line 15: 3 bytes behind the last element, expected none, and line 9 of the header, 'propertyfloat', is no statement of PLY";
    bad(
        &format!("{header}propertyfloat q\n"),
        &format!("{ROWS}3 0 1 2\n1 2\n"),
        error,
    );
    bad(
        &format!("{header}propertyfloat q\n"),
        &format!("{ROWS}3 0 1 2\n1\n"),
        &error.replace("3 bytes", "1 byte"),
    );
}
