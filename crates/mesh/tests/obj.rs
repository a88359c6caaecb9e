//! OBJ: every spelling that is read, what is left out, and what is refused.

mod support;

use support::{faces, noted, read, refused, spellings, vertices};

const CORNERS: &str = "v 0 0 0\nv 2 0 0\nv 0 3 0\n";
const TRIANGLE: [[f64; 3]; 3] = [[0.0; 3], [2.0, 0.0, 0.0], [0.0, 3.0, 0.0]];

/// This text behind three vertices is refused with this error.
#[track_caller]
fn bad(text: &str, expected: &str) {
    refused("a.obj", format!("{CORNERS}{text}"), expected);
}

#[test]
fn every_line_end_and_every_corner() {
    for corners in [
        "1 2 3",
        "1/1 2/2 3/3",
        "1//9 2//9 3//9",
        "1/1/1 2/2/2 3/3/3",
        "-3 -2 -1",
        "+1 2. 3e0",
        "1/ 2// 3/-1/-1",
        "1 2 \\\n3",
        "1 2 3\\\n",
        "1 2 3 # a comment \\\n# and another",
        "\\\n1 \\\n2 \\  \n3",
    ] {
        for keyword in ["f", "fo"] {
            for text in spellings(&format!("# \u{fc}\n{CORNERS}{keyword} {corners}\n")) {
                let mesh = read("a.obj", &text);
                assert_eq!(faces(&mesh), [[0, 1, 2]], "{text}");
                assert_eq!(vertices(&mesh), TRIANGLE, "{text}");
            }
        }
    }
}

#[test]
fn coordinates_are_numbers_and_what_is_behind_them_is_not_looked_at() {
    for vertex in [
        "v 2 0 0",
        "v +2. .0 -0",
        "v 2e+000 0.e0 0",
        "v 0.02E2 0 0",
        "v 2 0 0 1",
        "v 2 0 0 .5 .5 .5",
        "v 2 0 0 nan # c",
        "v 2 0 0 red",
        "v 2 \\\n 0 0",
        "\x0bv\t2 0 0 255 255 255 255",
    ] {
        let mesh = read("a.obj", format!("v 0 0 0\n{vertex}\nv 0 3 0\nf 1 2 3"));
        assert_eq!(vertices(&mesh), TRIANGLE, "{vertex}");
    }
}

#[test]
fn polygons_stay_whole_and_short_faces_are_counted() {
    let mesh = noted(
        "a.obj",
        format!("{CORNERS}f\nf 1\nf 1 99\nf 1 2 3\nv 1 1 1\nf 1 2 3 4 1\n"),
    );
    assert_eq!(faces(&mesh), [&[0, 1, 2][..], &[0, 1, 2, 3, 0]], "faces");
    assert_eq!(mesh.starts, [0, 3], "starts");
    assert_eq!(mesh.short_faces, 3, "short faces");
    assert_eq!(
        mesh.notes,
        ["3 faces of fewer than three corners are left out"],
        "notes"
    );
    bad(
        "f 1 0\n",
        "line 4: vertex 0, expected one from 1 or, counted back, from -1",
    );
    bad("f x\n", "line 4: 'x', expected a whole number");
}

#[test]
fn a_vertex_that_no_face_has_may_be_anything() {
    let mesh = read(
        "a.obj",
        format!("v nan -inf 1.#QNAN\n{CORNERS}v 1e999 0 0\nf 2 3 4\n"),
    );
    assert_eq!(faces(&mesh), [[1, 2, 3]], "faces");
    assert_eq!(mesh.vertices.len(), 5, "vertices");
    let expected = "line 4: vertex 4: coordinate 'NaN(ind)' is NaN, expected a finite number, since face 1 has this vertex";
    bad("v 0 NaN(ind) 1\nf 1 2 3\nf 1 2 3 4\n", expected);
    // The corner comes first.
    let expected = "line 6: vertex 5: coordinate '-1e999' is -inf, expected a finite number, since face 0 has this vertex";
    bad("f 1 2 5\nv nan 0 0\nv 0 0 -1e999\n", expected);
    bad("v 1 x 0\n", "line 4: 'x', expected a number");
}

