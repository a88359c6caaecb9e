//! STL: every spelling of the text, every length of a binary file, what is left out, and what is refused.

mod support;

use support::{faces, noted, read, refused, spellings, vertices};

const FACET: &str =
    "facet normal 0 0 1\nouter loop\nvertex 0 0 0\nvertex 2 0 0\nvertex 0 3 0\nendloop\nendfacet\n";
const TRIANGLE: [[f64; 3]; 3] = [[0.0; 3], [2.0, 0.0, 0.0], [0.0, 3.0, 0.0]];

/// The file has so many times the same triangle.
#[track_caller]
fn is_triangles(file: impl AsRef<[u8]>, times: usize) {
    let mesh = read("a.stl", file);
    assert_eq!(faces(&mesh), vec![[0, 1, 2]; times], "faces");
    assert_eq!(vertices(&mesh), TRIANGLE, "vertices");
}

/// A solid of this facet is refused with this error.
#[track_caller]
fn bad(facet: &str, expected: &str) {
    refused("a.stl", format!("solid s\n{facet}endsolid s\n"), expected);
}

#[test]
fn words_may_be_on_any_lines() {
    let solid = format!("solid a b\n{FACET}endsolid a b\n");
    for text in spellings(&solid) {
        is_triangles(&text, 1);
        is_triangles(text.to_uppercase(), 1);
    }
    is_triangles(solid.replace('\n', " "), 1);
    is_triangles(solid.replace('\n', " ").repeat(3), 3);
    is_triangles(solid.repeat(2), 2);
    is_triangles(format!("solid\n{}endsolid", FACET.replace(' ', "\n")), 1);
    is_triangles(
        format!("\n\n solid a\n{}endsolid", FACET.replace('\n', " ")),
        1,
    );
}

#[test]
fn keywords_as_known_programs_write_them() {
    let solid = format!("solid a\n{FACET}endsolid a\n");
    for (keyword, other) in [
        ("endloop", "end loop"),
        ("endfacet", "end facet"),
        ("endsolid", "end solid"),
        ("endsolid a", "endsolidNAME"),
        ("endsolid a", "endsolid"),
        ("solid a\n", "solida\n"),
        (" normal 0 0 1", ""),
        ("0 0 1", "-nan(ind) 0 x"),
        ("outer loop\n", ""),
        ("endloop\n", ""),
        ("2 0 0", "+2. .0e5 -0"),
        ("endloop", "end\nloop"),
        ("0 3 0", "0\n3\n0"),
    ] {
        assert!(solid.contains(keyword), "{keyword}");
        is_triangles(solid.replacen(keyword, other, 2), 1);
    }
}

#[test]
fn names_are_any_words() {
    for (name, end) in [
        ("my facet model", "my facet model"),
        ("endfacet vertex", "a solid thing"),
        ("", "endsolid"),
        ("J\u{fc}rgen", "#"),
        ("loop end", "outer loop"),
    ] {
        is_triangles(format!("solid {name}\n{FACET}endsolid {end}\n"), 1);
        is_triangles(
            format!("solid {name}\n{FACET}endsolid {end}\nsolid {name}\n{FACET}endsolid {end}"),
            2,
        );
    }
    // Several solids, with their names on one line, on each other's line, or one of them without an end.
    for text in [
        "solid a F endsolid a solid b F endsolid b",
        "solid a\nF endsolid a solid b\nF endsolid",
        "solid a\nF solid b\nF endsolid b",
    ] {
        is_triangles(text.replace('F', FACET), 2);
        is_triangles(text.replace('F', &FACET.replace('\n', " ")), 2);
    }
    // The end of a file of DOS is none of another kind.
    for end in ["\x1a", "\n\x1a", "\r\n\x1a\r\n"] {
        is_triangles(format!("solid\n{FACET}endsolid{end}"), 1);
        is_triangles(format!("solid a\n{FACET}endsolid a{end}"), 1);
    }
    let error = "line 10: '\x1a' at a place where an STL file has none";
    refused(
        "a.stl",
        format!("solid\n{FACET}endsolid\n\x1a solid"),
        error,
    );
    assert_eq!(
        faces(&read("a.stl", "solid a endsolid a")),
        [[0; 0]; 0],
        "an empty solid"
    );
    let two_empty = "solid a endsolid a solid b endsolid b\nsolid\nendsolid\n";
    assert_eq!(
        faces(&read("a.stl", two_empty)),
        [[0; 0]; 0],
        "empty solids"
    );
}

