//! Whatever is wrong with a mesh: one line that names the file and the place, code 1, nothing written.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod support;

use std::fs;

use support::Directory;
use support::meshes::{Element, Mesh};

/// This file is refused, and an older result stays.
#[track_caller]
fn refused(name: &str, bytes: &[u8], expected: &[&str]) {
    let directory = Directory::new();
    directory.write(name, bytes);
    directory.write("older.npy", b"older");
    let prefix = format!("{name}: ");
    let expected = [&[&*prefix], expected].concat();
    for options in [
        &["-o", "out.npy"][..],
        &["-o", "out.npy", "--areas", "areas.npy", "--vertex"],
        &["-o", "older.npy", "--areas", "areas.npy", "--force"],
    ] {
        let mut command = directory.normals(&[name]);
        directory.refuses(command.args(options), &expected);
    }
}

#[track_caller]
fn obj(text: &str, expected: &[&str]) {
    let vertices = "v 0 0 0\nv 1 0 0\nv 0 1 0\n";
    refused("bad.obj", format!("{vertices}{text}").as_bytes(), expected);
}

/// A text of one vertex and one face, as the header says.
#[track_caller]
fn ply(header: &str, data: &str, expected: &[&str]) {
    let file = format!("ply\nformat ascii 1.0\n{header}end_header\n{data}");
    refused("bad.ply", file.as_bytes(), expected);
}

const VERTEX: &str = "element vertex 1\nproperty float x\nproperty float y\nproperty float z\n";
const FACE: &str = "element face 1\nproperty list uchar int vertex_indices\n";

#[test]
fn what_is_no_mesh() {
    refused("mesh.off", b"OFF\n", &[".off", ".obj, .ply or .stl"]);
    refused("mesh", b"OFF\n", &["no extension", ".obj, .ply or .stl"]);
    refused("mesh", b"", &["empty"]);
    for name in ["bad.obj", "bad.ply", "bad.stl"] {
        refused(name, b"", &["empty"]);
        refused(name, b"\x93NUMPY\x01\x00", &["expected"]);
    }
    refused("bad.obj", &Mesh::cube().stl_binary(b""), &["v x y z"]);
    refused("bad.obj", b"# nothing\n", &["v x y z"]);
    refused("bad.ply", &Mesh::cube().obj(), &["'ply'", "PLY"]);
    refused(
        "bad.stl",
        &Mesh::cube().obj(),
        &["'#'", "'solid'", "binary"],
    );
    let directory = Directory::new();
    fs::create_dir(directory.path("folder.stl")).unwrap();
    for (name, expected) in [("folder.stl", "a directory"), ("missing.ply", "")] {
        let mut command = directory.normals(&[name, "-o", "out.npy"]);
        directory.refuses(&mut command, &[name, expected]);
    }
}

#[test]
fn vertices_that_are_not_there() {
    obj(
        "f 1 2 3\nf 1 2 4\n",
        &["line 5: face 1 has vertex 4", "3 vertices", "from 1"],
    );
    obj("f 1 2 4294967296\n", &["vertex 4294967296", "3 vertices"]);
    obj("f 1 2 4294967297\n", &["line 4", "vertex 4294967297"]);
    obj(
        "f 1 2 99999999999999999999\n",
        &["line 4", "99999999999999999999"],
    );
    obj("f 1 2 0\n", &["line 4", "vertex 0"]);
    obj(
        "f -1 -2 -4\nv 2 2 2\n",
        &["line 4", "vertex -4", "3 vertices"],
    );
    obj(
        "f 1 2 -9223372036854775808\n",
        &["line 4", "-9223372036854775808"],
    );
    ply(
        &format!("{VERTEX}{FACE}"),
        "1 2 3\n3 0 0 1\n",
        &["line 11: face 0 has vertex 1", "has 1 vertex,", "from 0"],
    );
    ply(
        &format!("{VERTEX}{FACE}"),
        "1 2 3\n3 0 0 -1\n",
        &["line 11, face 0", "negative"],
    );
    for big in [false, true] {
        let mut mesh = Mesh::tilted();
        mesh.faces[1][2] = 5;
        let file = mesh.ply_binary(Element::Float, big);
        refused("bad.ply", &file, &["face 1 has vertex 5", "5 vertices"]);
    }
}

