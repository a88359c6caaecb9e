//! What `crosslane normals` has written, read back.

#![allow(dead_code, reason = "every test binary uses another part")]

use super::{Directory, read, succeeds};

/// Elements of an array of either type, as `f64`, and its shape.
#[track_caller]
pub(crate) fn array(directory: &Directory, name: &str, single: bool) -> (Vec<usize>, Vec<f64>) {
    if single {
        let (shape, elements) = read::<f32>(&directory.path(name));
        (shape, elements.into_iter().map(f64::from).collect())
    } else {
        read::<f64>(&directory.path(name))
    }
}

/// The rows of the normals of this mesh file.
#[track_caller]
pub(crate) fn normals(name: &str, bytes: &[u8], single: bool, options: &[&str]) -> Vec<[f64; 3]> {
    let directory = Directory::new();
    directory.write(name, bytes);
    let mut command = directory.normals(&[name, "-o", "out.npy"]);
    succeeds(command.args(options));
    let (shape, elements) = array(&directory, "out.npy", single);
    let rows = elements.as_chunks().0.to_vec();
    assert_eq!(shape, [rows.len(), 3], "{name}");
    assert_eq!(directory.names(), 2, "{name}: files in the directory");
    rows
}

pub(crate) fn is_stl(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with("stl")
}