#[test]
fn facets_on_the_line_of_a_name_are_no_part_of_it() {
    let loops = FACET.replace(" normal 0 0 1", "");
    let bare = loops.replace("outer loop\n", "").replace("endloop\n", "");
    for facet in [FACET, &loops, &bare, &FACET.to_uppercase()] {
        let line = facet.replace('\n', " ");
        let broken = facet.replace(' ', "\n").replace("\n\n", "\n");
        for (first, next) in [(&*line, &*line), (facet, facet), (&broken, &broken)] {
            is_triangles(format!("solid a {first} endsolid a"), 1);
            is_triangles(format!("solid a {first}{next} endsolid a\n"), 2);
            is_triangles(
                format!("solid {first} endsolid a solid b {next} endsolid"),
                2,
            );
        }
    }
    // Where nothing else is a facet, it was not a name.
    for (name, word) in [
        ("a facet x vertex 0 0 0 endfacet", "vertex"),
        ("a facet endfacet", "endfacet"),
    ] {
        let error = format!(
            "no facets, and line 1: '{word}' in the name of a solid, expected facets on lines of their own"
        );
        refused("a.stl", format!("solid {name} endsolid a"), &error);
        is_triangles(format!("solid {name}\n{FACET}endsolid"), 1);
    }
}

#[test]
fn facets_of_fewer_corners_are_left_out_and_of_more_refused() {
    let short = FACET.replace("vertex 0 3 0\n", "");
    let mesh = noted(
        "a.stl",
        format!(
            "solid\n{short}{FACET}facet endfacet\n{}endsolid",
            short.replace("2 0 0", "nan 0 0")
        ),
    );
    assert_eq!(faces(&mesh), [[0, 1, 2]], "faces");
    assert_eq!(mesh.short_faces, 3, "short faces");
    assert_eq!(
        mesh.notes,
        ["3 faces of fewer than three corners are left out"],
        "notes"
    );
    bad(&short, "no facet has 3 corners, the file has 1 facet");
    bad(
        "facet normal 0 0 1\nendfacet\n",
        "no facet has 3 corners, the file has 1 facet",
    );
    bad(
        &FACET.replace("endloop", "vertex 1 1 1"),
        "line 7: a facet of more than 3 corners, expected triangles",
    );
}

#[test]
fn zeros_of_either_sign_are_one_position() {
    let other = FACET.replace("vertex 0 0 0", "vertex -0 0 -0.0");
    is_triangles(format!("solid\n{FACET}{other}endsolid"), 2);
}

#[test]
fn what_is_no_facet_is_refused() {
    let place = |line, word| format!("line {line}: '{word}' at a place where an STL file has none");
    bad("loop\n", &place(2, "loop"));
    bad("vertex 1 2 3\n", &place(2, "vertex"));
    bad(&FACET.replace("2 0 0", "2 0 0 7"), &place(5, "7"));
    bad(&FACET.replace("endfacet", "facet"), &place(8, "facet"));
    bad(
        &FACET.replace("2 0 0", "2 0"),
        "line 6: 'vertex', expected a number",
    );
    bad(
        &FACET.replace("2 0 0", "2 0 x"),
        "line 5: 'x', expected a number",
    );
    bad(
        &FACET.replace("0 0 1", "0 0"),
        "line 3: 'outer', expected 3 numbers behind 'normal'",
    );
    bad(
        &FACET.replace("outer loop", "outer"),
        "line 3: 'outer' without 'loop'",
    );
    let nan = "line 5: vertex 1: coordinate 'NaN' is NaN, expected a finite number, since face 0 has this vertex";
    bad(&FACET.replace("2 0 0", "2 NaN 0"), nan);
    let large = "line 5: vertex 1: coordinate '1e39' is inf, expected a finite number, since face 0 has this vertex";
    bad(&FACET.replace("2 0 0", "2 0 1e39"), large);
    for text in [
        format!("solid a\n{FACET}"),
        "solid".to_owned(),
        format!("solid a\n{FACET}facet"),
    ] {
        let lines = text.lines().count();
        refused(
            "a.stl",
            &text,
            &format!("truncated: no 'endsolid' at the end, line {lines}"),
        );
    }
    refused(
        "a.stl",
        format!("solid a\n{FACET}endsolid a\nmore\n"),
        &place(10, "more"),
    );
    refused(
        "a.stl",
        "solid a facet normal 0 0 1 outer loop vertex 1 2",
        "line 1: truncated: a vertex without 3 coordinates",
    );
    refused(
        "a.stl",
        format!("{FACET}endsolid"),
        "a text that begins with 'facet', expected 'solid' or a binary file",
    );
    refused(
        "a.stl",
        b"\xff\xfes\0o\0",
        "text in UTF-16, expected ASCII or UTF-8",
    );
}

