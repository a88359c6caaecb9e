//! Every array that the program takes gives the product of the definition, bit for bit.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod support;

use std::path::Path;

use support::{Array, Directory, assert_product, crosslane, levels, read, succeeds};

const DTYPES: [&str; 4] = ["<f4", ">f4", "<f8", ">f8"];

/// Every pair of types, each of either byte order.
fn dtypes() -> impl Iterator<Item = (&'static str, &'static str)> + Clone {
    DTYPES.into_iter().flat_map(|a| DTYPES.map(|b| (a, b)))
}

#[track_caller]
fn check(a: &Array, b: &Array, axis: Option<i32>, options: &[&str]) {
    let directory = Directory::new();
    directory.write("a.npy", &a.bytes());
    directory.write("b.npy", &b.bytes());
    let mut command = directory.cross("a.npy", "b.npy", "out.npy");
    if let Some(axis) = axis {
        command.args(["--axis", &axis.to_string()]);
    }
    succeeds(command.args(options));
    println!("{a:.0?} x {b:.0?}");
    assert_product(&directory.path("out.npy"), a, b, axis);
    assert_eq!(directory.contents().len(), 3, "files in the directory");
}

#[test]
fn moon_is_what_numpy_gives_at_every_level() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data");
    let directory = Directory::new();
    let out = directory.path("out.npy");
    for level in levels() {
        succeeds(
            crosslane()
                .arg("cross")
                .arg(data.join("moon_position_km.npy"))
                .arg(data.join("moon_velocity_km_per_day.npy"))
                .args(["--force", "--level", &level, "--output"])
                .arg(&out),
        );
        let expected = read::<f64>(&data.join("moon_cross_plain.npy"));
        assert_eq!(expected.0, [2000, 3]);
        assert_eq!(read::<f64>(&out), expected, "{level}");
    }
}

#[test]
fn every_shape_in_every_order() {
    let shapes: [(&[usize], &[usize], Option<i32>); 29] = [
        (&[3], &[3], None),
        (&[3], &[3], Some(0)),
        (&[7, 3], &[7, 3], None),
        (&[3, 7], &[3, 7], None),
        (&[7, 3], &[7, 3], Some(-1)),
        (&[3, 7], &[3, 7], Some(0)),
        (&[3, 3], &[3, 3], Some(-1)),
        (&[3, 3], &[3, 3], Some(0)),
        (&[3, 3], &[3], Some(0)),
        (&[0, 3], &[0, 3], None),
        (&[3, 0], &[3, 0], None),
        (&[2, 0, 3], &[2, 0, 3], None),
        (&[4, 5, 3], &[4, 5, 3], None),
        (&[3, 4, 5], &[3, 4, 5], None),
        (&[3, 4, 3], &[3, 4, 3], Some(0)),
        (&[3, 4, 3], &[3, 4, 3], Some(-1)),
        (&[2, 4, 5, 3], &[2, 4, 5, 3], None),
        (&[3, 2, 1, 5], &[3, 2, 1, 5], None),
        // One vector on either side.
        (&[7, 3], &[3], None),
        (&[3], &[7, 3], None),
        (&[3, 7], &[3], None),
        (&[3], &[3, 7], None),
        (&[7, 3], &[1, 3], None),
        (&[1, 3], &[7, 3], None),
        (&[3, 1], &[3, 7], None),
        (&[3, 7], &[3, 1], None),
        (&[3], &[4, 5, 3], None),
        (&[3], &[0, 3], None),
        (&[1, 3], &[3], None),
    ];
    let mut dtypes = dtypes().cycle();
    for (a, b, axis) in shapes {
        for (a_fortran, b_fortran) in [(false, false), (false, true), (true, false), (true, true)] {
            let (a_dtype, b_dtype) = dtypes.next().unwrap();
            let a = Array::new(a, a_dtype, a_fortran, 1);
            let b = Array::new(b, b_dtype, b_fortran, 2);
            check(&a, &b, axis, &[]);
        }
    }
}

