//! Whatever is wrong with files: one line on standard error, code 1, nothing written, nothing overwritten,
//! nothing left. (What is wrong with the command line is told in the usual way of clap, with code 2.)

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod support;

use std::fs;

use support::{Array, Directory, crosslane, header, npy, text};

/// A directory with a.npy and b.npy of (5, 3).
fn directory() -> Directory {
    let directory = Directory::new();
    directory.write("a.npy", &Array::new(&[5, 3], "<f8", false, 1).bytes());
    directory.write("b.npy", &Array::new(&[5, 3], "<f8", false, 2).bytes());
    directory
}

/// These bytes are refused on either side.
#[track_caller]
fn refused(bytes: &[u8], expected: &[&str]) {
    let directory = directory();
    directory.write("bad.npy", bytes);
    let expected = [&["bad.npy: "], expected].concat();
    directory.refuses(
        &mut directory.cross("bad.npy", "b.npy", "out.npy"),
        &expected,
    );
    directory.refuses(
        &mut directory.cross("a.npy", "bad.npy", "out.npy"),
        &expected,
    );
}

#[test]
fn what_is_no_file() {
    let directory = directory();
    fs::create_dir(directory.path("folder.npy")).unwrap();
    for (name, expected) in [("missing.npy", "No such file"), ("folder.npy", "directory")] {
        // The words of the system are its own.
        let expected = if cfg!(unix) { expected } else { "" };
        let expected = [name, expected];
        directory.refuses(&mut directory.cross(name, "b.npy", "out.npy"), &expected);
        directory.refuses(&mut directory.cross("a.npy", name, "out.npy"), &expected);
    }
}

#[test]
fn what_is_no_npy() {
    refused(b"", &["empty"]);
    refused(b"x,y,z\n1,2,3\n", &["not a .npy file"]);
    refused(b"\x93NUMPY", &["not a .npy file"]);
    refused(b"\x93NUMPY\x02\x00\x10\x00", &["not a .npy file"]);
    refused(b"\x93NUMPY\x09\x00\x10\x00", &["version 9"]);
    refused(&npy("no dictionary", None, &[]), &["header cannot be read"]);
    refused(&npy("[1, 2]", None, &[]), &["header cannot be read"]);
    refused(
        &npy("{'shape': (3,), 'descr': '<f8'}", None, &[0; 24]),
        &["no 'fortran_order'"],
    );
    let other = "{'descr': '<f8', 'fortran_order': False, 'shape': (5, 3), 'order': 'C'}";
    refused(&npy(other, None, &[0; 120]), &["other entries", "'order'"]);
    refused(
        &npy("\u{1b}[31m\r\n", None, &[]),
        &["header cannot be read"],
    );
}

#[test]
fn what_is_truncated() {
    let whole = Array::new(&[5, 3], "<f8", false, 1).bytes();
    for len in [20, 70] {
        refused(&whole[..len], &["truncated", "header"]);
    }
    refused(
        &whole[..whole.len() - 1],
        &["truncated", "120 bytes", "119"],
    );
    refused(&whole[..128], &["truncated", "120 bytes", "has 0"]);
}

#[test]
fn what_is_no_number() {
    for dtype in [
        "|b1", "<i16", "<f16", "<c8", "<c16", "|O", "|S3", "<M8[ns]", "f16", ">float64", "float_",
        "",
    ] {
        refused(
            &npy(&header(dtype, false, &[5, 3]), None, &[0; 999]),
            &[dtype, "astype"],
        );
    }
    let escape = npy(&header("\\x1b[31m", false, &[5, 3]), None, &[0; 999]);
    refused(&escape, &[r"dtype '\x1b[31m'", "astype"]);
    let record = "{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (3,), }";
    refused(&npy(record, None, &[0; 99]), &["[('x', '<f4')]", "astype"]);
    let fields = "('x', '<f4'), ".repeat(9);
    let record = format!("{{'descr': [{fields}], 'fortran_order': False, 'shape': (3,), }}");
    refused(&npy(&record, None, &[0; 999]), &["('x', '<f4')", "convert"]);
}

