//! Files larger than the memory that the program may use, in orders in which neighbours in the result are far apart in a file.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod support;

use std::fs::File;
use std::process::Command;

use support::{Directory, header, npy, text};

const VECTORS: usize = 1 << 23;

/// Zeros of 12 bytes a vector, as a sparse file.
fn zeros(directory: &Directory, name: &str, descr: &str, fortran: bool, shape: &[usize]) {
    let start = npy(
        &header("DESCR", fortran, shape).replace("'DESCR'", descr),
        None,
        &[],
    );
    directory.write(name, &start);
    let file = File::options().write(true).open(directory.path(name));
    let len = start.len() + 12 * VECTORS;
    file.unwrap().set_len(len as u64).unwrap();
}

#[test]
fn memory_is_bounded_whatever_the_orders_of_large_files() {
    let directory = Directory::new();
    zeros(&directory, "rows.npy", "'<f4'", false, &[VECTORS, 3]);
    zeros(&directory, "foreign.npy", "'>f4'", false, &[VECTORS, 3]);
    zeros(
        &directory,
        "fortran.npy",
        "'>i4'",
        true,
        &[1 << 11, 1 << 12, 3],
    );
    zeros(
        &directory,
        "grid.npy",
        "'<f4'",
        false,
        &[1 << 11, 1 << 12, 3],
    );
    let record = "[('x', '>f4'), ('y', '>f4'), ('z', '>f4')]";
    zeros(&directory, "records.npy", record, false, &[VECTORS]);
    for arguments in [
        "cross rows.npy foreign.npy",
        "cross rows.npy foreign.npy --axisc 0",
        "cross fortran.npy fortran.npy",
        "cross fortran.npy grid.npy --axisc 1",
        "cross records.npy records.npy",
        "dot grid.npy grid.npy",
    ] {
        // A file has 96 MiB. The stacks of threads count, too.
        let limits = "ulimit -d 65536 || { echo NOT TESTED; exit; }";
        let script = format!(
            "{limits}; RAYON_NUM_THREADS=2 \"$0\" {arguments} -o - | wc -c; exit ${{PIPESTATUS[0]}}"
        );
        let mut command = Command::new("bash");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_crosslane")]);
        let output = command.current_dir(directory.path(".")).output().unwrap();
        let (out, error) = (text(&output.stdout), text(&output.stderr));
        if out.starts_with("NOT TESTED") {
            return support::not_tested("no limits of memory here");
        }
        assert!(output.status.success(), "{arguments}: {error}");
        let numbers = if arguments.starts_with("dot") { 1 } else { 3 };
        let wide = if arguments.contains("fortran.npy grid") {
            2
        } else {
            1
        };
        let bytes: usize = out.trim().parse().unwrap();
        assert!(
            bytes > 4 * wide * numbers * VECTORS,
            "{arguments}: {bytes} bytes"
        );
    }
}
