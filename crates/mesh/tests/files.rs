//! Files as they come: compressed, from pipes, damaged, and not at all.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod support;

use std::io::Write;
use std::path::Path;

use crosslane_mesh::Mesh;
use flate2::Compression;
use flate2::write::GzEncoder;
use support::{faces, read, refused};

const OBJ: &str = "v 0 0 0\nv 2 0 0\nv 0 3 0\nf 1 2 3\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn gzip_is_told_by_its_content() {
    let file = gzip(OBJ.as_bytes());
    for name in ["a.obj.gz", "a.obj", "a.gz", "a", "A.OBJ.GZ", "-"] {
        assert_eq!(faces(&read(name, &file)), [[0, 1, 2]], "{name}");
    }
    // And not by its name.
    assert_eq!(
        faces(&read("a.obj.gz", OBJ)),
        [[0, 1, 2]],
        "a name that lies"
    );
    refused(
        "a.ply.gz",
        &file,
        "does not begin with a line 'ply', expected a PLY file",
    );
}

#[test]
fn members_are_one_file_and_zeros_behind_them_are_none() {
    for at in 0..OBJ.len() {
        let (start, end) = OBJ.as_bytes().split_at(at);
        let file = [gzip(start), gzip(b""), gzip(end), vec![0; at]].concat();
        assert_eq!(faces(&read("a.obj.gz", file)), [[0, 1, 2]], "{at}");
    }
}

#[test]
fn damaged_gzip_is_refused() {
    let file = gzip(OBJ.as_bytes());
    for len in 3..file.len() {
        refused("a.obj.gz", &file[..len], "gzip: truncated");
        refused(
            "a.obj.gz",
            [&file[..], &file[..len]].concat(),
            "gzip: truncated",
        );
    }
    refused(
        "a.obj.gz",
        [&file[..], b"\0more"].concat(),
        "gzip: 4 bytes behind the last member, expected none",
    );
    for at in (10..file.len()).filter(|&at| at != file.len() - 9) {
        let mut file = file.clone();
        file[at] ^= 0x10;
        let error = Mesh::read("a.obj.gz", &file).expect_err("a sum that is wrong");
        assert!(
            format!("{error:#}").starts_with("a.obj.gz: gzip: "),
            "{at}: {error:#}"
        );
    }
    refused("a.obj.gz", gzip(b""), "empty, expected a mesh");
    refused("a.obj.gz", "", "empty, expected a mesh");
}

#[test]
fn paths_that_are_no_files_are_refused() {
    let folder = std::env::temp_dir();
    let error = Mesh::open(&folder).unwrap_err();
    assert!(
        format!("{error:#}").ends_with(": a directory, expected a file"),
        "{error:#}"
    );
    let error = Mesh::open(Path::new("missing/a.obj")).unwrap_err();
    assert!(
        format!("{error:#}").starts_with("missing/a.obj: "),
        "{error:#}"
    );
    if cfg!(unix) {
        let error = Mesh::open(Path::new("/dev/zero")).unwrap_err();
        assert_eq!(
            format!("{error:#}"),
            "/dev/zero: a device, expected a file or a pipe",
            "an endless file"
        );
    }
}

/// Time that grows with the square of the length would be hours here.
#[test]
fn long_lines_lists_and_names_take_no_longer_than_short_ones() {
    let many = |word: &str| word.repeat(2_000_000);
    let obj = format!(
        "{OBJ}f{}\nv 0 0 0{}\n# {}\n",
        many(" 1"),
        many(" 1"),
        many("\\")
    );
    assert_eq!(read("a.obj", obj).corners.len(), 2_000_003, "corners");
    let obj = format!("{OBJ}f 1 2 3{}\n", many("\\\n"));
    assert_eq!(faces(&read("a.obj", obj)).len(), 2, "continued");
    for name in ["solid ", "facet ", "end ", "solid facet ", "loop "] {
        let stl = format!("solid a\nendsolid {}\nsolid {}\nendsolid", many(name), name);
        assert_eq!(read("a.stl", stl).starts, [0; 0], "{name}");
    }
    let properties = many("property int a\n");
    let ply = format!(
        "ply\nformat ascii 1.0\nelement vertex 0\nproperty int x\nproperty int y\nproperty int z\n{properties}end_header\n"
    );
    assert_eq!(read("a.ply", ply).starts, [0; 0], "properties");
    let elements = many("element a 0\n");
    let ply = format!(
        "ply\nformat ascii 1.0\nelement vertex 0\nproperty int x\nproperty int y\nproperty int z\n{elements}end_header\n"
    );
    assert_eq!(read("a.ply", ply).starts, [0; 0], "elements");
}