#[test]
fn what_are_no_vectors() {
    for (shape, expected) in [
        (&[][..], "[]"),
        (&[4], "[4]"),
        (&[15], "[15]"),
        (&[5, 4], "[5, 4]"),
        (&[5, 3, 4], "[5, 3, 4]"),
        (&[5, 2], "vectors of two components need a third"),
    ] {
        let bytes = Array::new(shape, "<f8", false, 1).bytes();
        refused(&bytes, &[expected]);
    }
}

#[test]
fn an_axis_that_is_not_three_long() {
    let directory = directory();
    directory.write("c.npy", &Array::new(&[3, 5], "<f8", false, 1).bytes());
    let mut first = directory.cross("a.npy", "b.npy", "out.npy");
    directory.refuses(first.args(["--axis", "0"]), &["a.npy", "[5, 3]", "axis 0"]);
    let mut last = directory.cross("c.npy", "c.npy", "out.npy");
    directory.refuses(last.args(["--axis", "-1"]), &["c.npy", "[3, 5]", "axis -1"]);
}

#[test]
fn shapes_that_do_not_match() {
    let directory = directory();
    for (shape, named) in [
        (&[4, 3][..], "[4, 3]"),
        (&[3, 5], "[3, 5]"),
        (&[0, 3], "[0, 3]"),
        (&[4, 1, 4, 3], "[4, 1, 4, 3]"),
        (&[3, 1], "[3, 1]"),
    ] {
        directory.write("c.npy", &Array::new(shape, "<f8", false, 1).bytes());
        for (a, b) in [("a.npy", "c.npy"), ("c.npy", "a.npy")] {
            directory.refuses(
                &mut directory.cross(a, b, "out.npy"),
                &["[5, 3]", named, a, b],
            );
        }
    }
}

#[test]
fn hostile_headers() {
    let version_2 = |len: u32| [b"\x93NUMPY\x02\x00", &len.to_le_bytes()[..], b"{'descr'"].concat();
    refused(&version_2(u32::MAX), &["truncated", "4294967295"]);
    refused(
        &[version_2(1 << 20), vec![b' '; 1 << 20]].concat(),
        &["1048576"],
    );
    for shape in [
        &[usize::MAX, usize::MAX, 3][..],
        &[1 << 62, 3],
        &[usize::MAX / 24 + 1, 3],
        &[3, 1 << 40, 1 << 40],
        &[0, 1 << 40, 1 << 40, 3],
    ] {
        for fortran in [false, true] {
            refused(
                &npy(&header("<f8", fortran, shape), None, &[0; 72]),
                &["larger than any memory"],
            );
        }
    }
    refused(
        &npy(&header("<f8", false, &[1 << 40, 3]), None, &[0; 72]),
        &["truncated", "26388279066624"],
    );
    for shape in [
        "(-1, 3)",
        "(5.0, 3)",
        "('5', 3)",
        "(99999999999999999999999999, 3)",
        "3",
        "None",
    ] {
        let header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}");
        refused(&npy(&header, None, &[0; 72]), &["shape"]);
    }
    for bracket in ["(", "[", "{", "-", "'", "{1: "] {
        for count in [1, 4, 60, 9000 / bracket.len()] {
            let expected = ["header cannot be read", "begins"];
            refused(&npy(&bracket.repeat(count), None, &[]), &expected);
        }
    }
    refused(
        &npy(
            "{'descr': '<f8', 'fortran_order': 1, 'shape': (3,)}",
            None,
            &[0; 24],
        ),
        &["fortran_order"],
    );
    refused(
        &npy(
            "{'descr': '\u{e9}', 'fortran_order': False, 'shape': (3,)}",
            None,
            &[0; 24],
        ),
        &["astype"],
    );
    refused(b"\x93NUMPY\x01\x00\x02\x00\xff\xff", &["cannot be read"]);
    let three = b"\x93NUMPY\x03\x00\x02\x00\x00\x00\xff\xff";
    refused(three, &["not text"]);
}

