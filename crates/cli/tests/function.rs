//! The command line as a function: it returns the status of the program, and leaves the calling thread as it was.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot be prepared has failed"
)]

mod support;

use std::ffi::OsString;

use support::{assert_product, operands};

/// The status of this line. What it prints is seen among the lines of the tests.
fn status(line: &[&str]) -> u8 {
    let arguments = ["crosslane"].iter().chain(line);
    crosslane_cli::run(arguments.map(OsString::from))
}

#[test]
fn the_status_is_that_of_the_program() {
    let (directory, [a, b]) = operands(100);
    let path = |name| directory.path(name).to_str().unwrap().to_owned();
    let cross = [
        "cross",
        &path("a.npy"),
        &path("b.npy"),
        "-o",
        &path("c.npy"),
    ];
    assert_eq!(status(&cross), 0);
    assert_product(&directory.path("c.npy"), &a, &b, None);
    assert_eq!(status(&cross), 1, "the file is there");
    assert_eq!(status(&["--help"]), 0);
    assert_eq!(status(&["cross"]), 2, "without files");
    assert_eq!(status(&["--vectors", "1", "info"]), 2);
}

#[test]
fn a_serial_call_leaves_its_thread_outside_pools_and_can_be_repeated() {
    for _ in 0..2 {
        let serial = ["verify", "--cases", "10", "--threads", "serial"];
        assert_eq!(status(&serial), 0);
        assert_eq!(rayon::current_thread_index(), None);
    }
}