#[test]
fn faces_that_are_none() {
    obj("f 1 2 x\n", &["line 4", "'x'"]);
    obj("f 1 2 3/x\n", &["line 4", "'3/x'"]);
    obj("f 1 2 3/1/1/1\n", &["line 4", "'3/1/1/1'"]);
    obj("f 1 2 /3\n", &["line 4", "''"]);
    obj("f 1 2 3 \\", &["truncated"]);
    ply(
        &format!("{VERTEX}{FACE}"),
        "1 2 3\n3 0 0\n",
        &["line 11, face 0", "3 list elements"],
    );
    let facet = |corners: &str| format!("solid s\nfacet normal 0 0 1\n{corners}endfacet\nendsolid");
    for (corners, expected) in [
        ("", "no facet has 3 corners"),
        ("vertex 1 2 3\n", "no facet has 3 corners"),
        (
            &"vertex 1 2 3\n".repeat(4),
            "line 6: a facet of more than 3 corners",
        ),
    ] {
        refused("bad.stl", facet(corners).as_bytes(), &[expected]);
    }
}

#[test]
fn coordinates_that_are_no_numbers() {
    for (word, expected) in [
        ("nan", "'nan' is NaN"),
        ("-inf", "'-inf' is -inf"),
        ("1e999", "'1e999' is inf"),
        ("1.#QNAN", "'1.#QNAN' is NaN"),
        ("x", "'x', expected a number"),
    ] {
        obj(
            &format!("v 1 {word} 2\nf 1 2 4\n"),
            &["line 4", expected, "number"],
        );
        let stl = format!("solid s\nfacet normal 0 0 1\nvertex 1 {word} 2\n");
        let rest = "vertex 1 1 1\nvertex 1 1 1\nendfacet\nendsolid";
        let file = format!("{stl}{rest}");
        refused("bad.stl", file.as_bytes(), &["line 3", expected]);
        ply(
            &format!("{VERTEX}{FACE}"),
            &format!("1 {word} 2\n3 0 0 0\n"),
            &["line 10", "vertex 0", expected],
        );
    }
    obj("v 1 2\n", &["line 4", "2 coordinates"]);
    obj("v 1 2 3 v 4 5 6\n", &["line 4", "'v'"]);
    ply(VERTEX, "1 20000\n", &["line 8, vertex 0"]);
    ply(
        &format!("{VERTEX}{FACE}"),
        "1 1e39 2\n3 0 0 0\n",
        &["line 10: vertex 0", "'1e39' is inf", "face 0"],
    );
    let mut mesh = Mesh::tilted();
    mesh.vertices[4][2] = f64::NAN;
    let stl = mesh.stl_binary(b"");
    refused("bad.stl", &stl, &["face 2", "NaN", "finite"]);
    for big in [false, true] {
        for element in [Element::Float, Element::Double] {
            let file = mesh.ply_binary(element, big);
            refused("bad.ply", &file, &["vertex 4", "NaN", "finite"]);
        }
    }
}

#[test]
fn files_that_end_too_early_or_too_late() {
    let cube = Mesh::cube();
    let stl = cube.stl_binary(b"");
    refused(
        "bad.stl",
        &stl[..stl.len() - 1],
        &["12 facets", "600", "599"],
    );
    refused("bad.stl", &stl[..83], &["truncated: 83 bytes", "84"]);
    let text = cube.stl_text();
    refused(
        "bad.stl",
        &text[..text.len() - 17],
        &["truncated", "endsolid"],
    );
    for big in [false, true] {
        let file = cube.ply_binary(Element::Float, big);
        refused("bad.ply", &file[..file.len() - 1], &["edge 0", "truncated"]);
    }
    ply(VERTEX, "1 2 3 4\n", &["line 8, vertex 0", "'4' behind"]);
    ply(
        &format!("{VERTEX}{FACE}"),
        "1 2 3\n3 0 0 0 0\n",
        &["line 11, face 0", "'0' behind"],
    );
    refused("bad.ply", b"ply\nformat ascii 1.0\nelement", &["header"]);
    refused(
        "bad.ply",
        b"ply\nformat ascii 1.0\n",
        &["header", "truncated"],
    );
}

#[test]
fn headers_that_promise_more_than_there_is() {
    for count in ["4000000000", "18446744073709551615", "9223372036854775807"] {
        let vertex = VERTEX.replace('1', count);
        ply(&vertex, "1 2 3\n", &["truncated", "'vertex'", count]);
        let face = FACE.replace('1', count);
        ply(
            &format!("{VERTEX}{face}"),
            "1 2 3\n3 0 0 0\n",
            &["truncated", "'face'", count],
        );
        let nothing = format!("{VERTEX}element nothing {count}\n");
        ply(&nothing, "1 2 3\n", &["'nothing'", "without properties"]);
        let list = format!("{count} 0 0 0\n");
        ply(
            &format!("{VERTEX}{FACE}"),
            &format!("1 2 3\n{list}"),
            &["face 0"],
        );
    }
    ply(
        &VERTEX.replace('1', "18446744073709551616"),
        "",
        &["header"],
    );
    let header = "ply\nformat binary_little_endian 1.0\nelement face 1\n\
        property list uint int vertex_indices\nelement vertex 0\n";
    let rest = "property float x\nproperty float y\nproperty float z\nend_header\n";
    let mut file = format!("{header}{rest}").into_bytes();
    file.extend([0xff; 64]);
    refused("bad.ply", &file, &["face 0", "truncated"]);
    let mut stl = Mesh::cube().stl_binary(b"");
    stl[80..84].fill(0xff);
    refused("bad.stl", &stl, &["4294967295 facets", "214748364750"]);
}