/// A binary file that says it has so many facets, which are those with these counts and bytes behind each.
fn binary(count: u32, facets: &[(u16, usize)]) -> Vec<u8> {
    let mut file = b"solid but binary".to_vec();
    file.resize(80, b' ');
    file.extend(count.to_le_bytes());
    for (attribute, behind) in facets {
        file.extend([0xff; 12]);
        let coordinates = TRIANGLE.as_flattened().iter();
        file.extend(coordinates.flat_map(|x| (*x as f32).to_le_bytes()));
        file.extend(attribute.to_le_bytes());
        file.extend(vec![0x40; *behind]);
    }
    file
}

#[test]
fn binary_files_may_have_attributes() {
    is_triangles(binary(2, &[(0, 0); 2]), 2);
    // A colour, or another thing that is no count.
    is_triangles(binary(2, &[(0x8000, 0), (3, 0)]), 2);
    // A count.
    is_triangles(binary(2, &[(7, 7), (100, 100)]), 2);
    is_triangles(binary(3, &[(0, 0), (1, 1), (0, 0)]), 3);
    for file in [binary(0, &[]), binary(0, &[])[..84].to_vec()] {
        assert_eq!(faces(&read("a.stl", file)), [[0; 0]; 0], "no facets");
    }
}

#[test]
fn bytes_behind_the_last_facet_are_noted() {
    for (attributes, behind) in [
        (0, 1),
        (0, 49),
        (0, 50),
        (0, 14),
        (0x8000, 20),
        (9, 5),
        (5, 9),
    ] {
        let file = [&binary(1, &[(attributes, 0)])[..], &vec![b'c'; behind]].concat();
        let mesh = noted("a.stl", file);
        assert_eq!(faces(&mesh), [[0, 1, 2]], "{behind}");
        let bytes = if behind == 1 {
            "1 byte behind the last facet is"
        } else {
            &format!("{behind} bytes behind the last facet are")
        };
        assert_eq!(mesh.notes, [format!("{bytes} left out")], "notes");
    }
    let text = format!("solid\n{FACET}endsolid\n\0\0\0");
    let note = "3 bytes behind the last solid are left out";
    assert_eq!(noted("a.stl", text).notes, [note], "zeros behind a text");
    assert_eq!(
        noted("a.stl", [&binary(0, &[])[..], b"end"].concat())
            .notes
            .len(),
        1,
        "notes"
    );
}

#[test]
fn binary_files_that_lack_facets_are_refused() {
    let whole = binary(2, &[(0, 0); 2]);
    refused(
        "a.stl",
        &whole[..183],
        "truncated: 2 facets need 100 bytes, the file has 99",
    );
    refused(
        "a.stl",
        binary(u32::MAX, &[(0, 0)]),
        "truncated: 4294967295 facets need 214748364750 bytes, the file has 50",
    );
    refused(
        "a.stl",
        binary(0, &[(0, 0); 2]),
        "the number of facets is 0, but 100 bytes follow it, expected none",
    );
    refused(
        "a.stl",
        [0; 83],
        "truncated: 83 bytes, expected at least 84 of a binary STL file",
    );
    let mut nan = whole;
    nan[96..100].copy_from_slice(&f32::NAN.to_le_bytes());
    refused(
        "a.stl",
        nan,
        "vertex 0: coordinate NaN, expected a finite number, since face 0 has this vertex",
    );
}
