//! Meshes as people have them: the spellings of other programs, pipes, compressed files, and what of a file is left out.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod support;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use support::arrays::is_stl;
use support::meshes::{Element, Mesh};
use support::{Directory, read, refuses, succeeds, text};

/// A file of the field trials: inputs that were once read wrongly, or refused without need.
fn trial(name: &str) -> PathBuf {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/trials");
    data.join(name)
}

/// What the program made of a file.
#[derive(Debug, PartialEq)]
struct Result {
    normals: Vec<[f64; 3]>,
    areas: Vec<f64>,
    /// Standard error, without the name of the program and of the file.
    notes: String,
}

/// Normals and areas that this command, which has its mesh, gives.
#[track_caller]
fn result(directory: &Directory, command: &mut Command, mesh: &str, single: bool) -> Result {
    let names = ["-o", "n.npy", "--areas", "a.npy", "--force"];
    let output = command.args(names).output().unwrap();
    let error = text(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
    let [normals, areas] = ["n.npy", "a.npy"].map(|name| {
        let path = directory.path(name);
        if single {
            read::<f32>(&path).1.into_iter().map(f64::from).collect()
        } else {
            read::<f64>(&path).1
        }
    });
    Result {
        normals: normals.as_chunks().0.to_vec(),
        areas,
        notes: error.replace(&format!("crosslane: {mesh}: "), ""),
    }
}

/// The same of a file at a path.
#[track_caller]
fn of(path: &Path, single: bool) -> Result {
    let directory = Directory::new();
    let path = path.to_str().unwrap();
    let mut command = directory.normals(&[path]);
    result(&directory, &mut command, path, single)
}

/// So many triangles with sides of 2 and 3 along the axes.
fn triangles(n: usize, notes: &str) -> Result {
    Result {
        normals: vec![[0.0, 0.0, 1.0]; n],
        areas: vec![3.0; n],
        notes: notes.to_owned(),
    }
}

#[test]
fn trials_that_are_plain_triangles() {
    for name in [
        "ply-ascii-numbers/face_nan.ply",
        "ply-ascii-numbers/leading_dot.ply",
        "ply-ascii-numbers/nan_normal.ply",
        "ply-header/blank_header.ply",
        "ply-header/bom.ply",
        "ply-header/cr_only.ply",
        "ply-header/latin1_comment.ply",
        "stl-ascii-tokens/bom.stl",
        "stl-ascii-tokens/end_loop.stl",
        "stl-ascii-tokens/endsolid_glued.stl",
        "stl-ascii-tokens/two_per_line.stl",
        "unused-nan-vertex/unused.obj",
    ] {
        let single = !name.ends_with("obj");
        assert_eq!(of(&trial(name), single), triangles(1, ""), "{name}");
    }
    let one_line = trial("stl-ascii-tokens/one_line.stl");
    assert_eq!(of(&one_line, true), triangles(2, ""), "one line");
}

#[test]
fn trials_with_a_word_about_what_is_left_out() {
    let short = "1 face of fewer than three corners is left out\n";
    let got = of(&trial("short-face/two_corners.obj"), false);
    assert_eq!(got, triangles(1, short), "a face of two corners");
    let behind = "14 bytes behind the last facet are left out\n";
    let got = of(&trial("stl-binary-length/trailing_text.stl"), true);
    assert_eq!(got, triangles(1, behind), "a text behind the facets");
}

#[test]
fn trial_of_strips() {
    let expected = Result {
        normals: vec![[0.0, 0.0, 1.0]; 2],
        areas: vec![0.5; 2],
        notes: String::new(),
    };
    assert_eq!(of(&trial("ply-tristrips/ascii.ply"), true), expected);
}

#[test]
fn trial_of_a_count_that_is_0() {
    let directory = Directory::new();
    let path = trial("stl-binary-length/count_zero.stl");
    let mut command = directory.normals(&[path.to_str().unwrap(), "-o", "n.npy"]);
    let expected = ["count_zero.stl", "the number of facets is 0", "100 bytes"];
    directory.refuses(&mut command, &expected);
}

#[test]
fn a_face_with_a_vertex_that_is_not_finite_is_refused_and_named() {
    let file = fs::read(trial("unused-nan-vertex/unused.obj")).unwrap();
    let directory = Directory::new();
    directory.write("m.obj", &[&file[..], b"f 1 2 3\n"].concat());
    let mut command = directory.normals(&["m.obj", "-o", "n.npy"]);
    let expected = ["m.obj: line 1: vertex 1", "'nan' is NaN", "face 1"];
    directory.refuses(&mut command, &expected);
    // With --vertex every vertex has a row. The row of a vertex without faces is zero.
    directory.write("m.obj", &file);
    let output = succeeds(&mut directory.normals(&["m.obj", "-o", "n.npy", "--vertex"]));
    assert!(text(&output.stdout).starts_with("4 normals"), "{output:?}");
    let rows = read::<f64>(&directory.path("n.npy")).1;
    assert_eq!(
        rows.as_chunks().0,
        [[0.0; 3], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]
    );
}

#[test]
fn every_format_is_read_from_standard_input_and_through_gzip() {
    for file in Mesh::cube().files() {
        let directory = Directory::new();
        let name = format!("{}.gz", file.name);
        directory.write(file.name, &file.bytes);
        directory.write(&name, &gzip(&file.bytes));
        let expected = of(&directory.path(file.name), file.single);
        let faces = if is_stl(file.name) { 12 } else { 6 };
        let found = (expected.areas.len(), &*expected.notes);
        assert_eq!(found, (faces, ""), "{name}");
        assert_eq!(of(&directory.path(&name), file.single), expected, "{name}");
        for (from, is_pipe) in [
            (file.name, false),
            (&name, false),
            (file.name, true),
            (&name, true),
        ] {
            let mut command = directory.normals(&["-"]);
            if is_pipe {
                command.stdin(pipe(&directory.path(from)));
            } else {
                command.stdin(fs::File::open(directory.path(from)).unwrap());
            }
            let got = result(&directory, &mut command, "standard input", file.single);
            assert_eq!(got, expected, "{from} by standard input");
        }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The end of a pipe from which a file can be read.
fn pipe(path: &Path) -> Stdio {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let bytes = fs::read(path).unwrap();
    std::thread::spawn(move || writer.write_all(&bytes));
    reader.into()
}

#[cfg(unix)]
#[test]
fn named_pipes_and_dev_stdin_are_read() {
    let directory = Directory::new();
    let path = directory.path("pipe.obj");
    let made = Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success(), "mkfifo");
    let cube = Mesh::cube();
    directory.write("n.npy", b"older, so that the input is compared with it");
    directory.write("a.npy", b"the same");
    let writer = {
        let (path, obj) = (path.clone(), cube.obj());
        std::thread::spawn(move || fs::write(path, obj))
    };
    let mut command = directory.normals(&["pipe.obj"]);
    let got = result(&directory, &mut command, "pipe.obj", false);
    writer.join().unwrap().unwrap();
    assert_eq!(got.areas, [4.0; 6]);
    directory.write("mesh", &cube.stl_text());
    for name in ["/dev/stdin", "-"] {
        let mut command = directory.normals(&[name]);
        command.stdin(pipe(&directory.path("mesh")));
        assert_eq!(
            result(&directory, &mut command, name, true).areas,
            [2.0; 12],
            "{name}"
        );
    }
}

/// Both can go into a device, which keeps neither.
#[cfg(unix)]
#[test]
fn two_outputs_into_one_device_do_not_replace_each_other() {
    let directory = Directory::new();
    directory.write("mesh.obj", &Mesh::cube().obj());
    succeeds(&mut directory.normals(&["mesh.obj", "-o", "/dev/null", "--areas", "/dev/null"]));
    assert_eq!(directory.names(), 1, "nothing else");
}

#[cfg(target_os = "linux")]
#[test]
fn standard_input_that_is_the_output_is_not_replaced() {
    let directory = Directory::new();
    directory.write("mesh.obj", &Mesh::cube().obj());
    for name in ["-", "/dev/stdin"] {
        let mut command = directory.normals(&[name, "-o", "mesh.obj", "--force"]);
        command.stdin(fs::File::open(directory.path("mesh.obj")).unwrap());
        directory.refuses(&mut command, &["mesh.obj", "the same file as the input"]);
    }
    for (input, expected) in [
        ("/dev/zero", "a device"),
        ("/dev/null", "a device"),
        (".", "a directory"),
    ] {
        let mut command = directory.normals(&["-", "-o", "n.npy"]);
        command.stdin(fs::File::open(input).unwrap());
        directory.refuses(&mut command, &["standard input: ", expected]);
    }
}

#[test]
fn without_an_extension_the_content_says_what_it_is() {
    let (polygons, triangles) = (&[10.0, 5.0][..], &[5.0; 3][..]);
    for (name, other, areas) in [
        ("mesh.obj", "mesh", polygons),
        ("text.ply", "m.txt", polygons),
        ("solid.STL", "m.dat", triangles),
        ("binary.stl", "m.bin", triangles),
    ] {
        let file = Mesh::tilted()
            .files()
            .into_iter()
            .find(|file| file.name == name)
            .unwrap();
        let directory = Directory::new();
        directory.write(other, &file.bytes);
        let got = of(&directory.path(other), file.single);
        assert_eq!((&*got.areas, &*got.notes), (areas, ""), "{name}");
    }
    let directory = Directory::new();
    directory.write("mesh.obj", &Mesh::cube().stl_text());
    let expected = ["mesh.obj: no line 'v x y z'", "line 1: 'solid'"];
    directory.refuses(
        &mut directory.normals(&["mesh.obj", "-o", "n.npy"]),
        &expected,
    );
}

#[test]
fn damaged_compressed_files_are_refused() {
    let file = gzip(&Mesh::cube().obj());
    let directory = Directory::new();
    directory.write("mesh.obj.gz", &file[..file.len() / 2]);
    let mut command = directory.normals(&["mesh.obj.gz", "-o", "n.npy"]);
    directory.refuses(&mut command, &["mesh.obj.gz: gzip: truncated"]);
    let mut command = directory.normals(&["-", "-o", "n.npy"]);
    refuses(
        command.stdin(pipe(&directory.path("mesh.obj.gz"))),
        &["standard input: gzip: truncated"],
    );
}

#[test]
fn what_is_left_out_is_said_in_one_line_each() {
    let directory = Directory::new();
    let ply = Mesh::cube().ply_text(Element::Double);
    directory.write("mesh.ply", &[&ply[..], b"7 1 0.5\n"].concat());
    let got = of(&directory.path("mesh.ply"), false);
    assert_eq!(
        (got.areas.len(), &*got.notes),
        (6, "line 30: 7 bytes behind the last element are left out\n")
    );
    // What a file has in its words cannot write to the terminal.
    directory.write(
        "mesh.obj",
        b"v 0 0 0\nv 2 0 0\nv 0 3 0\nf 1 2 3\nf\nsurf 1\n\x1b[2Jx 1\n",
    );
    let notes = "line 6: 'surf' is not read, only polygons are: 1 statement of this kind is left out\n\
        line 7: ' [2Jx' is no statement of OBJ: 1 statement of this kind is left out\n\
        1 face of fewer than three corners is left out\n";
    assert_eq!(of(&directory.path("mesh.obj"), false), triangles(1, notes));
}

#[test]
fn a_file_that_may_have_faces_has_no_0_normals() {
    let points = "v 0 0 0\nv 1 0 0\n";
    for (text, expected) in [
        ("surf 0 1 0 1 1 2\n", "line 3: 'surf' is not read"),
        ("F 1 2 1\n", "line 3: 'F' is no statement of OBJ"),
    ] {
        let directory = Directory::new();
        directory.write("m.obj", format!("{points}{text}").as_bytes());
        let expected = ["m.obj: no faces", expected];
        directory.refuses(&mut directory.normals(&["m.obj", "-o", "n.npy"]), &expected);
    }
    for text in ["", "p 1 2\n", "l 1 2\n"] {
        let directory = Directory::new();
        directory.write("m.obj", format!("{points}{text}").as_bytes());
        assert_eq!(
            of(&directory.path("m.obj"), false),
            triangles(0, ""),
            "{text}"
        );
    }
}