#[test]
fn headers_that_are_no_mesh() {
    ply("", "", &["no element 'vertex'"]);
    ply(FACE, "3 0 0 0\n", &["no element 'vertex'"]);
    ply(
        "element vertex 1\nproperty float x\nproperty float y\n",
        "1 2\n",
        &["'z'"],
    );
    let list = VERTEX.replace("float y", "list uchar float y");
    ply(&list, "1 1 2 3\n", &["'y'", "list"]);
    for face in [
        "property int other",
        "property int vertex_indices",
        "property list float int vertex_index",
    ] {
        ply(
            &format!("{VERTEX}element face 1\n{face}\n"),
            "1 2 3\n0\n",
            &["faces", "vertex_ind"],
        );
    }
    ply(
        &format!("{VERTEX}property float x\n"),
        "1 2 3 4\n",
        &["twice"],
    );
    ply(
        &format!("{VERTEX}{FACE}{VERTEX}"),
        "1 2 3\n3 0 0 0\n",
        &["twice"],
    );
    ply(
        &format!("element vertex 1\n{VERTEX}"),
        "1 2 3\n",
        &["twice"],
    );
    ply(
        &format!("{VERTEX}nonsense\n"),
        "1 2 3\n",
        &["no faces", "line 7 of the header", "'nonsense'"],
    );
    let unknown = format!("{VERTEX}{FACE}nonsense\n");
    ply(
        &unknown,
        "1 2 3\n3 0 0 0\n4\n",
        &["line 13: 1 byte behind", "'nonsense'"],
    );
    refused("bad.ply", b"ply\nend_header\n", &["header", "format"]);
    refused(
        "bad.ply",
        b"ply\nformat xml 1.0\nend_header\n",
        &["header, line 2"],
    );
    refused("bad.stl", b"solid s\nloop\nendsolid", &["line 2", "'loop'"]);
    refused(
        "bad.stl",
        b"solid s\nvertex 1 2 3\nendsolid",
        &["line 2", "'vertex'"],
    );
}

#[test]
fn outputs_that_must_not_be() {
    let directory = Directory::new();
    directory.write("mesh.ply", &Mesh::cube().ply_text(Element::Float));
    directory.write("older.npy", b"older");
    fs::create_dir(directory.path("folder")).unwrap();
    for (arguments, expected) in [
        (&["-o", "older.npy"][..], &["older.npy", "--force"][..]),
        (
            &["-o", "n.npy", "--areas", "older.npy"],
            &["older.npy", "--force"],
        ),
        (
            &["-o", "older.npy", "--areas", "a.npy"],
            &["older.npy", "--force"],
        ),
        (&["-o", "mesh.ply", "--force"], &["mesh.ply", "input"]),
        (
            &["-o", "n.npy", "--areas", "mesh.ply", "--force"],
            &["mesh.ply", "input"],
        ),
        (
            &["-o", "n.npy", "--areas", "missing/a.npy"],
            &["missing/a.npy"],
        ),
        (
            &["-o", "n.npy", "--areas", "folder", "--force"],
            &["folder", "regular"],
        ),
        (
            &["-o", "n.npy", "--areas", "n.npy"],
            &["n.npy", "both outputs"],
        ),
        (
            &["-o", "n.npy", "--areas", "folder/../n.npy"],
            &["n.npy", "both outputs"],
        ),
        (
            &["-o", "older.npy", "--areas", "./older.npy", "--force"],
            &["both outputs"],
        ),
    ] {
        let mut command = directory.normals(&["mesh.ply"]);
        directory.refuses(command.args(arguments), expected);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_summary_that_cannot_be_written_leaves_nothing() {
    let directory = Directory::new();
    directory.write("mesh.ply", &Mesh::cube().ply_text(Element::Float));
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut command = directory.normals(&["mesh.ply", "-o", "n.npy", "--areas", "a.npy"]);
    let output = command.stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = support::text(&output.stderr);
    assert!(error.starts_with("crosslane: standard output: "), "{error}");
    assert_eq!(directory.names(), 1);
}
