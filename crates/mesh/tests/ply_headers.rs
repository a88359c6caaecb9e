//! PLY: connectivity that is not understood, and headers that say nothing clear.

mod support;

use support::{faces, noted, read, refused};

const XYZ: &str = "element vertex 3\nproperty float x\nproperty float y\nproperty float z\n";
const FACE: &str = "element face 1\nproperty list uchar int vertex_indices\n";
const ROWS: &str = "0 0 0\n2 0 0\n0 3 0\n";

fn text(header: &str, rows: &str) -> String {
    format!("ply\nformat ascii 1.0\n{header}end_header\n{rows}")
}

/// These elements are refused with this error.
#[track_caller]
fn bad(header: &str, rows: &str, expected: &str) {
    refused("a.ply", text(header, rows), expected);
}

#[test]
fn what_may_be_faces_is_never_nothing() {
    // A cloud, its edges, its cameras, and what sees its points.
    let sees = format!("{XYZ}property list uchar uint view_indices\n");
    for (header, rows) in [
        (XYZ.to_owned(), ROWS.to_owned()),
        (sees, "0 0 0 1 7\n2 0 0 0\n0 3 0 2 1 2\n".to_owned()),
        (
            format!(
                "{XYZ}element edge 1\nproperty int vertex1\nproperty int vertex2\nproperty int q\n"
            ),
            format!("{ROWS}0 1 2\n"),
        ),
        (
            format!("{XYZ}element face 0\nelement polygon 0\nproperty list uchar int vertices\n"),
            ROWS.to_owned(),
        ),
        (
            format!(
                "{XYZ}element camera 1\nproperty list uchar float f\nproperty int w\nproperty int h\n"
            ),
            format!("{ROWS}0 1 2\n"),
        ),
        (
            format!(
                "{XYZ}element material 1\nproperty uchar r\nproperty uchar g\nproperty uchar b\n"
            ),
            format!("{ROWS}0 1 2\n"),
        ),
    ] {
        let mesh = read("a.ply", text(&header, &rows));
        assert_eq!(
            (faces(&mesh).len(), mesh.vertices.len()),
            (0, 3),
            "{header}"
        );
    }
    for (element, rows, problem) in [
        (
            "polygon 1\nproperty list uchar int vertices\n",
            "3 0 1 2\n",
            "'polygon' has a list of integers 'vertices'",
        ),
        (
            "range_grid 1\nproperty list uchar int vertex_indices\n",
            "1 0\n",
            "'range_grid' has a list of integers 'vertex_indices'",
        ),
        (
            "triangle 1\nproperty int a\nproperty int b\nproperty ushort c\n",
            "0 1 2\n",
            "'triangle' has 3 integers",
        ),
        (
            "faces 1\nproperty list uchar float vertex_indices\n",
            "3 0 1 2\n",
            "'faces' has a list of numbers 'vertex_indices'",
        ),
        (
            "patch 1\nproperty list uchar double Vertex_Index\n",
            "3 0 1 2\n",
            "'patch' has a list of numbers 'Vertex_Index'",
        ),
        (
            "Face 1\nproperty list uchar float v\n",
            "3 0 1 2\n",
            "'Face' has a list of numbers 'v'",
        ),
        (
            "tri 1\nproperty uchar a\nproperty uchar b\nproperty uchar c\n",
            "0 1 2\n",
            "'tri' has 3 numbers",
        ),
        (
            "polygon 1\nproperty float a\nproperty float b\nproperty double c\n",
            "0 1 2\n",
            "'polygon' has 3 numbers",
        ),
    ] {
        let header = format!("{XYZ}element {element}");
        let problem = format!("line 7: the element {problem}, which is not understood");
        bad(
            &header,
            &format!("{ROWS}{rows}"),
            &format!("no faces, and {problem}"),
        );
        let mesh = noted(
            "a.ply",
            text(
                &format!("{header}{FACE}"),
                &format!("{ROWS}{rows}3 0 1 2\n"),
            ),
        );
        assert_eq!(mesh.notes, [format!("{problem} and left out")], "notes");
        assert_eq!(faces(&mesh), [[0, 1, 2]], "faces");
    }
    for item in ["int", "float"] {
        bad(
            &format!("{XYZ}property list uchar {item} vertex_indices\n"),
            "0 0 0 3 0 1 2\n2 0 0 0\n0 3 0 0\n",
            &format!(
                "no faces, and line 3: the element 'vertex' has a list of {} 'vertex_indices', which is not understood",
                if item == "int" { "integers" } else { "numbers" }
            ),
        );
    }
    bad(
        &format!("{XYZ}faces 1\n"),
        ROWS,
        "no faces, and line 7 of the header, 'faces', is no statement of PLY",
    );
    bad(
        &format!("{XYZ}{}", FACE.replace("vertex_indices", "vertices")),
        &format!("{ROWS}3 0 1 2\n"),
        "line 7: the faces ('face') have no property 'vertex_indices' or 'vertex_index', but 'vertices'",
    );
}

#[test]
fn headers_that_say_nothing_clear_are_refused() {
    bad(
        &format!("{XYZ}element\n"),
        "",
        "header, line 7: expected 'element NAME COUNT'",
    );
    bad(
        "element vertex -1\n",
        "",
        "header, line 3: '-1', expected how many of 'vertex' there are",
    );
    bad(
        "property float x\n",
        "",
        "header, line 3: a property before the first element",
    );
    bad(
        &format!("{XYZ}property float\n"),
        "",
        "header, line 7: expected 'property TYPE NAME' or 'property list TYPE TYPE NAME'",
    );
    bad(
        &format!("{XYZ}property list uchar real q\n"),
        "",
        "header, line 7: 'real', expected a type of PLY",
    );
    bad(
        "format ascii 1.0\n",
        "",
        "header, line 3: a second line 'format'",
    );
    bad(
        &format!("{XYZ}{FACE}property list uchar int vertex_index\n"),
        &format!("{ROWS}3 0 1 2 0\n"),
        "line 9: the element 'face' has the property 'vertex_index' and the property 'vertex_indices', or one twice",
    );
    bad(
        &format!("{XYZ}element face 1\nproperty list double int vertex_index\n"),
        &format!("{ROWS}3 0 1 2\n"),
        "line 8: property 'vertex_index' of the faces ('face') is not a list of integers",
    );
    bad(
        &format!("{XYZ}{FACE}{XYZ}"),
        "",
        "line 9: the element 'vertex' is there twice",
    );
    let many = XYZ.replace("vertex 3", "vertex 4000000000");
    let error =
        "truncated: 4000000000 of 'vertex' need at least 6 bytes each, the file has 19 for all";
    bad(&many, ROWS, error);
    let error = "line 13, face 0: '1.5', expected a whole number";
    bad(
        &format!("{XYZ}{FACE}"),
        &format!("{ROWS}3 0 1.5 2\n"),
        error,
    );
    refused(
        "a.ply",
        "ply\nformat ascii 2.0\nend_header\n",
        "header, line 2: format 'ascii' of version '2.0', expected 1.0",
    );
    refused(
        "a.ply",
        "plyx\nformat",
        "does not begin with a line 'ply', expected a PLY file",
    );
    refused(
        "a.ply",
        b"\xfe\xff\0p\0l\0y",
        "text in UTF-16, expected ASCII or UTF-8",
    );
}