#[test]
fn without_faces_points_and_lines_are_no_error_and_shapes_that_are_not_read_are() {
    for text in [
        "",
        "p 1 2 3\n",
        "l 1 2 3\n",
        "g f\no v\nusemtl a b\nvt 1 2\nvn nan nan nan\nvp 1 2\ncstype bezier\n",
        "f 1 2\n",
    ] {
        assert_eq!(
            faces(&noted("a.obj", format!("{CORNERS}{text}"))),
            [[0; 0]; 0],
            "{text}"
        );
    }
    for keyword in ["surf", "curv", "curv2", "bzp", "bsp", "cdc", "cdp", "call"] {
        let text = format!("p 1\n{keyword} 0 1 1 2 3\n{keyword}\n");
        bad(
            &text,
            &format!("no faces, and line 5: '{keyword}' is not read, only polygons are"),
        );
        let mesh = noted("a.obj", format!("{CORNERS}{text}f 1 2 3\n"));
        let note = format!(
            "line 5: '{keyword}' is not read, only polygons are: 2 statements of this kind are left out"
        );
        assert_eq!(mesh.notes, [note], "notes");
        assert_eq!(faces(&mesh), [[0, 1, 2]], "faces");
    }
    for keyword in ["F", "facet", "3", "polygon", "{", "f,1,2,3"] {
        bad(
            &format!("l 1 2\n{keyword} 1 2 3\n"),
            &format!("no faces, and line 5: '{keyword}' is no statement of OBJ"),
        );
        let mesh = noted("a.obj", format!("{CORNERS}f 1 2 3\n{keyword} 1\n"));
        let note = format!(
            "line 5: '{keyword}' is no statement of OBJ: 1 statement of this kind is left out"
        );
        assert_eq!(mesh.notes, [note], "notes");
    }
    refused(
        "a.obj",
        "OFF\n3 1 0\n",
        "no line 'v x y z', expected those of an OBJ file; line 1: 'OFF' is no statement of OBJ",
    );
    refused(
        "a.obj",
        "# nothing\n",
        "no line 'v x y z', expected those of an OBJ file",
    );
    refused(
        "a.obj",
        b"\xff\xfev\0 \x001\0",
        "text in UTF-16, expected ASCII or UTF-8",
    );
}

#[test]
fn a_name_that_ends_with_a_backslash_takes_no_vertex_and_no_face_with_it() {
    let text = format!("mtllib C:\\a\\\n{CORNERS}usemtl a\\\nf 1 2 3\ng a \\\nb\nf 3 2 1\n");
    let mesh = read("a.obj", text);
    assert_eq!(faces(&mesh), [[0, 1, 2], [2, 1, 0]], "faces");
    assert_eq!(mesh.vertices.len(), 3, "vertices");
    bad(
        "f 1 2 \\\nf 1 2 3\n",
        "line 5: 'f', expected a whole number",
    );
    bad(
        "f 1 2 3 \\",
        "truncated: line 4, the last one, says that it goes on",
    );
    // The last line of a file may be a name, too, and so may one that nothing follows.
    for end in ["usemtl a\\", "usemtl a\\\n", "usemtl a\\\n\n# end\n"] {
        let mesh = read("a.obj", format!("{CORNERS}f 1 2 3\n{end}"));
        assert_eq!(faces(&mesh), [[0, 1, 2]], "{end:?}");
    }
    bad(
        "surf 0 1 \\",
        "no faces, and line 4: 'surf' is not read, only polygons are",
    );
}

#[test]
fn a_statement_goes_on_behind_lines_without_words() {
    for between in [
        "# c\n",
        "\n",
        "  \n\t\n",
        "# c \\\n\n",
        "\\\n\n",
        "\\ # c\n\\\n",
    ] {
        let text = format!("v 0 0 0\nv 2 \\\n{between}0 0\nv 0 3 0\nf 1 2 \\\n{between}3\n");
        for text in spellings(&text) {
            let mesh = read("a.obj", text);
            assert_eq!(faces(&mesh), [[0, 1, 2]], "{between:?}");
            assert_eq!(vertices(&mesh), TRIANGLE, "{between:?}");
        }
    }
    // What begins a statement is no part of the one before, nor is the end of the file.
    let text = format!("usemtl a\\\n\n{CORNERS}f 1 2 3 \\\n\nf 3 2 1 \\\n# end\n");
    assert_eq!(faces(&read("a.obj", text)), [[0, 1, 2], [2, 1, 0]], "faces");
    bad(
        "f 1 2 \\\n\n9\n\n",
        "line 6: face 0 has vertex 9, the file has 3 vertices, numbered from 1",
    );
    bad(
        "f 1 2 x\\\n\nf 1 2 3\n",
        "line 5: 'x', expected a whole number",
    );
}

#[test]
fn statements_that_run_into_each_other_are_refused() {
    bad(
        "v 1 2 3 v 4 5 6\n",
        "line 4: 'v' behind a vertex, expected a new line before it",
    );
    bad(
        "v 1 2 3 f 1 2 3\n",
        "line 4: 'f' behind a vertex, expected a new line before it",
    );
    bad("v 0 0 1.#\nf 1 2 4\n", "line 4: '1.#', expected a number");
    bad("v 0 0 1#0\nf 1 2 4\n", "line 4: '1#0', expected a number");
    bad("v 1 2\n", "line 4: a vertex of 2 coordinates, expected 3");
    bad("v 1,5 2 3\n", "line 4: '1,5', expected a number");
    bad(
        "f 1 2 3/1/1/1\n",
        "line 4: corner '3/1/1/1', expected v, v/vt, v//vn or v/vt/vn",
    );
    bad(
        "f 1 2 3/1.5\n",
        "line 4: corner '3/1.5', expected v, v/vt, v//vn or v/vt/vn",
    );
    bad("f 1 2 3.5\n", "line 4: '3.5', expected a whole number");
    bad(
        "f 1 2 3\nf 1 2 9\n",
        "line 5: face 1 has vertex 9, the file has 3 vertices, numbered from 1",
    );
    bad("f 1 2 -4\n", "line 4: vertex -4, after 3 vertices");
}