#[test]
fn every_pair_of_types_and_byte_orders() {
    for (a, b) in dtypes() {
        let array = |dtype, seed| Array::new(&[50, 3], dtype, false, seed);
        check(&array(a, 1), &array(b, 2), None, &[]);
    }
}

#[test]
fn data_at_every_offset() {
    // A header can end anywhere, and then the elements are not aligned.
    for start in 100..=116 {
        for (a, b) in [("<f4", "<f4"), ("<f8", "<f4"), ("<f8", "<f8")] {
            let mut a = Array::new(&[9, 3], a, false, 1);
            let mut b = Array::new(&[9, 3], b, true, 2);
            (a.start, b.start) = (Some(start), Some(start + 3));
            check(&a, &b, None, &[]);
        }
    }
}

#[test]
fn more_vectors_than_a_block_at_every_level_on_any_threads() {
    // Blocks are 2^18 vectors.
    for (n, level) in [(1 << 18) - 1, 1 << 18, (1 << 18) + 1, (1 << 19) + 5]
        .into_iter()
        .zip(levels().into_iter().cycle())
    {
        for threads in ["auto", "serial", "2"] {
            let options = ["--level", &level, "--threads", threads];
            let rows = Array::new(&[n, 3], "<f4", false, 1);
            check(&rows, &Array::new(&[n, 3], "<f4", true, 2), None, &options);
            let columns = Array::new(&[3, n], "<f8", false, 3);
            let other = Array::new(&[3, n], ">f4", false, 4);
            check(&columns, &other, None, &options);
            let one = Array::new(&[3], "<f8", false, 5);
            check(&one, &columns, None, &options);
        }
    }
}

#[test]
fn many_blocks_of_an_array_that_is_no_single_stride() {
    let a = Array::new(&[3, 700, 801], "<f4", true, 1);
    let b = Array::new(&[3, 700, 801], "<f4", false, 2);
    check(&a, &b, None, &[]);
}

#[test]
fn formats_two_and_three_are_read() {
    let a = Array::new(&[5, 3], "<f8", false, 1);
    let b = Array::new(&[5, 3], "<f8", false, 2);
    for version in [2, 3] {
        let directory = Directory::new();
        let mut bytes = a.bytes();
        bytes[6] = version;
        bytes.splice(10..10, [0, 0]);
        directory.write("a.npy", &bytes);
        directory.write("b.npy", &b.bytes());
        succeeds(&mut directory.cross("a.npy", "b.npy", "out.npy"));
        assert_product(&directory.path("out.npy"), &a, &b, None);
    }
}

#[test]
fn bytes_behind_the_data_are_not_data() {
    let directory = Directory::new();
    let a = Array::new(&[5, 3], "<f8", false, 1);
    directory.write("a.npy", &[a.bytes(), vec![1; 11]].concat());
    succeeds(&mut directory.cross("a.npy", "a.npy", "out.npy"));
    assert_product(&directory.path("out.npy"), &a, &a, None);
}

#[test]
fn force_replaces_the_file() {
    let directory = Directory::new();
    let a = Array::new(&[5, 3], "<f8", false, 1);
    directory.write("a.npy", &a.bytes());
    directory.write("out.npy", b"older");
    succeeds(directory.cross("a.npy", "a.npy", "out.npy").arg("--force"));
    assert_product(&directory.path("out.npy"), &a, &a, None);
    assert_eq!(directory.contents().len(), 2);
}

#[cfg(unix)]
#[test]
fn result_has_the_permissions_of_any_new_file() {
    use std::os::unix::fs::PermissionsExt;
    let directory = Directory::new();
    directory.write("a.npy", &Array::new(&[5, 3], "<f8", false, 1).bytes());
    succeeds(&mut directory.cross("a.npy", "a.npy", "out.npy"));
    let mode = |name| directory.path(name).metadata().unwrap().permissions();
    assert_eq!(mode("out.npy").mode(), mode("a.npy").mode());
}