#[test]
fn names_that_must_not_be_replaced() {
    let directory = directory();
    directory.write("out.npy", b"older");
    fs::create_dir(directory.path("folder")).unwrap();
    let long = "long".repeat(100);
    let cross = |out| directory.cross("a.npy", "b.npy", out);
    directory.refuses(&mut cross("out.npy"), &["out.npy", "--force"]);
    for force in [&["--force"][..], &[]] {
        directory.refuses(cross("a.npy").args(force), &["a.npy", "input"]);
        directory.refuses(cross("./b.npy").args(force), &["b.npy", "input"]);
        directory.refuses(cross("folder").args(force), &["folder", "regular"]);
        directory.refuses(cross("folder/..").args(force), &["regular"]);
        directory.refuses(cross("missing/out.npy").args(force), &["missing/out.npy"]);
        for name in ["missing/", "missing/.", "missing/..", "folder/missing/."] {
            directory.refuses(cross(name).args(force), &[name, "the name of a directory"]);
        }
        directory.refuses(cross(&long).args(force), &["long", "too long"]);
        directory.refuses(cross("a.npy/out.npy").args(force), &["a.npy/out.npy"]);
    }
}

#[test]
fn an_input_by_another_name() {
    let directory = directory();
    let linked = fs::hard_link(directory.path("a.npy"), directory.path("hard.npy"));
    if linked.is_err() {
        println!("NOT TESTED: no hard links here");
        return;
    }
    let mut command = directory.cross("a.npy", "b.npy", "hard.npy");
    directory.refuses(command.arg("--force"), &["hard.npy", "input", "a.npy"]);
}

#[cfg(unix)]
#[test]
fn links_and_devices_are_not_replaced() {
    use std::os::unix::fs::symlink;
    let directory = directory();
    directory.write("other.npy", b"older");
    for (target, link) in [
        ("a.npy", "input"),
        ("other.npy", "file"),
        ("gone.npy", "dangling"),
    ] {
        symlink(target, directory.path(link)).unwrap();
    }
    for force in [&["--force"][..], &[]] {
        for (out, expected) in [
            ("input", "input"),
            ("file", "symbolic link"),
            ("dangling", "regular"),
        ] {
            let mut command = directory.cross("a.npy", "b.npy", out);
            directory.refuses(command.args(force), &[out, expected]);
        }
    }
    // A device is written into, and stays.
    support::succeeds(&mut directory.cross("a.npy", "b.npy", "/dev/null"));
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
    assert!(!directory.path("out.npy").exists());
    assert!(!directory.path("gone.npy").exists());
    assert_eq!(fs::read(directory.path("other.npy")).unwrap(), b"older");
}

#[cfg(unix)]
#[test]
fn a_directory_that_cannot_be_written_to() {
    use std::os::unix::fs::PermissionsExt;
    let directory = directory();
    let locked = directory.path("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(locked.join("probe"), b"").is_ok() {
        println!("NOT TESTED: permissions do not bind this user");
        return;
    }
    directory.refuses(
        &mut directory.cross("a.npy", "b.npy", "locked/out.npy"),
        &["denied"],
    );
}

#[test]
fn no_result_without_a_command_that_makes_sense() {
    for (arguments, expected) in [
        (&["cross"][..], "required"),
        (&["cross", "a.npy", "b.npy"], "--output"),
        (
            &["cross", "a", "b", "-o", "c", "--axis", "x"],
            "'x' for '--axis <AXIS>'",
        ),
        (&["info", "--threads", "0"], "auto, serial or a number"),
        (&["info", "--threads", "many"], "auto, serial or a number"),
        (&["--vectors", "0"], "--vectors"),
        (&["--vectors", "5", "info"], "--vectors"),
        (&["divide"], "divide"),
    ] {
        let output = crosslane().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let error = text(&output.stderr);
        assert!(error.contains(expected), "{error}");
    }
}
