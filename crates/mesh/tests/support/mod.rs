//! What the tests of the formats share: a mesh read from a text, and errors as they are shown.

#![allow(dead_code, reason = "every test binary uses another part")]

use crosslane_mesh::{Mesh, Vertices};

/// The mesh in this file, which must be one, and without notes.
#[track_caller]
pub(crate) fn read(name: &str, file: impl AsRef<[u8]>) -> Mesh {
    let mesh = noted(name, file);
    assert_eq!(mesh.notes, [""; 0], "notes");
    mesh
}

/// The mesh in this file, which must be one.
#[track_caller]
pub(crate) fn noted(name: &str, file: impl AsRef<[u8]>) -> Mesh {
    let file = file.as_ref();
    let mesh = Mesh::read(name, file);
    mesh.unwrap_or_else(|error| panic!("{error:#}\n{}", shown(file)))
}

/// The file is refused, and the error is this one behind the name.
#[track_caller]
pub(crate) fn refused(name: &str, file: impl AsRef<[u8]>, expected: &str) {
    let file = file.as_ref();
    let shown = shown(file);
    let error = Mesh::read(name, file).expect_err(&shown);
    assert_eq!(
        format!("{error:#}"),
        format!("{name}: {expected}"),
        "{shown}"
    );
}

/// The beginning of a file.
fn shown(file: &[u8]) -> String {
    String::from_utf8_lossy(&file[..file.len().min(1000)]).into_owned()
}

/// The corners of every face.
pub(crate) fn faces(mesh: &Mesh) -> Vec<Vec<u32>> {
    mesh.faces().map(<[u32]>::to_vec).collect()
}

/// The vertices as `f64`.
pub(crate) fn vertices(mesh: &Mesh) -> Vec<[f64; 3]> {
    match &mesh.vertices {
        Vertices::F32(vertices) => vertices.iter().map(|v| v.map(f64::from)).collect(),
        Vertices::F64(vertices) => vertices.clone(),
    }
}

/// The text with every kind of line end, and behind a byte order mark.
pub(crate) fn spellings(text: &str) -> [String; 5] {
    [
        text.to_owned(),
        text.replace('\n', "\r\n"),
        text.replace('\n', "\r"),
        format!("\u{feff}{text}"),
        text.replace('\n', "\n\n").replace(' ', "\t \x0b"),
    ]
}
